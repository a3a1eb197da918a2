"""What two runs differ in beyond noise: planted changes, other implementations, and numbers that tempt naive code."""

from dataclasses import replace

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from empathy_core.cards.changes import HALF_WIDTH, changes, welch_difference
from empathy_core.contracts import BadInput, Estimate
from empathy_core.stats import holm


def number(name, value, low, high, n=30):
    return Estimate(f"toy/m/read/{name}", float(value), float(low), float(high), n, 0.5, "test")


def around(name, value, error, n=30):
    return number(name, value, value - HALF_WIDTH * error, value + HALF_WIDTH * error, n)


def summarised(samples):
    """Rows of (mean, low, high, n) of samples in columns."""
    mean, n = samples.mean(axis=0), len(samples)
    margin = HALF_WIDTH * samples.std(axis=0, ddof=1) / np.sqrt(n)
    return np.stack([mean, mean - margin, mean + margin, np.full(len(mean), float(n))], axis=1)


def test_a_planted_change_is_found_among_numbers_that_only_vary():
    rng = np.random.default_rng(0)
    noise = rng.normal(0.7, 0.02, (2, 50))
    before, after = ([around(f"t{i}/auroc", value, 0.02) for i, value in enumerate(run)] for run in noise)
    after[7] = around("t7/auroc", noise[0, 7] + 0.2, 0.02)
    found = changes(before, after)
    assert [change.before.name for change in found.beyond_noise] == ["toy/m/read/t7/auroc"]
    [change] = found.beyond_noise
    assert change.difference == pytest.approx(0.2) and change.low < 0.2 < change.high
    assert found.measured[0] is change


def test_a_run_beside_itself_is_equal_to_the_last_digit_and_nothing_changed(estimates):
    found = changes(estimates, estimates[::-1])
    assert found.equal == found.shared == len(estimates)
    assert not (found.beyond_noise or found.unmeasured or found.only_before or found.only_after)
    assert all((change.difference, change.p_holm) == (0, 1) for change in found.measured)


def test_every_shared_number_is_compared_once_and_the_others_are_named():
    one, two, three = (around(name, 0.7, 0.02) for name in ("a/auroc", "b/auroc", "c/auroc"))
    found = changes([one, two], [two, three])
    assert (found.shared, found.equal, len(found.measured)) == (1, 1, 1)
    assert (found.only_before, found.only_after) == ((one.name,), (three.name,))


def test_difference_interval_and_p_are_those_of_welch_s_t_test():
    rng = np.random.default_rng(1)
    before, after = rng.normal(0, 1, (9, 4)), rng.normal([0, 0.5, 1, 3], 2, (30, 4))
    difference, interval, p = welch_difference(summarised(before), summarised(after))
    other = CompareMeans(DescrStatsW(after), DescrStatsW(before))
    np.testing.assert_allclose(difference, after.mean(axis=0) - before.mean(axis=0))
    np.testing.assert_allclose(interval.T, other.tconfint_diff(usevar="unequal"))
    np.testing.assert_allclose(p, other.ttest_ind(usevar="unequal")[1])


def test_adjusted_p_values_are_those_of_statsmodels():
    rng = np.random.default_rng(2)
    noise = rng.normal(0.7, 0.03, (2, 40))
    found = changes(*([around(f"t{i}/auroc", value, 0.02) for i, value in enumerate(run)] for run in noise))
    p, adjusted = np.transpose([(change.p, change.p_holm) for change in found.measured])
    np.testing.assert_allclose(adjusted, multipletests(p, method="holm")[1])


def wrongly_changed(n, correlation=0.0, degrees=None, comparisons=200):
    """Share of comparisons of a thousand unchanged numbers in which one is called changed."""
    rng, wrong = np.random.default_rng(1), 0
    for _ in range(comparisons):
        shared, *own = rng.normal(size=(3, n, 1000))
        runs = [summarised(np.sqrt(correlation) * shared + np.sqrt(1 - correlation) * one) for one in own]
        for run in runs:
            run[:, 3] = degrees or n
        wrong += holm(welch_difference(*runs)[2]).min() < 0.05
    return wrong / comparisons


