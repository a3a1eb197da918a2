"""The methods paragraph says what the runs were given, and another setting makes another sentence."""

from dataclasses import replace

import pytest
from toy import toy_texts

from empathy_core.cards.methods import methods_paragraph
from empathy_core.contracts import POOLS, ActivationSet, Estimate, ModelSpec
from empathy_core.results import RunResults

SETTINGS = {
    "ValidationFlow": {
        "point": None, "alphas": "0.15,0.3", "prompts": 28, "random_directions": 20, "max_new_tokens": 72, "seed": 0,
    },
    "ProbeFlow": {"pool": "mean", "folds": 5, "permutations": 1000, "seed": 0},
    "ActivationFlow": {"dtype": "float32"},
    "DatasetFlow": {"folds": 5},
}  # fmt: skip


def estimate(name, value=3.0):
    return Estimate(f"toy/m/{name}", value, value, value, 9, None, "made.by.hand")


@pytest.fixture(scope="module")
def results():
    spec = ModelSpec("m", "here", revision="abcdef")
    manifest = ActivationSet(spec, "key", "folder", "hash", (), (0, 1, 2), POOLS, 8, "float32", (), (), 1.0)
    return RunResults(
        {"ValidationFlow": "ValidationFlow/1"},
        SETTINGS,
        {"numpy": "2.4"},
        toy_texts(8),
        manifests={"m": manifest},
        numbers=(estimate("likelihood/steered-point"), estimate("judge/grammar/refused/texts", 0.0)),
        criteria="c0ffee",
    )


def changed(results, flow, **settings):
    return replace(results, settings={**SETTINGS, flow: {**SETTINGS[flow], **settings}})


def test_a_paper_finds_data_models_folds_nulls_strengths_judge_and_versions(results):
    said = methods_paragraph(results)
    texts = results.texts
    for part in (
        f"{len(texts)} replies (toy, hash {texts.content_hash})",
        "6 of the split train and 2 of the split test",
        "styles warm and cold",
        "m (abcdef) were read at residual points 0 to 2",
        "pool mean, cross-validated over 5 folds of whole scenarios",
        "1000 permutations of the labels (seed 0)",
        "at residual point 3, chosen by likelihood shift on training scenarios",
        "strengths of ±0.15 and ±0.3 mean residual norms",
        "28 held-out prompts",
        "20 random directions of equal norm (seed 0); they were judged by grammar",
        "fixed before the run (hash c0ffee)",
        "numpy 2.4",
    ):
        assert part in said, part


@pytest.mark.parametrize(
    "flow, setting, value, sentence",
    [
        ("ProbeFlow", "folds", 7, "over 7 folds"),
        ("ProbeFlow", "permutations", 50, "50 permutations"),
        ("ProbeFlow", "seed", 4, "(seed 4), intervals"),
        ("ProbeFlow", "pool", "last", "pool last"),
        ("ValidationFlow", "point", 2, "named beforehand"),
        ("ValidationFlow", "prompts", 12, "12 held-out prompts"),
        ("ValidationFlow", "alphas", "1.5", "±1.5 mean residual norms"),
        ("ValidationFlow", "random_directions", 3, "3 random directions"),
        ("ValidationFlow", "max_new_tokens", 40, "at most 40 tokens"),
        ("ActivationFlow", "dtype", "bfloat16", "bfloat16"),
    ],
)
def test_another_setting_makes_another_sentence(results, flow, setting, value, sentence):
    assert sentence not in methods_paragraph(results)
    assert sentence in methods_paragraph(changed(results, flow, **{setting: value}))


def test_a_run_without_a_judge_says_so_and_one_that_only_read_says_nothing_of_steering(results):
    assert "no judge read them" in methods_paragraph(replace(results, numbers=results.numbers[:1]))
    read = {flow: given for flow, given in SETTINGS.items() if flow != "ValidationFlow"}
    said = methods_paragraph(replace(results, settings=read, criteria=""))
    assert "Probes were" in said and "random directions" not in said and "Verdicts" not in said
    texts_alone = methods_paragraph(replace(results, settings={"DatasetFlow": {}}, manifests=None, versions={}))
    assert texts_alone.startswith("The texts were") and "Probes" not in texts_alone
