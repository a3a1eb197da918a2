"""Steering shows what was planted in the organisms, arm by arm, and nothing where nothing was planted."""

from functools import cache

import pytest
from steered_organisms import SETTINGS, written

from empathy_core.steering.bandwidth import rank_models

STYLES = ("cognitive", "affective", "instrumental")
WITH_STYLE, WITHOUT_STYLE = ("persistent", "graded"), ("scrambled", "untrained")


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    @cache
    def measure(name):
        return {e.name.removeprefix(f"grammar/{name}/"): e for e in written(name, tmp_path_factory).estimates}

    return measure


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", WITH_STYLE)
def test_each_style_can_be_steered_towards_and_its_opposite_suppresses_it(measured, name, style):
    found = measured(name)
    assert found[f"write/{style}/range"].low > 0.3
    assert found[f"write/{style}/slope"].low > found[f"write/{style}/slope"].null
    assert found[f"write/{style}/wrong-way"].high < 0.5
    assert found[f"write/{style}/range-opposed"].high > 0.3
    strong = found[f"write/{style}/opposed/alpha=-{SETTINGS.middle:g}/share"]
    assert strong.high < found[f"write/{style}/steered/alpha=0/share"].value


@pytest.mark.parametrize("name", WITH_STYLE)
def test_pushing_a_style_raises_that_style_beyond_random_directions_and_lowers_the_others(measured, name):
    found = measured(name)
    for pushed in STYLES:
        for scored in STYLES:
            cell = found[f"write/selectivity/push={pushed}/score={scored}"]
            assert cell.low > cell.null if pushed == scored else cell.high < 0
    assert found["write/selectivity/diagonal"].low > 0.3


def test_register_is_steered_without_taking_the_styles_along(measured):
    found = measured("scrambled")
    assert found["write/casual/range"].low > 0.3 and found["write/casual/range-opposed"].low > 0
    own = found["write/selectivity/push=casual/score=casual"]
    assert own.low > own.null
    for style in STYLES:
        assert abs(found[f"write/selectivity/push=casual/score={style}"].value) < 0.1


@pytest.mark.parametrize("name", WITHOUT_STYLE)
def test_where_no_style_is_carried_directions_are_not_selective_and_have_no_range(measured, name):
    found = measured(name)
    diagonal = found["write/selectivity/diagonal"]
    assert diagonal.low <= 0 <= diagonal.high
    assert found["bandwidth/empathy"].low <= found["bandwidth/empathy"].null
    for style in STYLES:
        assert found[f"write/{style}/range"].low == 0.0
        assert found[f"write/{style}/wrong-way"].low <= 0.5 <= found[f"write/{style}/wrong-way"].high
        assert f"write/transfer/{style}/retained" not in found or name == "scrambled"


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("name", WITH_STYLE)
def test_ablating_one_styles_direction_hits_replies_in_that_style(measured, name, style):
    found = measured(name)
    own = found[f"ablate/{style}/persistence/{style}"]
    assert own.high < own.null
    assert found[f"ablate/{style}/own"].low > 0
    if name == "persistent":
        others = [e.value for key, e in found.items() if key.startswith(f"ablate/{style}/persistence/")]
        assert sorted(others)[1] > 0.8


def test_without_persistence_there_is_none_to_lose(measured):
    for style in STYLES:
        for name in WITHOUT_STYLE:
            own = measured(name)[f"ablate/{style}/own"]
            assert own.low <= 0.0 <= own.high or own.value < 0.1


def test_a_cued_role_raises_the_style_it_cues_and_no_prompt_moves_the_scrambled_organism(measured):
    for name in WITH_STYLE:
        asked = [measured(name)[f"write/{style}/prompted/share"] for style in STYLES]
        assert all(e.value > e.null for e in asked) and any(e.low > e.null for e in asked)
    for style in STYLES:
        unmoved = measured("scrambled")[f"write/{style}/prompted/share"]
        assert unmoved.low <= unmoved.null <= unmoved.high


def test_directions_from_other_contexts_keep_most_of_their_effect(measured):
    for name in WITH_STYLE:
        for style in STYLES:
            kept = measured(name)[f"write/transfer/{style}/retained"]
            assert kept.low > 0.3 and kept.high > 0.9


@pytest.mark.parametrize("name", ["persistent", "graded", "scrambled"])
def test_the_coherence_gates_agree_with_the_grammar_which_they_do_not_know(measured, name):
    found = measured(name)
    assert found["write/coherence/accuracy"].value > 0.88
    for share in ("caught", "passed"):
        measure = found[f"write/coherence/{share}"]
        assert measure.value > 0.8 and measure.low > measure.null


def test_bandwidth_ranks_organisms_with_styles_above_those_without(tmp_path_factory):
    draws = {
        name: next(b.draws for b in written(name, tmp_path_factory).bandwidths if b.concept == "empathy")
        for name in (*WITH_STYLE, *WITHOUT_STYLE)
    }
    groups = rank_models(draws)
    assert set(groups[-1]) == set(WITHOUT_STYLE)
    assert {name for group in groups[:-1] for name in group} == set(WITH_STYLE)
