"""CPU seconds of interleaved pieces of work: other load on the machine cancels in their ratios."""

import ctypes
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Parameters of mallopt(3)."""


def keep_freed_memory() -> None:
    """Has glibc keep freed memory rather than give it back to the system, which would clear it page by page anew.

    Whether a pass pays for that, up to 15 % of it, depends on what else lies in the heap, and not on what is compared.
    """
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        for parameter, size in ((M_TRIM_THRESHOLD, 2**31 - 1), (M_MMAP_THRESHOLD, 32 * 2**20)):
            if not libc.mallopt(parameter, size):
                raise OSError(f"mallopt refused parameter {parameter}")


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


def timed(work: Sequence[Work], rounds: int) -> Float[np.ndarray, "round piece"]:
    """CPU seconds of every piece in every round, in the order given."""
    return np.array([[cpu_seconds(piece.run) for piece in work] for _ in range(rounds)])


def speeds(work: Sequence[Work], seconds: Float[np.ndarray, " piece"]) -> dict[str, float]:
    """Tokens a second of every variant, over all its pieces."""
    spent, done = defaultdict(float), defaultdict(int)
    for piece, one in zip(work, seconds.tolist(), strict=True):
        spent[piece.variant] += one
        done[piece.variant] += piece.tokens
    return {variant: done[variant] / spent[variant] for variant in spent}
