"""From codes to estimates and the verdict: planted features supported, noise not, and what only a dense probe finds."""

from dataclasses import replace

import numpy as np
import pytest
from planted_codes import STYLES, planted_codes, planted_texts, residuals
from synthetic_tokens import SETTINGS, tokens

from empathy_core.activations.objects import at
from empathy_core.contracts import BadInput, ModelSpec
from empathy_core.datasets.sources import read_source
from empathy_core.saes.cluster_estimates import cluster_estimates
from empathy_core.saes.cosine_estimates import cosine_estimates, cosines, recurrence
from empathy_core.saes.encode import encode_texts
from empathy_core.saes.evaluate import dead, dense_auroc, explained_variance, feature_estimates, l0
from empathy_core.saes.measure import examples
from empathy_core.saes.plan import ConvergenceSettings, ask, unseen_folds
from empathy_core.saes.training import mean_token, train_dictionary
from empathy_core.saes.wanted import wanted
from empathy_core.verdicts import judge_models

TEXTS = planted_texts()
SETTINGS_OF_TESTS = ConvergenceSettings(permutations=100, draws=200, random_sets=3, refits=4)
QUESTION = ask(TEXTS, SETTINGS_OF_TESTS)


def measured(codes, features, clusters=False):
    """Estimates by what they measure, as `converge` makes them."""
    stem = "planted/m/sae"
    found = [
        *feature_estimates(stem, codes, QUESTION),
        dense_auroc(stem, features, 1, QUESTION),
        *cosine_estimates(stem, cosines(codes, features, QUESTION), QUESTION.classes),
        *recurrence(stem, codes, QUESTION),
        *(cluster_estimates(stem, codes, QUESTION) if clusters else ()),
    ]
    return {one.name.removeprefix(f"{stem}/"): one for one in found}


def verdict(found):
    [of_dictionary] = [
        one
        for one in judge_models(list(found.values()), TEXTS, [ModelSpec("m", "m")])
        if one.criterion == "SAE convergence"
    ]
    return of_dictionary


@pytest.fixture(scope="module")
def with_features():
    codes = [planted_codes(TEXTS, 4.0, seed) for seed in (0, 1)]
    return codes, measured(codes, residuals(codes[0]), clusters=True)


def test_features_of_the_styles_are_found_and_converge(with_features):
    _, found = with_features
    assert found["best-feature/auroc"].low > found["best-feature/auroc"].null
    assert found["cosine"].value > found["cosine"].null
    assert found["dense/auroc"].low > 0.9
    assert verdict(found).outcome == "supported"


def test_the_interval_holds_the_value_and_counts_scenarios_that_no_dictionary_saw(with_features):
    _, found = with_features
    for name in ("best-feature/auroc", "k=5/auroc", "random-k=16/auroc", "dense/auroc"):
        assert found[name].low <= found[name].value <= found[name].high and found[name].n == 20


def test_clusters_are_the_styles_and_not_the_contexts_that_more_latents_tell(with_features):
    _, found = with_features
    assert found["clusters=3/ari-style"].low > found["clusters=3/ari-style"].null
    assert found["clusters=3/ari-context"].value < 0.05
    assert found["clusters=3/silhouette"].value > found["clusters=3/silhouette"].null


def test_latents_that_both_seeds_hold_recur_and_the_rest_does_not(with_features):
    _, found = with_features
    assert found["recurring"].value == pytest.approx(32 / 60)
    assert found["best-feature/recurring"].value == 1.0 and found["recurring"].null < 0.1


def test_where_no_latent_knows_the_style_nothing_is_found():
    codes = [planted_codes(TEXTS, 0.0, seed) for seed in (0, 1)]
    found = measured(codes, residuals(codes[0]))
    assert found["best-feature/auroc"].low < found["best-feature/auroc"].null
    assert all(abs(found[f"{name}/auroc"].value - 0.5) < 0.15 for name in ("best-feature", "k=5", "k=16", "dense"))
    assert verdict(found).outcome == "not supported"


