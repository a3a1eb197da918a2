import itertools
from dataclasses import replace
from xml.etree import ElementTree

import matplotlib
import pytest

from empathy_core.cards.figures import (
    ablation,
    bandwidth_forest,
    dose_response,
    drawings,
    headline_tasks,
    layer_curves,
    probe_against_words,
    text_baselines,
)
from empathy_core.cards.figures.canvas import STYLE_COLOURS, one_line, style_colours
from empathy_core.contracts import BadInput

SVG = "{http://www.w3.org/2000/svg}"


def three_way(estimates):
    return layer_curves(estimates, "three-way")


def grammar(estimates):
    return [one for one in estimates if one.name.startswith("grammar")]


@pytest.mark.parametrize(
    "draw", [ablation, bandwidth_forest, dose_response, probe_against_words, text_baselines, three_way]
)
def test_a_figure_is_an_image_with_caption_and_words_for_those_who_cannot_see_it(draw, estimates):
    drawing = draw(estimates)
    assert ElementTree.fromstring(drawing.svg).tag == f"{SVG}svg"
    assert "95%" in drawing.caption and "n = " in drawing.caption
    assert "[" in drawing.alt, "the text says values with intervals"


@pytest.mark.parametrize(
    "draw", [ablation, bandwidth_forest, dose_response, probe_against_words, text_baselines, three_way]
)
def test_a_figure_without_numbers_is_refused_with_what_it_lacks(draw):
    with pytest.raises(BadInput, match="figure of"):
        draw([])


def test_figures_are_the_same_bytes_every_time_and_leave_matplotlib_as_it_was(estimates):
    before = dict(matplotlib.rcParams)
    assert dose_response(estimates) == dose_response(estimates)
    assert dict(matplotlib.rcParams) == before


def test_a_figure_changes_with_its_numbers(estimates):
    moved = [replace(one, value=one.low) if "/bandwidth/" in one.name else one for one in estimates]
    assert bandwidth_forest(moved).svg != bandwidth_forest(estimates).svg


def test_only_the_figures_that_have_numbers_are_drawn(estimates):
    names = [drawing.name for drawing in drawings(grammar(estimates))]
    assert names == [
        "bandwidth",
        "probe-against-words",
        "layer-curves-style",
        "layer-curves-register",
        "dose-response",
        "ablation",
    ]
    assert [d.name for d in drawings([one for one in estimates if "/quality/" in one.name])] == ["text-baselines"]
    assert drawings([]) == ()


def test_texts_that_no_judge_reads_have_no_dose_response(estimates):
    coherence = [one for one in grammar(estimates) if one.name.endswith("/coherent")]
    assert drawings(coherence) == ()


def test_layer_curves_are_drawn_for_all_styles_at_once_or_for_the_only_pair():
    assert headline_tasks(["a-b", "three-way", "register"]) == ("three-way", "register")
    assert headline_tasks(["warm-cold"]) == ("warm-cold",)


def test_seven_models_wrap_into_a_second_band_and_one_model_stands_alone(estimates):
    def named(name):
        return [replace(e, name=e.name.replace("persistent", name)) for e in estimates if "/persistent/" in e.name]

    for models in (list("abcdefg"), ["one"]):
        several = list(itertools.chain.from_iterable(map(named, models)))
        assert len(drawings(several)) == 6


def test_the_studys_styles_keep_their_colours_and_others_take_colours_that_are_free():
    colours = style_colours(["affective", "warm", "cold"])
    assert colours["affective"] == STYLE_COLOURS["affective"]
    assert len(set(colours.values())) == 3
    assert style_colours(["cold", "affective", "warm"])["warm"] == colours["warm"]


def test_names_are_drawn_as_they_stand_and_not_as_mathematics(estimates):
    odd = [replace(e, name=e.name.replace("persistent", "a$b_{$\u202e🙂")) for e in grammar(estimates)]
    assert len(drawings(odd)) == 6
    assert one_line("a\nb") == "a?b"
    assert len(one_line("x" * 10_000)) == 28
