"""Verdicts follow their rules from the estimates alone."""

from dataclasses import replace

import pytest
from toy import toy_texts

from empathy_core.contracts import BadInput, Estimate, ModelSpec
from empathy_core.verdicts import CRITERIA, criteria_hash, judge_models

STYLES = ("cognitive", "affective", "instrumental")
MODEL = ModelSpec("m", "m")


def estimates(**changes):
    """A model for which everything holds, with named values (value, low, high, null) changed."""
    found = {
        "read/three-way/max/p-holm": (0.001, 0.0, 0.004, None),
        "read/three-way/nested/auroc": (0.9, 0.85, 0.95, 0.55),
        "read/three-way/excess": (0.4, 0.3, 0.5, 0.0),
        "read/three-way/foils/nested/auroc": (0.8, 0.7, 0.9, 0.6),
        "read/three-way/foils/excess": (0.3, 0.2, 0.4, 0.0),
        "control/length-residualised/nested/auroc": (0.9, 0.85, 0.95, 0.5),
        "control/erase-register/nested/auroc": (0.9, 0.85, 0.95, 0.5),
        "control/erase-register/left/nested/auroc": (0.5, 0.45, 0.55, 0.5),
        "control/held-out-context/nested/auroc": (0.9, 0.85, 0.95, 0.5),
        "control/emergence/point=0/over-text": (0.0, -0.1, 0.1, 0.0),
        "control/emergence/point=1/over-text": (0.3, 0.2, 0.4, 0.0),
        "control/emergence/point=1/over-first": (0.3, 0.2, 0.4, 0.0),
        "control/emergence/point=10/over-text": (0.0, -0.1, 0.1, 0.0),
        "control/emergence/point=10/over-first": (0.3, 0.2, 0.4, 0.0),
        "sae/best-feature/auroc": (0.9, 0.85, 0.95, 0.6),
        "sae/cosine": (0.7, 0.5, 0.8, 0.6),
        "sae/dense/auroc": (1.0, 0.95, 1.0, 0.6),
        **{f"write/{concept}/range": (0.5, 0.4, 0.6, 0.0) for concept in (*STYLES, "casual")},
        "write/selectivity/diagonal": (0.5, 0.4, 0.6, 0.0),
        "ablate/style/persistence": (0.5, 0.4, 0.6, 0.9),
        "ablate/random/persistence": (0.9, 0.85, 0.95, None),
        "bandwidth/empathy": (1.0, 0.8, 1.2, 0.1),
    } | changes
    return [Estimate(f"toy/m/{name}", *v[:3], 30, v[3], "test") for name, v in found.items() if v is not None]


def outcomes(found):
    return {verdict.criterion: verdict.outcome for verdict in judge_models(found, toy_texts(4, STYLES), [MODEL])}


def test_every_criterion_is_supported_where_everything_holds():
    assert set(outcomes(estimates()).values()) == {"supported"}


@pytest.mark.parametrize(
    "criterion, change",
    [
        ("separation", {"read/three-way/max/p-holm": (0.2, 0.18, 0.22, None)}),
        ("separation", {"read/three-way/nested/auroc": (0.56, 0.53, 0.59, 0.54)}),
        ("excess over text", {"read/three-way/excess": (0.1, -0.01, 0.2, 0.0)}),
        ("foil transfer", {"read/three-way/foils/nested/auroc": (0.6, 0.5, 0.7, 0.58)}),
        ("foil transfer", {"read/three-way/foils/excess": (0.1, -0.02, 0.3, 0.0)}),
        ("control survival", {"control/length-residualised/nested/auroc": (0.6, 0.54, 0.66, 0.5)}),
        ("control survival", {"control/erase-register/nested/auroc": (0.5, 0.45, 0.55, 0.5)}),
        ("control survival", {"control/held-out-context/nested/auroc": (0.5, 0.45, 0.55, 0.5)}),
        ("emergence", {"control/emergence/point=1/over-text": (0.1, -0.01, 0.2, 0.0)}),
        ("emergence", {"control/emergence/point=1/over-first": (0.1, -0.01, 0.2, 0.0)}),
        ("SAE convergence", {"sae/best-feature/auroc": (0.62, 0.58, 0.66, 0.6)}),
        ("SAE convergence", {"sae/cosine": (0.59, 0.55, 0.65, 0.6)}),
        ("steerability", {"write/affective/range": (0.3, 0.0, 0.4, 0.0)}),
        ("selectivity", {"write/selectivity/diagonal": (0.1, -0.02, 0.2, 0.0)}),
        ("ablation necessity", {"ablate/style/persistence": (0.84, 0.8, 0.88, 0.9)}),
        ("register steerable", {"write/casual/range": (0.0, 0.0, 0.1, 0.0)}),
        ("bandwidth above null", {"bandwidth/empathy": (0.3, 0.1, 0.5, 0.1)}),
    ],
)
def test_one_failing_number_fails_its_own_criterion_only(criterion, change):
    found = outcomes(estimates(**change))
    assert [name for name, outcome in found.items() if outcome == "not supported"] == [criterion]


