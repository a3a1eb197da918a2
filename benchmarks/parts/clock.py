"""CPU seconds of interleaved pieces of work: other load on the machine cancels in their ratios."""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Work:
    """One piece of a variant."""

    variant: str
    tokens: int
    """What it gets done, in tokens of the texts."""
    run: Callable[[], object]


def cpu_seconds(run: Callable[[], object]) -> float:
    """CPU time of one call."""
    started = time.process_time()
    run()
    return time.process_time() - started


def tokens_per_second(work: Sequence[Work]) -> dict[str, float]:
    """Speed of every variant in one round over all pieces, in the order given."""
    seconds, tokens = defaultdict(float), defaultdict(int)
    for piece in work:
        seconds[piece.variant] += cpu_seconds(piece.run)
        tokens[piece.variant] += piece.tokens
    return {variant: tokens[variant] / seconds[variant] for variant in seconds}
