import numpy as np
import pytest

from empathy_core.activations.encoding import EncodedText
from empathy_core.activations.shards import cut


def texts_of(scenarios):
    return [EncodedText(f"{i}", scenario, np.arange(3), np.arange(5)) for i, scenario in enumerate(scenarios)]


@pytest.mark.parametrize(
    ("scenarios", "at_most", "sizes"),
    [
        ("aaabbbccc", 3, [3, 3, 3]),
        ("aaabbbccc", 5, [3, 3, 3]),
        ("aaabbbccc", 6, [6, 3]),
        ("aaabbbccc", 99, [9]),
        ("aaaaabbc", 2, [5, 2, 1]),
        ("abcaabca", 3, [3, 3, 2]),
        ("a", 1, [1]),
    ],
)
def test_shards_are_cut_between_scenarios_and_are_as_large_as_allowed(scenarios, at_most, sizes):
    shards = cut(texts_of(scenarios), at_most)
    assert [len(shard) for shard in shards] == sizes
    assert [number for shard in shards for number in shard] == list(range(len(scenarios)))
