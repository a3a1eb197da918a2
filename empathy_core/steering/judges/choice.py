"""Which judge a run has, and how a run that has none gets one."""

import os
from collections.abc import Sequence
from pathlib import Path

from empathy_core.contracts import BadInput, TextSet
from empathy_core.datasets.sources import KEY
from empathy_core.steering.judges.grammar import grammar_judge
from empathy_core.steering.judges.interface import Judge

CHOICES = ("auto", "grammar", "claude", "human", "none")
NO_JUDGE = (
    "no judge can score these replies: the grammar judge reads organism texts only, and replies in natural language "
    f"need `--judge claude` with {KEY} set, or `--judge human` with ratings of the review page"
)


def judge_for(texts: TextSet) -> Judge | None:
    """The judge that needs neither a key nor people, or None where these texts have none (see `NO_JUDGE`)."""
    return grammar_judge if texts.kind == "organism" else None


def named_judge(choice: str, texts: TextSet, ratings: Sequence[Path] = ()) -> str:
    """The judge that a run will have: `grammar`, `claude`, `human` or `none`.

    `auto` is the grammar for organisms; for other texts people where there are `ratings`, and none else. Raises
    `BadInput` for an unknown choice, and for one that these texts, ratings or keys do not allow.
    """
    if choice not in CHOICES:
        raise BadInput(f"The judge is {', '.join(CHOICES[:-1])} or {CHOICES[-1]}.", repr(choice), "a misspelt judge")
    has_key = bool(os.environ.get(KEY, "").strip())
    taken = _automatic(texts, bool(ratings)) if choice == "auto" else choice
    if taken == "grammar" and texts.kind != "organism":
        raise BadInput(
            "The grammar judges the texts of its own organisms.",
            f"--judge {choice} with {texts.name}",
            fix="take `--judge claude` or `--judge human`",
        )
    if taken == "claude" and not has_key:
        raise BadInput(
            "Judging with Claude needs an API key.",
            f"no {KEY} in the environment",
            "the variable was not exported, or not passed on to the step",
            "set it, or take `--judge human` or `--judge none`",
        )
    if ratings and taken != "human":
        raise BadInput("Ratings go with `--judge human`.", f"--judge {choice}, which is {taken} here, with --ratings")
    return taken


def how_to_judge(texts: TextSet, probes: str, replies: str = "") -> tuple[str, ...]:
    """The commands that give a judge to a run without one.

    `probes` is the pathspec of the run that made the directions. `replies` is that of a run whose replies wait for
    ratings; then these alone are missing and nothing is generated again.
    """
    run = "python flows/validation_flow.py run"
    if replies:
        return (f"{run} --replies {replies} --judge human --ratings <decisions.jsonl,…>",)
    if texts.kind == "organism":
        return (f"{run} --probes {probes} --judge grammar",)
    return (f"{KEY}=… {run} --probes {probes} --judge claude", f"{run} --probes {probes} --judge human")


def _automatic(texts: TextSet, has_ratings: bool) -> str:
    # Never Claude: judging costs money, which is spent when it is asked for by name.
    return "grammar" if texts.kind == "organism" else "human" if has_ratings else "none"
