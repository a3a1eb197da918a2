import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from empathy_core.contracts import BadInput
from empathy_core.datasets.lexical import lexical_scores
from empathy_core.datasets.splits import Fold

FILLER = ("the", "train", "was", "late", "again", "and", "nobody", "came", "to", "say", "why", "we", "waited", "there")


def _folds(n: int, n_folds: int = 5) -> tuple[Fold, ...]:
    rows = np.arange(n)
    return tuple(Fold(rows[rows % n_folds != fold], rows[rows % n_folds == fold]) for fold in range(n_folds))


def _filler(rng: np.random.Generator, count: int = 8) -> str:
    return " ".join(rng.choice(FILLER, count))


def _labelled(n: int, rng: np.random.Generator, cue: dict[str, str]) -> tuple[list[str], np.ndarray]:
    """Random filler with the label's cue word in the middle; every fold of five holds both labels."""
    labels = np.array(["cold", "warm"])[(np.arange(n) // 5) % 2]
    return [f"{_filler(rng)} {cue[label]} {_filler(rng)}." for label in labels], labels


def test_a_planted_word_tells_the_labels_apart():
    responses, labels = _labelled(200, np.random.default_rng(0), {"cold": "granite", "warm": "blanket"})
    assert roc_auc_score(labels == "warm", lexical_scores(responses, labels, _folds(200))[:, 0]) > 0.99


def test_the_same_words_under_permuted_labels_stay_near_chance():
    rng = np.random.default_rng(1)
    responses, labels = _labelled(400, rng, {"cold": "granite", "warm": "blanket"})
    permuted = rng.permutation(labels)
    assert abs(roc_auc_score(permuted == "warm", lexical_scores(responses, permuted, _folds(400))[:, 0]) - 0.5) < 0.08


def test_a_one_letter_word_is_a_cue():
    responses, labels = _labelled(200, np.random.default_rng(2), {"cold": "a", "warm": "I"})
    assert roc_auc_score(labels == "warm", lexical_scores(responses, labels, _folds(200))[:, 0]) > 0.99


def test_scores_equal_a_vectoriser_and_a_classifier_fitted_by_hand_on_each_fold():
    responses, labels = _labelled(40, np.random.default_rng(3), {"cold": "granite", "warm": "blanket"})
    scores = lexical_scores(responses, labels, _folds(40))
    for fold in _folds(40):
        train, test = [responses[row] for row in fold.train], [responses[row] for row in fold.test]
        # No one-letter words or apostrophes here, so the default word pattern reads the same words.
        vectoriser = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True).fit(train)
        model = LogisticRegression(C=10.0, max_iter=1000).fit(vectoriser.transform(train), labels[fold.train])
        expected = model.decision_function(vectoriser.transform(test))
        np.testing.assert_allclose(scores[fold.test, 0], expected, atol=1e-9)


def test_a_word_seen_only_in_test_rows_changes_no_other_score():
    responses, labels = _labelled(40, np.random.default_rng(4), {"cold": "granite", "warm": "blanket"})
    [first, *_] = folds = _folds(40)
    added = [text + (" zephyr" if row == first.test[0] else "") for row, text in enumerate(responses)]
    before, after = lexical_scores(responses, labels, folds[:1]), lexical_scores(added, labels, folds[:1])
    np.testing.assert_array_equal(before[first.test[1:]], after[first.test[1:]])


def test_the_opener_baseline_reads_three_words_and_no_more():
    rng = np.random.default_rng(5)
    labels = np.array(["cold", "warm"])[(np.arange(40) // 5) % 2]
    third = [f"well now {'stone' if label == 'cold' else 'wool'} {_filler(rng)}" for label in labels]
    fourth = [f"well now then {'stone' if label == 'cold' else 'wool'} {_filler(rng)}" for label in labels]
    assert roc_auc_score(labels == "warm", lexical_scores(third, labels, _folds(40), "opener")[:, 0]) == 1.0
    tied = lexical_scores(fourth, labels, _folds(40)[:1], "opener")[_folds(40)[0].test, 0]
    assert np.ptp(tied) == 0


def test_the_length_baseline_reads_length_and_no_word():
    rng = np.random.default_rng(6)
    labels = np.array(["long", "short"])[(np.arange(40) // 5) % 2]
    by_length = [_filler(rng, 30 if label == "long" else 8) for label in labels]
    by_word = ["stone" if label == "long" else "cloud" for label in labels]
    assert roc_auc_score(labels == "short", lexical_scores(by_length, labels, _folds(40), "length")[:, 0]) == 1.0
    assert np.ptp(lexical_scores(by_word, labels, _folds(40)[:1], "length")[_folds(40)[0].test]) == 0


def test_three_classes_give_one_column_each_in_sorted_order():
    labels = np.array(["b", "c", "a"])[(np.arange(45) // 5) % 3]
    responses = [f"same words {label * 4} same words" for label in labels]
    scores = lexical_scores(responses, labels, _folds(45))
    assert scores.shape == (45, 3)
    np.testing.assert_array_equal(np.array(["a", "b", "c"])[scores.argmax(axis=1)], labels)


def test_rows_that_no_fold_tests_are_nan():
    responses, labels = _labelled(40, np.random.default_rng(7), {"cold": "granite", "warm": "blanket"})
    [first, *_] = _folds(40)
    scores = lexical_scores(responses, labels, [first])
    np.testing.assert_array_equal(np.isnan(scores[:, 0]), ~np.isin(np.arange(40), first.test))


def test_a_class_missing_from_a_fold_is_refused_by_name():
    labels = np.array(["cold", "warm", "warm", "warm"])
    fold = Fold(np.array([1, 2]), np.array([0, 3]))
    with pytest.raises(BadInput, match=r"1 of 2 \(warm\) in the train rows of fold 0"):
        lexical_scores(["a b", "c d", "e f", "g h"], labels, [fold])


def test_a_single_class_is_refused():
    with pytest.raises(BadInput, match="at least two classes"):
        lexical_scores(["a b", "c d"], np.array(["warm", "warm"]), [Fold(np.array([0]), np.array([1]))])