def test_of_a_thousand_unchanged_numbers_one_is_called_changed_in_at_most_one_of_twenty_comparisons():
    assert 0.02 <= wrongly_changed(30) <= 0.08
    assert 0 < wrongly_changed(9) <= 0.08
    assert wrongly_changed(30, correlation=0.8) == 0, "runs that share their scenarios differ by less"


def test_normal_tails_would_call_numbers_of_few_scenarios_changed():
    assert wrongly_changed(9, degrees=1e9, comparisons=40) > 0.5


def test_a_skewed_interval_counts_as_its_longer_arm():
    cut, even = number("a/auroc", 0.99, 0.93, 1.0), number("a/auroc", 0.99, 0.93, 1.05)
    other = number("a/auroc", 0.91, 0.87, 0.95)
    [skewed], [symmetric] = (changes([one], [other]).measured for one in (cut, even))
    assert (skewed.low, skewed.high, skewed.p) == pytest.approx((symmetric.low, symmetric.high, symmetric.p))


def test_a_value_outside_its_own_interval_does_not_shrink_it():
    odd, other = number("a/effective", 1.0, 1.2, 1.6), number("a/effective", 1.4, 1.2, 1.6)
    [change] = changes([odd], [other]).measured
    assert change.high - change.low > 2 * np.hypot(0.6, 0.2)


@pytest.mark.parametrize(
    "before, after",
    [
        (number("a/auroc", 1.0, 1.0, 1.0), number("a/auroc", 0.6, 0.5, 0.7)),
        (number("a/auroc", 0.6, 0.5, 0.7), number("a/auroc", 1.0, 1.0, 1.0)),
        (number("a/auroc", 0.4, 0.3, 0.5, n=1), number("a/auroc", 0.9, 0.8, 1.0)),
        (number("a/max/p", 0.001, 0.0, 0.004), number("a/max/p", 0.9, 0.88, 0.92)),
        (number("a/max/p-holm", 0.001, 0.0, 0.004), number("a/max/p-holm", 0.9, 0.88, 0.92)),
    ],
    ids=["no width before", "no width after", "one scenario", "p", "adjusted p"],
)
def test_numbers_without_an_interval_to_judge_by_differ_but_are_never_beyond_noise(before, after):
    found = changes([before], [after])
    assert found.unmeasured == ((before, after),)
    assert not found.measured and not found.equal


def test_intervals_as_narrow_as_rounding_are_none_and_differences_of_rounding_are_not_told():
    exact, rounded = number("a/auroc", 0.5, 0.5, 0.5), number("a/auroc", 0.5 + 2e-16, 0.5, 0.5 + 4e-16)
    found = changes([exact], [rounded])
    assert (found.shared, found.equal, found.measured, found.unmeasured) == (1, 0, (), ())


def test_an_interval_that_changed_around_the_same_value_is_no_change_and_not_equal():
    before = around("a/auroc", 0.7, 0.02)
    found = changes([before], [around("a/auroc", 0.7, 0.1)])
    assert found.equal == 0 and found.measured[0].p == 1
    assert changes([before], [replace(before, run="ProbeFlow/2/probe/3")]).equal == 1


def test_equal_numbers_stay_in_the_adjustment():
    before = [around(f"t{i}/auroc", 0.7, 0.02) for i in range(100)]
    after = [around("t0/auroc", 0.7 + 0.02 * np.sqrt(2) * 3, 0.02), *before[1:]]
    [change, *_] = changes(before, after).measured
    assert 0.001 < change.p < 0.01 and not change.beyond_noise


def test_runs_with_nothing_in_common_or_nothing_at_all_give_no_change():
    one = around("a/auroc", 0.7, 0.02)
    assert changes([], []).shared == 0
    assert changes([one], []).only_before == (one.name,)


def test_two_numbers_of_one_name_in_a_run_are_refused():
    one = around("a/auroc", 0.7, 0.02)
    with pytest.raises(BadInput, match="never share a name"):
        changes([one, one], [one])
