"""Which texts a dictionary was trained on, which choose its features, and which score them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int, Shaped

from empathy_core.contracts import BadInput, TextSet
from empathy_core.datasets.splits import Fold, grouped_folds
from empathy_core.probes.cross_validation import Plan, ProbeSettings, make_plan
from empathy_core.probes.held_out import HeldOutTexts, held_out_texts
from empathy_core.probes.tasks import reading_task, tasks

TRAIN, TEST = "train", "test"


@dataclass(frozen=True)
class ConvergenceSettings:
    """How often labels are permuted and scenarios resampled; fixed before any result is seen."""

    permutations: int = 200
    """Each redoes the choice of features."""
    draws: int = 1000
    """Resamplings of scenarios behind an interval."""
    random_sets: int = 10
    """Random sets of latents, whose AUROC is averaged."""
    refits: int = 20
    """Clusterings of resampled scenarios, and of codes whose structure was destroyed."""
    seed: int = 0

    @property
    def probes(self) -> ProbeSettings:
        """The same for the dense probe."""
        return ProbeSettings(permutations=self.permutations, draws=self.draws, seed=self.seed)


@dataclass(frozen=True)
class Question:
    """The deciding task, divided so that what scores was seen neither by a dictionary nor by the choice of features."""

    texts: TextSet
    plan: Plan
    """Folds: chosen on the training split, scored on the test split, and on a lexical family that chose nothing."""
    tested: HeldOutTexts
    settings: ConvergenceSettings

    @property
    def classes(self) -> tuple[str, ...]:
        """The main styles."""
        return self.plan.task.classes

    def rows(self, split: str) -> Int[np.ndarray, " text"]:
        """Rows of the main texts of one split."""
        return self.plan.task.rows[self.texts.column("split")[self.plan.task.rows] == split]

    def scenarios(self, rows: Int[np.ndarray, " text"]) -> Shaped[np.ndarray, " text"]:
        """The scenario of each row."""
        return self.texts.column("scenario_id")[rows]


def ask(texts: TextSet, settings: ConvergenceSettings) -> Question:
    """The question of a data set, with its folds and permuted labels.

    Raises:
        BadInput: if the set lacks a split, or whatever `make_plan` refuses.
    """
    check_splits(texts)
    deciding = next(task for task in tasks(texts) if task.name == reading_task(texts.main_styles))
    plan = make_plan(deciding, texts, unseen_folds(texts, settings.seed), settings.probes)
    tested = held_out_texts(plan.folds, plan.columns[:, 0], len(deciding.classes), texts, settings.draws, settings.seed)
    return Question(texts, plan, tested, settings)


def unseen_folds(texts: TextSet, seed: int = 0) -> tuple[Fold, ...]:
    """Folds that train on the training split and test on the test split; with several lexical families, across them.

    With one family that is a single division. A family that lies in one split alone is on that side only.
    """
    main, split = texts.column("role") == "main", texts.column("split")
    whole = Fold(np.arange(len(texts)), np.arange(len(texts)))
    several = len(np.unique(texts.column("family")[main])) > 1
    folds = grouped_folds(texts, seed=seed) if several else (whole,)
    divided = (Fold(f.train[split[f.train] == TRAIN], f.test[split[f.test] == TEST]) for f in folds)
    return tuple(fold for fold in divided if main[fold.train].any() and main[fold.test].any())


def check_splits(texts: TextSet) -> None:
    """Raises `BadInput` unless both splits hold main texts of every style."""
    for split in (TRAIN, TEST):
        there = texts.rows((texts.column("split") == split) & (texts.column("role") == "main"))
        missing: Sequence[str] = [style for style in texts.main_styles if style not in there.main_styles]
        if missing:
            raise BadInput(
                "A dictionary is trained on scenarios of the split `train` and judged on those of the split `test`.",
                got=f"no main text of {', '.join(missing)} in the split {split!r} of {texts.name!r}",
                cause="a set with one split, or a very small one",
                fix="mark some scenarios as `test`, or run with `--dictionaries 0`",
            )