def test_permuted_labels_give_what_noise_gives_though_the_styles_are_there():
    rng = np.random.default_rng(4)
    order = np.concatenate([3 * scenario + rng.permutation(3) for scenario in range(40)])
    codes = planted_codes(TEXTS, 4.0)
    shuffled = replace(codes, sparse=codes.sparse[order])
    found = measured([shuffled], residuals(codes)[order])
    assert found["best-feature/auroc"].value < found["best-feature/auroc"].null + 0.05
    assert found["cosine"].value < found["cosine"].null
    assert verdict(found).outcome == "not supported"


def test_a_weak_style_that_only_the_dense_probe_finds_is_not_found_by_this_dictionary(tmp_path):
    styles = np.array([STYLES.index(style) for style in TEXTS.column("style")])
    shard, train = tokens(styles, gain=0.12), TEXTS.column("split") == "train"
    seen = shard.values[train[shard.texts]]
    sae = train_dictionary(lambda: iter([seen]), at(tmp_path), SETTINGS, seed=0)
    codes = encode_texts(sae, [shard], len(TEXTS), mean_token(iter([seen])), "trained, seed 0", 0)
    pooled = np.array([shard.values[shard.texts == text].mean(axis=0) for text in range(len(TEXTS))], np.float64)
    found = measured([codes], pooled)
    assert codes.explained(np.flatnonzero(~train)) > 0.8, "the dictionary is a good one"
    assert found["dense/auroc"].low > found["dense/auroc"].null and found["dense/auroc"].value > 0.8
    said = verdict(found)
    assert said.outcome == "not supported" and said.reason.startswith("not found by this dictionary")
    assert "planted/m/sae/dense/auroc" in said.evidence


def test_the_fit_is_a_ratio_of_sums_with_its_interval_over_scenarios():
    codes = planted_codes(TEXTS, 1.0)
    uneven = replace(codes, squared_error=np.arange(120.0), squared_distance=np.full(120, 200.0))
    rows = np.arange(60, 120)
    fit = explained_variance("p/m/sae", [uneven], QUESTION)
    assert fit.value == pytest.approx(1 - rows.mean() / 200) and fit.low < fit.value < fit.high
    assert (fit.n, fit.null) == (20, 0.0)
    assert l0("p/m/sae", [codes], QUESTION).value == 8.0
    assert dead("p/m/sae", [codes], QUESTION).value == pytest.approx(20 / 80)


def test_examples_are_held_out_replies_in_which_the_style_s_own_feature_fires():
    rows = examples(planted_codes(TEXTS, 4.0), QUESTION)
    assert [row[0] for row in rows] == [style for style in STYLES for _ in range(3)]
    assert [row[1] for row in rows] == [str(latent) for latent in range(3) for _ in range(3)]
    assert all(row[2] == "yes" and row[4] == row[0] for row in rows)
    test = set(TEXTS.rows(TEXTS.column("split") == "test").column("response"))
    assert all(row[5] in test for row in rows)


@pytest.mark.parametrize("source, n_folds", [("organism", 1), ("bundled", 3)])
def test_no_scenario_that_chose_or_trained_is_scored_and_families_are_crossed(source, n_folds):
    texts = read_source(source)
    folds = unseen_folds(texts)
    split, family, scenario = (texts.column(name) for name in ("split", "family", "scenario_id"))
    main = texts.column("role") == "main"
    assert len(folds) == n_folds
    for fold in folds:
        assert set(split[fold.train]) == {"train"} and set(split[fold.test]) == {"test"}
        assert not set(scenario[fold.train]) & set(scenario[fold.test])
        taught, asked = (fold.train[main[fold.train]], fold.test[main[fold.test]])
        assert not set(family[taught]) & set(family[asked])
    scored = np.concatenate([fold.test for fold in folds])
    assert set(np.flatnonzero(main & (split == "test"))) <= set(scored)


def test_texts_without_a_held_out_split_are_refused_before_anything_starts():
    train = TEXTS.rows(TEXTS.column("split") == "train")
    with pytest.raises(BadInput, match="--dictionaries 0"):
        wanted(train, 3, "", "cpu", "float32")
    assert not wanted(train, 0, "", "cpu", "float32").any
    with pytest.raises(BadInput, match="0 or more"):
        wanted(TEXTS, -1, "", "cpu", "float32")
