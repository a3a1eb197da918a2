"""How far an extraction has come, how fast it goes and when it will be done. Needs no torch."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """Where an extraction stands after a batch."""

    texts_done: int
    """Those of shards that an earlier run finished included."""
    texts: int
    tokens_per_second: float
    """Of this run; a prompt counts once for each of its replies, whether or not they shared its computation."""
    seconds_left: float
    memory_bytes: int
    """Allocated on the accelerators, or resident where there is none."""


class Meter:
    """Counts texts and tokens from the moment it is made, and reports after every batch."""

    def __init__(
        self,
        texts_done: int,
        texts: int,
        tokens_left: int,
        memory: Callable[[], int],
        report: Callable[[Progress], None] | None,
    ):
        self._texts_done, self._texts, self._tokens_left = texts_done, texts, tokens_left
        self._memory, self._report = memory, report
        self._tokens, self._started = 0, time.perf_counter()

    def add(self, texts: int, tokens: int) -> None:
        """Counts a batch that is done."""
        self._texts_done += texts
        self._tokens += tokens
        self._tokens_left -= tokens
        if self._report:
            speed = self._tokens / (time.perf_counter() - self._started)
            self._report(Progress(self._texts_done, self._texts, speed, self._tokens_left / speed, self._memory()))
