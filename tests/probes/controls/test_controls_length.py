import numpy as np
import pytest
from scipy.interpolate import CubicSpline
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import StandardScaler

from empathy_core.probes.controls.correction import corrected_gram, corrected_scores
from empathy_core.probes.controls.length import (
    KNOT_QUANTILES,
    length_matched,
    length_residualised_scores,
    log_lengths,
    natural_spline,
    runs_of_like_length,
)
from empathy_core.probes.held_out import mean_auroc


def telling_lengths(set_, shift=0.25):
    """Lengths around 100 characters, longer for later styles."""
    return np.round(100 * np.exp(shift * set_.style + 0.2 * set_.rng.standard_normal(len(set_.style))))


def follow_length(set_, lengths, dim=40):
    """Features that follow the logarithm of length, bent, in one direction, and hold nothing of style."""
    z = (np.log(lengths) - np.log(lengths).mean()) / np.log(lengths).std()
    return set_.features(dim) + np.outer(2 * z + z**2, set_.rng.standard_normal(dim))


def test_a_label_that_is_read_off_length_alone_is_gone_once_length_is(crossed, of_length, controlled):
    set_ = crossed(n=40, registers=("formal",))
    lengths = telling_lengths(set_, 0.4)
    found = controlled(of_length(set_.texts, lengths), [follow_length(set_, lengths)])
    assert found["pool=mean/nested/auroc"].low > 0.65
    for where in ("nested", "point=0"):
        estimate = found[f"length-residualised/{where}/auroc"]
        assert estimate.low < 0.5 and estimate.value < 0.6 and estimate.null == 0.5 and estimate.n == 40
    assert found["length-matched/nested/auroc"].value < 0.62


def test_a_style_that_length_does_not_tell_is_left(crossed, of_length, controlled):
    set_ = crossed(n=40, registers=("formal",))
    lengths = telling_lengths(set_, 0.0)
    found = controlled(of_length(set_.texts, lengths), [follow_length(set_, lengths) + set_.features(style=0.8)])
    assert found["length-residualised/nested/auroc"].low > 0.8
    assert found["length-matched/nested/auroc"].low > 0.8


def test_where_hardly_two_styles_are_alike_in_length_that_control_alone_is_missing(crossed, of_length, controlled):
    set_ = crossed(n=27, styles=("a", "b"), registers=("formal",))
    found = controlled(of_length(set_.texts, telling_lengths(set_, 2.0)), [set_.features(style=0.8)])
    assert "length-residualised/nested/auroc" in found and "held-out-context/nested/auroc" in found
    assert not any(name.startswith("length-matched") for name in found)


def test_residualising_on_all_texts_is_anti_learning_where_features_outnumber_texts(crossed, of_length, question):
    in_fold, on_all = [], []
    for seed in range(4):
        set_ = crossed(n=30, seed=seed)
        features = set_.features(600, scenario=0.0)
        asked = question(of_length(set_.texts, telling_lengths(set_)), [features])
        grams = asked.grams(features)
        in_fold.append(mean_auroc(asked.tested, length_residualised_scores(grams, asked)))
        lengths = log_lengths(asked)
        basis, every = natural_spline(lengths, np.quantile(lengths, KNOT_QUANTILES)), np.arange(len(lengths))
        wrong = [corrected_gram(gram, every, basis @ np.linalg.pinv(basis)) for gram in grams]
        on_all.append(mean_auroc(asked.tested, corrected_scores(wrong, asked.folds, asked)[asked.tested.rows]))
    assert np.mean(in_fold) == pytest.approx(0.5, abs=0.06)
    assert np.mean(on_all) < 0.42


