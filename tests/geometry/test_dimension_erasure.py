from dataclasses import replace

import numpy as np
import pytest
from planted_conditions import crossed, in_families
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from empathy_core.contracts import TextSet
from empathy_core.datasets.splits import grouped_folds
from empathy_core.geometry.erasure import erase_concept, erased_concepts, erasure_estimates
from empathy_core.probes.cross_validation import ProbeSettings
from empathy_core.probes.held_out import mean_auroc


def before_and_after(features, texts):
    found = erased_concepts(features, texts, seed=0)["empathy"]
    return mean_auroc(found.tested, found.before), mean_auroc(found.tested, found.after)


def with_registers(texts):
    """The same texts, each scenario formal or casual."""
    of_scenario = ("formal", "casual")
    found = (replace(text, register=of_scenario[int(text.scenario_id[1:]) % 2]) for text in texts.texts)
    return TextSet(texts.name, texts.kind, tuple(found))


def erased_by_covariance(features, fitted, labels):
    """Theorem 4.3 of Belrose et al. as it stands, for more texts than features."""
    centred, concept = features[fitted] - features[fitted].mean(axis=0), labels[fitted] - labels[fitted].mean()
    covariance, cross = centred.T @ centred, (centred.T @ concept)[:, None]
    values, vectors = np.linalg.eigh(covariance)
    root, inverse = (vectors * np.sqrt(values) @ vectors.T, vectors / np.sqrt(values) @ vectors.T)
    unit = inverse @ cross / np.linalg.norm(inverse @ cross)
    return features - (features - features[fitted].mean(axis=0)) @ (root @ unit @ unit.T @ inverse).T


@pytest.mark.parametrize("rank, n_conditions", [(1, 2), (1, 3), (2, 3), (3, 4)])
def test_a_concept_that_is_the_same_in_new_scenarios_is_all_but_erased_where_texts_are_many(rank, n_conditions):
    features, _, texts = crossed(n=200, rank=rank, n_conditions=n_conditions, dim=16, size=0.6)
    before, after = before_and_after(features, texts)
    assert before > 0.7 and after < 0.58


def test_a_concept_with_other_dimensions_in_each_lexical_family_outlives_the_erasure():
    features, names, texts = crossed(n=90, dim=64)
    texts, condition = in_families(texts, 3), np.unique(names, return_inverse=True)[1]
    family = np.unique(texts.column("family"), return_inverse=True)[1]
    means = np.random.default_rng(1).standard_normal((3, 3, 64)) / 8
    apart, shared = (features + means[which, condition] for which in (family, 0))
    assert before_and_after(apart, texts)[1] > 0.95
    assert before_and_after(shared, texts)[1] < 0.7


def test_fewer_texts_than_features_leave_much_of_what_is_the_same_everywhere():
    features, _, texts = crossed(n=60, rank=2, dim=2048)
    before, after = before_and_after(features, texts)
    assert before > 0.99 and after > 0.8


def test_there_is_nothing_to_erase_in_noise_before_or_after():
    features, _, texts = crossed(n=90, dim=64)
    before, after = erasure_estimates("toy/tiny", erased_concepts(features, texts, seed=0))
    stem = "toy/tiny/dimension/empathy/erased"
    assert (before.name, after.name) == (f"{stem}/before/auroc", f"{stem}/after/auroc")
    assert all(estimate.low < 0.5 < estimate.high and estimate.null == 0.5 for estimate in (before, after))
    assert before.n == after.n == 90


def test_scikit_learn_on_the_features_themselves_reads_the_same():
    features, names, texts = crossed(n=60, rank=1, n_conditions=2, dim=12, size=0.5)
    labels, folds = np.unique(names, return_inverse=True)[1], grouped_folds(texts)
    found = erase_concept(features, names, texts, folds, ProbeSettings())
    halves = [found.tested.rows[found.tested.folds == number] for number in range(2 * len(folds))]
    for when, erases in (("before", False), ("after", True)):
        areas = []
        for number, fold in enumerate(folds):
            mean, deviation = features[fold.train].mean(axis=0), features[fold.train].std(axis=0)
            scaled = (features - mean) / deviation / np.sqrt(12)
            scaled = erased_by_covariance(scaled, fold.train, labels) if erases else scaled
            pair = halves[2 * number : 2 * number + 2]
            assert sorted(np.concatenate(pair)) == sorted(fold.test)
            for asked, taught in (pair, pair[::-1]):
                probe = LogisticRegression(C=100.0, tol=1e-9, max_iter=10_000).fit(scaled[taught], labels[taught])
                areas.append(roc_auc_score(labels[asked], probe.decision_function(scaled[asked])))
        assert mean_auroc(found.tested, getattr(found, when)) == pytest.approx(np.mean(areas), abs=2e-3)


def test_no_scenario_that_is_asked_taught_the_probe_or_fitted_the_erasure():
    features, _, texts = crossed(n=40, rank=2, dim=16)
    found = erased_concepts(features, texts, seed=0)["empathy"]
    fold_of_scenario = {}
    for scenario, number in zip(found.tested.scenarios, found.tested.folds, strict=True):
        assert fold_of_scenario.setdefault(scenario, number) == number
    assert len(found.tested.rows) == len(texts) and set(fold_of_scenario.values()) == set(range(10))


def test_register_that_is_fixed_in_each_scenario_is_erased_too_and_few_scenarios_are_left_out():
    features, _, texts = crossed(n=80, n_conditions=2, dim=16)
    texts = with_registers(texts)
    features = features + 0.8 * (texts.column("register") == "formal")[:, None]
    found = erased_concepts(features, texts, seed=0)
    assert list(found) == ["empathy", "register"]
    register = found["register"]
    assert mean_auroc(register.tested, register.before) > 0.9 > 0.65 > mean_auroc(register.tested, register.after)
    few = np.array([int(text.scenario_id[1:]) < 24 for text in texts.texts])
    assert list(erased_concepts(features[few], texts.rows(few), seed=0)) == ["empathy"]
