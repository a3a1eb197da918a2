from dataclasses import replace

import numpy as np
import pytest

from empathy_core.contracts import TextSet
from empathy_core.probes.controls.emergence import emergence, emergence_band, simultaneous_band
from empathy_core.probes.held_out import auroc_draws


@pytest.fixture
def emerging(deciding):
    """Emergence in a set with these features by point, by name."""
    return lambda texts, by_point: {e.name: e for e in emergence("emergence", deciding(texts, by_point)[1])}


def test_style_planted_from_point_two_on_emerges_there(crossed, emerging):
    set_ = crossed(n=40)
    found = emerging(set_.texts, [set_.features(), set_.features(), *(set_.features(style=0.9) for _ in range(2))])
    first = found["emergence/first"]
    # Forty scenarios do not rule out that a little was there at point 1.
    assert (first.value, first.high, first.null) == (2.0, 2.0, None) and first.low in (1.0, 2.0)
    assert found["emergence/point=1/over-text"].low < 0 < found["emergence/point=2/over-first"].low
    assert found["emergence/point=2/over-text"].null == 0 and "emergence/point=0/over-first" not in found


def test_weak_evidence_at_an_early_point_widens_the_interval_towards_it(crossed, emerging):
    set_ = crossed(n=40)
    found = emerging(set_.texts, [set_.features(), set_.features(style=0.15), set_.features(style=0.9)])
    assert found["emergence/first"].low == 1.0 and found["emergence/first"].value == 2.0


def test_nothing_emerges_where_nothing_is_planted(crossed, emerging):
    set_ = crossed(n=40)
    assert "emergence/first" not in emerging(set_.texts, [set_.features() for _ in range(3)])


def test_nothing_emerges_where_words_tell_it_already(crossed, emerging):
    set_ = crossed(n=40)
    telling = TextSet(
        "toy", "measured", tuple(replace(t, response=f"{t.style * 3} " * 5 + t.response) for t in set_.texts.texts)
    )
    found = emerging(telling, [set_.features(), set_.features(style=0.9)])
    assert found["emergence/point=1/over-first"].low > 0 >= found["emergence/point=1/over-text"].low
    assert "emergence/first" not in found


def test_what_the_first_point_reads_already_does_not_emerge(crossed, emerging):
    set_ = crossed(n=40)
    found = emerging(set_.texts, [set_.features(style=0.9), set_.features(style=0.9)])
    assert found["emergence/point=0/over-text"].low > 0 and "emergence/first" not in found


def test_a_single_point_is_set_beside_the_words_only(crossed, deciding):
    set_ = crossed()
    found = emergence("e", deciding(set_.texts, [set_.features(style=0.9)])[1])
    assert [estimate.name for estimate in found] == ["e/point=0/over-text"]


def test_the_band_equals_a_loop_over_draws(crossed, deciding):
    set_ = crossed()
    read_out = deciding(set_.texts, [set_.features(), set_.features(style=0.5)])[1]
    band, tested = emergence_band(read_out), read_out.main.tested
    draws = [auroc_draws(tested, scores) for scores in read_out.main.scores]
    words = np.max([auroc_draws(tested, scores) for scores in read_out.main.text_scores.values()], axis=0)
    compared = {(0, 0): draws[0] - words, (1, 0): draws[1] - words, (1, 1): draws[1] - draws[0]}
    largest = np.zeros(len(words))
    for place, drawn in compared.items():
        largest = np.maximum(largest, np.abs(drawn - band.value[place]) / drawn.std())
    for place, drawn in compared.items():
        assert band.high[place] - band.value[place] == pytest.approx(np.quantile(largest, 0.95) * drawn.std())
    assert band.low[0, 1] == band.value[0, 1] == band.high[0, 1] == 0


def test_the_band_covers_all_of_many_differences_in_95_of_100_samples():
    rng = np.random.default_rng(0)
    covered = []
    for _ in range(300):
        sample = rng.standard_normal((200, 10)) + rng.standard_normal((200, 1))
        weights = rng.multinomial(200, np.full(200, 0.005), size=400) / 200
        draws = (weights @ sample)[:, :, None]
        band = simultaneous_band(sample.mean(axis=0)[:, None], draws)
        pointwise = np.abs(sample.mean(axis=0)) < 1.96 * draws[:, :, 0].std(axis=0)
        covered.append((((band.low <= 0) & (band.high >= 0)).all(), pointwise.all()))
    together, pointwise = np.mean(covered, axis=0)
    assert together == pytest.approx(0.95, abs=0.035) and pointwise < together - 0.05


def test_differences_that_never_vary_have_no_width():
    values = np.array([[0.2], [0.0]])
    band = simultaneous_band(values, np.broadcast_to(values, (50, 2, 1)).copy())
    np.testing.assert_array_equal(band.low, values)
