import numpy as np
import pytest
from planted_conditions import crossed

from empathy_core.geometry.curve import curve_estimates, dimension_curve, dimension_curves
from empathy_core.geometry.dimensionality import between_condition_components, concept_dimensions, dimension_estimates
from empathy_core.stats import percentile_interval


def curve_of(planted, permutations=100, draws=100, halvings=10):
    how = (0, permutations, draws, halvings)
    return dimension_curve(*planted, between_condition_components(*planted, *how), *how)


@pytest.mark.parametrize("rank, n_conditions, effective", [(1, 3, 1.0), (2, 3, 1.47), (3, 4, 1.89)])
def test_a_planted_dimension_is_found_in_few_scenarios_and_does_not_grow_with_more(rank, n_conditions, effective):
    curve = curve_of(crossed(n=64, rank=rank, n_conditions=n_conditions, size=0.3))
    assert [place.n for place in curve] == [16, 32, 48, 64]
    assert [place.effective for place in curve] == pytest.approx([effective] * 4, rel=0.05)


def test_a_faint_dimension_is_found_once_there_are_scenarios_enough():
    curve = curve_of(crossed(n=64, rank=1, n_conditions=2, size=0.08))
    assert curve[0].effective == 0 and curve[-1].effective == 1
    assert np.diff([place.effective for place in curve]).min() >= 0


def test_noise_has_no_dimension_at_any_size():
    curve = curve_of(crossed(n=64))
    assert [place.effective for place in curve] == [0.0] * 4
    assert max(np.mean(place.permuted > 0) for place in curve) <= 0.05


def test_intervals_are_as_wide_as_independent_sets_of_that_size_lie_apart():
    curve = curve_of(crossed(n=64, rank=2, size=0.4))
    for place in curve[:3]:
        alone = [
            between_condition_components(*crossed(n=place.n, rank=2, size=0.4, seed=100 + seed), 0, 20, 2, 10).effective
            for seed in range(30)
        ]
        assert 0.6 < place.draws.std() / np.std(alone) < 1.6


def test_the_last_place_is_the_estimate_itself_and_every_place_stands_beside_its_null():
    features, _, texts = crossed(n=20, rank=2)
    dimensions = concept_dimensions(features, texts, seed=0)
    found = curve_estimates("toy/tiny", dimension_curves(features, texts, dimensions, seed=0))
    assert [estimate.name for estimate in found] == [
        f"toy/tiny/dimension/empathy/n={n}/effective" for n in (5, 10, 15, 20)
    ]
    whole = dimension_estimates("toy/tiny", dimensions)[1]
    assert (found[-1].value, found[-1].low, found[-1].high) == (whole.value, whole.low, whole.high)
    assert [(estimate.null, estimate.n) for estimate in found] == [(0.0, n) for n in (5, 10, 15, 20)]
    assert all(0 <= estimate.low <= estimate.high <= 2 for estimate in found)


def test_of_the_fewest_scenarios_only_the_whole_set_is_left():
    curve = curve_of(crossed(n=8, rank=1, size=1.0))
    assert [place.n for place in curve] == [8]


def test_the_same_seed_draws_the_same_curve_and_the_scale_of_features_does_not_enter():
    features, names, texts = crossed(n=32, rank=2)
    first, second = (curve_of((scale * features, names, texts), 50, 50) for scale in (1, 10))
    for one, other in zip(first, second, strict=True):
        assert percentile_interval(one.draws) == pytest.approx(percentile_interval(other.draws))
        assert one.effective == pytest.approx(other.effective)
