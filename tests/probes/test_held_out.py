"""Scores of tested texts and their AUROC, against loops that take the definition at its word."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from empathy_core.contracts import BadInput
from empathy_core.datasets.splits import Fold
from empathy_core.probes.held_out import (
    auroc_draws,
    auroc_with_interval,
    difference_with_interval,
    forced_choice_with_interval,
    held_out_scores,
    held_out_texts,
    mean_auroc,
    one_versus_rest,
)
from empathy_core.probes.kernel import standardised_gram


@pytest.fixture
def tested(crossed):
    set_ = crossed(n=20)
    fold_of = set_.scenario % 4
    folds = [Fold(np.flatnonzero(fold_of != k), np.flatnonzero(fold_of == k)) for k in range(4)]
    return set_, folds, held_out_texts(folds, set_.style, 3, set_.texts, draws=300, seed=0)


def test_only_rows_that_a_fold_tests_are_scored(tested):
    set_, folds, _ = tested
    some = held_out_texts(folds[:2], set_.style, 3, set_.texts, draws=10, seed=0)
    assert some.rows.tolist() == sorted([*folds[0].test, *folds[1].test])
    assert some.n == 10 and set(some.folds) == {0, 1}
    features = set_.features(style=0.5)
    grams = [standardised_gram(features, fold.train) for fold in folds[:2]]
    scores = held_out_scores(grams, folds[:2], set_.style, 3, 100.0)
    assert np.isnan(scores).any(axis=1).sum() == 30 and not np.isnan(scores[some.rows]).any()


def test_mean_auroc_is_the_mean_over_folds_and_classes(tested):
    set_, _, of = tested
    scores = set_.rng.standard_normal((60, 3)).round(1)
    by_hand = [
        roc_auc_score(set_.style[of.folds == fold] == k, scores[of.folds == fold, k])
        for fold in range(4)
        for k in range(3)
    ]
    assert mean_auroc(of, scores) == pytest.approx(np.mean(by_hand))


def test_two_classes_have_one_column_and_more_have_one_each():
    assert one_versus_rest(np.array([0, 1]), 2).tolist() == [[False], [True]]
    assert one_versus_rest(np.array([0, 2]), 3).tolist() == [[True, False, False], [False, False, True]]
    assert one_versus_rest(np.array([[0, 1, -1]]), 2).shape == (1, 3, 1)


def test_equal_scores_differ_by_nothing_in_every_draw(tested):
    set_, _, of = tested
    scores = set_.rng.standard_normal((60, 3))
    assert difference_with_interval(of, scores, [scores]) == (0.0, 0.0, 0.0)
    np.testing.assert_array_equal(auroc_draws(of, scores), auroc_draws(of, scores))


def test_the_difference_is_from_the_highest_of_the_others(tested):
    set_, _, of = tested
    labels = np.eye(3)[set_.style]
    noise = set_.rng.standard_normal((60, 3))
    good, fair = labels + 0.3 * noise, labels + noise
    value, low, high = difference_with_interval(of, good, [fair, noise])
    assert value == pytest.approx(mean_auroc(of, good) - mean_auroc(of, fair)) and low <= value <= high
    assert difference_with_interval(of, fair, [good, noise])[2] < 0


def test_the_interval_holds_the_value_and_narrows_with_scenarios(tested, crossed):
    set_, _, few = tested
    _, low, high = auroc_with_interval(few, np.eye(3)[set_.style] + set_.rng.standard_normal((60, 3)))
    more = crossed(n=160)
    fold_of = more.scenario % 4
    folds = [Fold(np.flatnonzero(fold_of != k), np.flatnonzero(fold_of == k)) for k in range(4)]
    many = held_out_texts(folds, more.style, 3, more.texts, draws=300, seed=0)
    value, lower, upper = auroc_with_interval(many, np.eye(3)[more.style] + more.rng.standard_normal((480, 3)))
    assert lower < value < upper and upper - lower < (high - low) / 2


def test_forced_choice_counts_pairs_inside_scenarios_and_a_tie_as_half(tested):
    set_, _, of = tested
    assert forced_choice_with_interval(of, np.zeros((60, 3))) == (0.5, 0.5, 0.5)
    # What scenarios differ in does not matter, however large.
    scores = np.eye(3)[set_.style] + 100.0 * set_.scenario[:, None]
    assert forced_choice_with_interval(of, scores) == (1.0, 1.0, 1.0)


def test_a_training_fold_without_a_class_is_refused(tested):
    set_, folds, _ = tested
    gram = standardised_gram(set_.features(), folds[0].train)
    train = folds[0].train[set_.style[folds[0].train] != 1]
    with pytest.raises(BadInput, match="2 of 3 classes"):
        held_out_scores([gram], [Fold(train, folds[0].test)], set_.style, 3, 100.0)
