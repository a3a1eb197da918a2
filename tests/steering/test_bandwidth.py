"""Bandwidth: products draw by draw, free of the stream's scale, and models ranked only where they differ."""

import numpy as np
import pytest
from toy import toy_texts

from empathy_core.contracts import BadInput
from empathy_core.geometry.dimensionality import Dimensionality, concept_dimensions
from empathy_core.steering.bandwidth import bandwidth, bandwidth_estimates, permuted_bandwidth, rank_models
from empathy_core.steering.range import RangeEstimate


def dimensionality(effective, draws, permuted):
    return Dimensionality(
        2, effective, np.ones(2), np.zeros(2), 2, np.array(draws), np.full(len(draws), 2), np.array(permuted), 40
    )


def test_bandwidth_multiplies_dimension_by_mean_range_draw_by_draw():
    ranges = [RangeEstimate("warm", 0.4, np.full(500, 0.4)), RangeEstimate("cold", 0.6, np.full(500, 0.6))]
    found = bandwidth("empathy", dimensionality(2.0, [1.8, 2.0], [0.0] * 99 + [1.0]), ranges, 40, seed=0)
    [norms, raw] = bandwidth_estimates("t/m", found, residual_norm=10.0)
    assert norms.name == "t/m/bandwidth/empathy" and raw.name == "t/m/bandwidth/empathy-raw"
    assert norms.value == pytest.approx(1.0) and raw.value == pytest.approx(10.0)
    assert (norms.low, norms.high) == pytest.approx((0.9, 1.0))
    assert norms.null == 0.0


def test_the_interval_holds_the_spread_of_both_factors():
    rng = np.random.default_rng(0)
    dims, ranges = rng.normal(2, 0.2, 400), rng.normal(0.5, 0.05, 2000)
    found = bandwidth("empathy", dimensionality(2.0, dims, [0.0]), [RangeEstimate("warm", 0.5, ranges)], 40, seed=0)
    # The relative variance of a product of independent factors, to first order.
    assert found.draws.std() == pytest.approx(np.hypot(0.1, 0.1), rel=0.1)


def test_bandwidth_is_zero_where_nothing_can_be_steered():
    found = bandwidth("empathy", dimensionality(2.0, [2.0], [1.0]), [RangeEstimate("warm", 0.0, np.zeros(500))], 40, 0)
    for estimate in bandwidth_estimates("t/m", found, 10.0):
        assert (estimate.value, estimate.low, estimate.high, estimate.null) == (0, 0, 0, 0)


def test_ten_times_the_residual_stream_is_the_same_bandwidth_in_norms_and_ten_times_the_raw_one():
    texts = toy_texts(40)
    warm = texts.column("style") == "warm"
    features = np.random.default_rng(0).standard_normal((len(texts), 6)) + 2 * warm[:, None]
    ranges = [RangeEstimate("warm", 0.5, np.linspace(0.4, 0.6, 100))]
    norms, raw = zip(
        *(
            bandwidth_estimates(
                "t/m",
                bandwidth("empathy", concept_dimensions(scale * features, texts, seed=0)["empathy"], ranges, 10, 0),
                residual_norm=scale * 3.0,
            )
            for scale in (1.0, 10.0)
        ),
        strict=True,
    )
    for field in ("value", "low", "high", "null"):
        assert getattr(norms[1], field) == pytest.approx(getattr(norms[0], field))
        assert getattr(raw[1], field) == pytest.approx(10 * getattr(raw[0], field))
    assert norms[0].value > 0


def test_permuted_labels_give_the_mean_over_all_pairs_of_both_factors():
    found = permuted_bandwidth("t/m", dimensionality(2.0, [2.0], [0.0, 0.0, 0.0, 1.0]), np.array([0.0, 0.6]))
    assert found.value == pytest.approx(0.25 * 0.5 * 0.6) and found.low == 0.0 and found.n == 8


def test_models_that_differ_are_ranked_and_equal_ones_share_a_group():
    rng = np.random.default_rng(0)
    draws = {name: rng.normal(mean, 0.05, 1000) for name, mean in (("b", 1.0), ("c", 0.0), ("a", 1.02))}
    groups = rank_models(draws)
    assert [set(group) for group in groups] == [{"a", "b"}, {"c"}]


def test_a_chain_of_overlapping_models_is_one_group_though_its_ends_differ():
    rng = np.random.default_rng(0)
    draws = {name: rng.normal(mean, 0.1, 1000) for name, mean in (("top", 0.5), ("middle", 0.25), ("bottom", 0.0))}
    assert [set(group) for group in rank_models({k: draws[k] for k in ("top", "bottom")})] == [{"top"}, {"bottom"}]
    assert [set(group) for group in rank_models(draws)] == [{"top", "middle", "bottom"}]


def test_models_without_bandwidth_are_equal_and_a_single_one_is_a_group():
    assert rank_models({"a": np.zeros(100), "b": np.zeros(100)}) == (("a", "b"),)
    assert rank_models({"a": np.ones(100)}) == (("a",),)


def test_too_few_draws_to_survive_correction_tell_no_models_apart():
    assert rank_models({"a": np.full(20, 1.0), "b": np.full(20, 0.0)}) == (("a", "b"),)


def test_a_bandwidth_needs_scenarios_enough_for_its_dimension():
    with pytest.raises(BadInput, match="at least 8 scenarios"):
        concept_dimensions(np.zeros((8, 3)), toy_texts(4), seed=0)
