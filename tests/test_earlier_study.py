"""The earlier study's criteria are answered as stated, and read beside what permuted labels would have given."""

from toy import toy_texts

from empathy_core.contracts import Estimate, ModelSpec
from empathy_core.earlier_study import earlier_criteria

STYLES = ("cognitive", "affective", "instrumental")
NUMBERS = {
    "replication/cosine/cognitive-affective": (-0.4, -0.48),
    "sae/cosine": (0.6, 0.7),
    "bandwidth/empathy": (1.0, 0.1),
    "bandwidth/register": (0.6, 0.1),
    "ablate/style/persistence": (0.3, None),
    "ablate/none/persistence": (0.9, None),
}


def held(models=("a", "b", "c"), kinds=("measured",) * 3, without="", **changes):
    """What comes out, with the values of some numbers changed and one left out, named `model/number`."""
    found = [
        Estimate(f"toy/{model}/{name}", changes.get(f"{model}/{name}", value), value, value, 30, null, "test")
        for model in models
        for name, (value, null) in NUMBERS.items()
        if f"{model}/{name}" != without
    ]
    specs = [ModelSpec(model, model, kind) for model, kind in zip(models, kinds, strict=True)]
    return earlier_criteria(found, toy_texts(4, STYLES), specs)


def test_the_four_criteria_stand_as_they_were_stated():
    assert [(one.stated, one.outcome) for one in held()] == [
        ("cos(cognitive, affective) < 0.5 in most models", "met"),
        ("SAE clusters align with probes, mean cosine > 0.5", "met"),
        ("controls show different structure", "no measure stated"),
        ("ablation degrades empathy", "met"),
    ]


def test_most_models_are_more_than_half_of_them():
    assert held(**{"a/replication/cosine/cognitive-affective": 0.8})[0].outcome == "met"
    two = {f"{model}/replication/cosine/cognitive-affective": 0.8 for model in "ab"}
    assert held(**two)[0].outcome == "not met"
    assert (
        held(("a", "b"), ("measured",) * 2, **{"a/replication/cosine/cognitive-affective": 0.8})[0].outcome == "not met"
    )


def test_a_criterion_that_permuted_labels_meet_as_well_is_read_as_that():
    cosine, clusters, *_ = held()
    assert "in 3 of 3 models" in cosine.reading and "permuted labels" in cosine.reading
    assert "above 0.5 in 3 of 3 models" in clusters.reading


def test_what_the_run_did_not_measure_is_not_computed_and_names_what_is_missing():
    clusters = held(without="b/sae/cosine")[1]
    assert clusters.outcome == "not computed" and "toy/b/sae/cosine" in clusters.evidence


def test_organisms_are_counted_by_themselves():
    found = held(kinds=("measured", "organism", "organism"))
    assert len(found) == 8
    assert [len(one.evidence) for one in found] == [1, 1, 2, 2, 2, 2, 4, 4]
