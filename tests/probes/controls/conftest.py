"""A read-out of planted features, and its controls by name."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from empathy_core.contracts import Estimate, Text, TextSet
from empathy_core.datasets.splits import grouped_folds
from empathy_core.probes.controls.measure import controls
from empathy_core.probes.controls.question import Question, make_question
from empathy_core.probes.cross_validation import ProbeSettings
from empathy_core.probes.read_out import ReadOut, read_outs
from empathy_core.probes.tasks import Task, reading_task, tasks

QUICK = ProbeSettings(permutations=19, draws=200)


def deciding_task(texts: TextSet) -> Task:
    return next(task for task in tasks(texts) if task.name == reading_task(texts.main_styles))


@pytest.fixture
def deciding(monkeypatch) -> Callable[..., tuple[tuple, ReadOut]]:
    """The folds and the deciding read-out of a set with these features by point."""
    # The other read-outs would be thrown away, and the slower baselines add nothing here.
    monkeypatch.setattr("empathy_core.probes.read_out.BASELINES", ("length", "tfidf"))
    monkeypatch.setattr("empathy_core.probes.read_out.tasks", lambda texts: [deciding_task(texts)])

    def read(texts: TextSet, by_point, n_folds: int = 5):
        folds = grouped_folds(texts, n_folds, 0)
        (found,) = read_outs(by_point.__getitem__, range(len(by_point)), texts, folds, QUICK)
        return folds, found

    return read


@pytest.fixture
def question(deciding) -> Callable[..., Question]:
    """The question that the controls of such a read-out ask."""

    def make(texts: TextSet, by_point) -> Question:
        return make_question(texts, *deciding(texts, by_point), QUICK)

    return make


@pytest.fixture
def controlled(deciding) -> Callable[..., dict[str, Estimate]]:
    """Every control by its name without prefix; `pools` maps further pools to their features by point."""

    def measure(texts: TextSet, by_point, pools=None) -> dict[str, Estimate]:
        of_pool = {"mean": by_point} | (pools or {})
        folds, read_out = deciding(texts, by_point)
        found = controls(
            "toy/tiny", lambda pool: of_pool[pool].__getitem__, "mean", tuple(of_pool), texts, folds, read_out, QUICK
        )
        return {estimate.name.removeprefix("toy/tiny/control/"): estimate for estimate in found}

    return measure


@pytest.fixture
def with_emotions() -> Callable[..., TextSet]:
    """A set with `n` emotional scenarios more, each told in three emotions."""

    def extend(texts: TextSet, n: int = 30, emotions=("happy", "sad", "angry")) -> TextSet:
        more = [
            Text(f"e{s}-{name}", f"e{s}", "home", name, f"Emotion {s}.", f"words {s}", role="emotion")
            for s in range(n)
            for name in emotions
        ]
        return replace(texts, texts=(*texts.texts, *more))

    return extend


@pytest.fixture
def of_length() -> Callable[..., TextSet]:
    """A set whose replies have these numbers of characters."""

    def lengthen(texts: TextSet, lengths: np.ndarray) -> TextSet:
        return replace(
            texts, texts=tuple(replace(t, response="x" * int(k)) for t, k in zip(texts.texts, lengths, strict=True))
        )

    return lengthen
