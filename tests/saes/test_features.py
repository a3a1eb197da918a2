"""Probes of a few latents: planted ones found, others agreed with, and nothing where nothing is."""

import numpy as np
import pytest
from planted_codes import planted_codes, planted_texts
from sklearn.linear_model import Ridge
from sklearn.metrics import roc_auc_score

from empathy_core.datasets.splits import Fold
from empathy_core.saes.features import at_random, held_out_probe, probe_scores, single_aurocs, strongest
from empathy_core.stats import permute_within

TEXTS = planted_texts()
FOLDS = [Fold(np.arange(60), np.arange(60, 120))]
LABELS = np.tile(np.arange(3), 40)
SCENARIOS = np.repeat(np.arange(40), 3)


def columns(n=50):
    return np.column_stack([LABELS, permute_within(LABELS, SCENARIOS, n, np.random.default_rng(1))])


@pytest.fixture(scope="module")
def codes():
    return planted_codes(TEXTS, gain=4.0).dense


def test_every_latent_s_auroc_is_scikit_learn_s_ties_and_all(codes):
    labels = LABELS[:, None] == np.arange(3)
    found = single_aurocs(codes, labels)
    assert (codes == 0).any(axis=0).sum() > 30, "sparse codes tie"
    expected = [[roc_auc_score(labels[:, c], codes[:, latent]) for latent in range(codes.shape[1])] for c in range(3)]
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_a_latent_that_never_fires_is_at_chance_and_is_never_drawn():
    codes = np.zeros((6, 3))
    codes[:, 1] = [0, 1, 2, 3, 4, 5]
    labels = np.array([[0, 0, 0, 1, 1, 1]], bool).T
    assert single_aurocs(codes, labels).tolist() == [[0.5, 1.0, 0.5]]
    drawn = at_random(2, np.random.default_rng(0))(codes, labels)
    assert drawn.tolist() == [[1]]


def test_the_planted_latent_is_chosen_for_each_style_and_silence_counts_as_much_as_firing(codes):
    labels = LABELS[:, None] == np.arange(3)
    assert strongest(1)(codes, labels)[:, 0].tolist() == [0, 1, 2]
    assert strongest(1)(-codes, labels)[:, 0].tolist() == [0, 1, 2]


def test_scores_are_those_of_scikit_learn_s_ridge_on_each_column_s_own_latents(codes):
    labels = LABELS[:60, None] == np.arange(3)
    chosen = np.array([[0, 5], [1, 30], [2, 40]])
    found = probe_scores(codes[:60], codes[60:], labels, chosen)
    mean, deviation = codes[:60].mean(axis=0), codes[:60].std(axis=0)
    standardised = (codes - mean) / deviation
    for column, latents in enumerate(chosen):
        ridge = Ridge(alpha=0.01 * 60).fit(standardised[:60, latents], labels[:, column])
        expected = ridge.predict(standardised[60:, latents]) - ridge.intercept_
        np.testing.assert_allclose(found[:, column], expected, atol=1e-6)


@pytest.mark.parametrize("k", [1, 2, 5, 16])
def test_planted_styles_are_recovered_on_held_out_texts_and_permuted_labels_are_not(codes, k):
    scores, values = held_out_probe(codes, columns(), FOLDS, 3, strongest(k))
    assert values[0] > 0.93 and values[0] > values[1:].max()
    assert abs(values[1:].mean() - 0.5) < 0.03, "no search on held-out texts, so permuted labels stay at chance"
    assert np.isnan(scores[:60]).all() and not np.isnan(scores[60:]).any()


def test_the_best_of_many_noisy_latents_is_at_chance_on_texts_that_did_not_choose_it():
    noise = np.random.default_rng(5).random((120, 2000))
    labels = LABELS[:, None] == np.arange(3)
    assert abs(single_aurocs(noise[:60], labels[:60]) - 0.5).max() > 0.25, "in sample, the best looks like a finding"
    _, values = held_out_probe(noise, columns(), FOLDS, 3, strongest(1))
    assert abs(values[0] - 0.5) < 0.1 and abs(values.mean() - 0.5) < 0.03


def test_random_latents_read_less_than_chosen_ones(codes):
    _, chosen = held_out_probe(codes, columns(2), FOLDS, 3, strongest(5))
    _, random = held_out_probe(codes, columns(2), FOLDS, 3, at_random(5, np.random.default_rng(0)))
    assert chosen[0] > random[0]


def test_two_classes_have_one_column():
    two = LABELS < 2
    codes = planted_codes(TEXTS, gain=4.0).dense[two]
    folds = [Fold(np.arange(40), np.arange(40, 80))]
    scores, values = held_out_probe(codes, LABELS[two][:, None], folds, 2, strongest(2))
    assert scores.shape == (80, 1) and values[0] > 0.9


def test_two_latents_that_always_fire_together_are_solvable():
    codes = np.repeat(np.random.default_rng(0).random((120, 1)), 3, axis=1)
    _, values = held_out_probe(codes, columns(3), FOLDS, 3, strongest(3))
    assert np.isfinite(values).all()