@pytest.mark.parametrize(
    "criterion, name, reason",
    [
        ("bandwidth above null", "bandwidth/empathy", "no judge"),
        ("foil transfer", "read/three-way/foils/excess", "no foils"),
        ("control survival", "control/length-residualised/nested/auroc", "no control"),
        ("SAE convergence", "sae/cosine", "no dictionary"),
    ],
)
def test_a_criterion_without_its_numbers_is_not_measurable_and_says_why(criterion, name, reason):
    verdicts = judge_models(estimates(**{name: None}), toy_texts(4, STYLES), [MODEL])
    [missing] = [verdict for verdict in verdicts if verdict.outcome == "not measurable"]
    assert missing.criterion == criterion and reason in missing.reason


def test_an_excess_that_touches_zero_reads_not_distinguishable_from_text():
    found = estimates(**{"read/three-way/excess": (0.0, -0.01, 0.0, 0.0)})
    [verdict] = [v for v in judge_models(found, toy_texts(4, STYLES), [MODEL]) if v.criterion == "excess over text"]
    assert verdict.outcome == "not supported" and verdict.reason.startswith("not distinguishable from text")


def test_a_style_that_only_the_dense_probe_finds_reads_not_found_by_this_dictionary_with_the_ceiling_as_evidence():
    found = estimates(**{"sae/best-feature/auroc": (0.52, 0.45, 0.6, 0.6)})
    [verdict] = [v for v in judge_models(found, toy_texts(4, STYLES), [MODEL]) if v.criterion == "SAE convergence"]
    assert verdict.outcome == "not supported" and verdict.reason.startswith("not found by this dictionary")
    assert "toy/m/sae/dense/auroc" in verdict.evidence


def test_one_point_must_exceed_both_text_and_the_embeddings():
    apart = {
        "control/emergence/point=1/over-first": (0.0, -0.1, 0.1, 0.0),
        "control/emergence/point=10/over-text": (0.0, -0.1, 0.1, 0.0),
    }
    assert outcomes(estimates(**apart))["emergence"] == "not supported"


def test_what_each_organism_must_show_is_stated_wherever_its_construction_demands_it():
    stated = {criterion.name: set(criterion.planted) for criterion in CRITERIA}
    assert stated.pop("foil transfer") == set()
    assert stated.pop("SAE convergence") == {"persistent", "scrambled", "untrained"}
    assert stated.pop("emergence") == stated.pop("register steerable") == {"scrambled", "untrained"}
    assert all(models == {"persistent", "graded", "scrambled", "untrained"} for models in stated.values())


def test_expectations_stand_only_beside_organisms_on_grammar_texts():
    assert all(v.expected is None for v in judge_models(estimates(), toy_texts(4, STYLES), [MODEL]))


def several(*models, kind="measured", **changes):
    """Verdicts over models, by criterion; the changes are made to the first model's numbers."""
    found = [replace(e, name=e.name.replace("/m/", f"/{models[0]}/")) for e in estimates(**changes)]
    for model in models[1:]:
        found += [replace(e, name=e.name.replace("/m/", f"/{model}/")) for e in estimates()]
    texts, specs = toy_texts(4, STYLES), [ModelSpec(model, model, kind) for model in models]
    return {v.criterion: v for v in judge_models(found, texts, specs) if v.model.startswith("all ")}


def test_a_criterion_holds_over_models_only_where_every_one_of_them_shows_it():
    found = several("a", "b", "c", **{"write/selectivity/diagonal": (0.1, -0.02, 0.2, 0.0)})
    assert found["separation"].outcome == "supported" and "3 of 3" in found["separation"].reason
    assert (
        found["selectivity"].outcome == "not supported" and found["selectivity"].reason == "supported in 2 of 3: b, c"
    )


def test_over_models_nothing_is_said_while_one_is_not_measurable_unless_another_fails():
    assert several("a", "b", **{"bandwidth/empathy": None})["bandwidth above null"].outcome == "not measurable"
    found = several("a", "b", **{"write/affective/range": (0.3, 0.0, 0.4, 0.0), "write/casual/range": None})
    assert found["steerability"].outcome == "not supported"
    assert found["register steerable"].outcome == "not measurable"


def test_one_model_is_no_generalisation_and_organisms_are_not_counted_among_measured_models():
    assert several("a") == {}
    texts, found = toy_texts(4, STYLES), estimates()
    mixed = [ModelSpec("m", "m"), ModelSpec("o", "o", "organism"), ModelSpec("p", "p", "organism")]
    assert {v.model for v in judge_models(found, texts, mixed)} == {"m", "o", "p", "all organisms"}


def test_criteria_that_changed_since_the_run_began_decide_nothing():
    texts = toy_texts(4, STYLES)
    assert judge_models(estimates(), texts, [MODEL], criteria_hash())
    with pytest.raises(BadInput, match="fixed before a run"):
        judge_models(estimates(), texts, [MODEL], "0123456789abcdef")