def test_scores_equal_scikit_learn_on_residuals_fold_by_fold(crossed, of_length, question):
    set_ = crossed(n=20)
    lengths = telling_lengths(set_)
    features = follow_length(set_, lengths, 30)
    asked = question(of_length(set_.texts, lengths), [features])
    found = length_residualised_scores(asked.grams(features), asked)
    for fold in asked.folds:
        standardised = StandardScaler().fit(features[fold.train]).transform(features)
        x = np.log(lengths)
        basis = natural_spline(x, np.quantile(x[fold.train], KNOT_QUANTILES))
        residual = standardised - LinearRegression().fit(basis[fold.train], standardised[fold.train]).predict(basis)
        probe = LogisticRegression(C=100 / 30, tol=1e-10, max_iter=10_000).fit(
            residual[fold.train], set_.style[fold.train]
        )
        np.testing.assert_allclose(found[fold.test], probe.decision_function(residual[fold.test]), atol=3e-4)


def test_the_basis_holds_every_natural_cubic_spline_with_its_knots():
    rng = np.random.default_rng(0)
    knots, x = np.array([1.0, 2.0, 2.5, 4.0]), np.linspace(1, 4, 50)
    spline = CubicSpline(knots, rng.standard_normal(4), bc_type="natural")
    basis = natural_spline(x, knots)
    assert basis.shape == (50, 4)
    np.testing.assert_allclose(basis @ np.linalg.lstsq(basis, spline(x), rcond=None)[0], spline(x), atol=1e-10)
    outside = natural_spline(np.array([4.0, 5.0, 6.0, 1.0, 0.0, -1.0]), knots)
    for side in (outside[:3], outside[3:]):
        np.testing.assert_allclose(side[0] - 2 * side[1] + side[2], 0, atol=1e-10)


@pytest.mark.parametrize("lengths", [np.full(90, 80), np.where(np.arange(90) % 2, 80, 120)])
def test_lengths_that_hardly_vary_leave_the_read_out_as_it_is(crossed, of_length, controlled, lengths):
    set_ = crossed()
    found = controlled(of_length(set_.texts, lengths), [set_.features(style=0.8)])
    assert found["length-residualised/nested/auroc"].value == pytest.approx(
        found["pool=mean/nested/auroc"].value, abs=0.03
    )


def test_length_itself_says_little_among_replies_of_like_length(crossed, of_length, deciding, question):
    set_ = crossed(n=60, styles=("a", "b"))
    lengths, features = telling_lengths(set_), set_.features()
    texts = of_length(set_.texts, lengths)
    matched, raw = length_matched("m", question(texts, [features]), deciding(texts, [features])[1])[1], 0.75
    assert matched.name == "m/text/length/auroc" and matched.low < 0.5 and matched.value < 0.6
    assert roc_auc_score(set_.style, lengths) > raw


def test_only_pairs_of_one_run_are_compared(crossed, of_length, deciding, question):
    set_ = crossed(n=20, styles=("a", "b"))
    features, texts = set_.features(style=0.5), of_length(set_.texts, telling_lengths(set_))
    asked, read_out = question(texts, [features]), deciding(texts, [features])[1]
    runs, labels, scores = runs_of_like_length(asked), asked.tested.labels, read_out.nested[:, 0]
    by_run = []
    for run in np.unique(runs):
        own, other = scores[(runs == run) & (labels == 1)], scores[(runs == run) & (labels == 0)]
        if len(own) and len(other):
            by_run.append(np.mean([(a > b) + 0.5 * (a == b) for a in own for b in other]))
    assert length_matched("m", asked, read_out)[0].value == pytest.approx(np.mean(by_run))


def test_runs_lie_in_one_fold_and_hold_neighbours_in_length(crossed, of_length, question):
    set_ = crossed()
    lengths = telling_lengths(set_)
    asked = question(of_length(set_.texts, lengths), [set_.features()])
    runs = runs_of_like_length(asked)
    for run in np.unique(runs):
        members = runs == run
        assert len(np.unique(asked.tested.folds[members])) == 1 and members.sum() >= 6
        same_fold = asked.tested.folds == asked.tested.folds[members][0]
        between = (lengths > lengths[members].min()) & (lengths < lengths[members].max())
        assert members[same_fold & between].all()
