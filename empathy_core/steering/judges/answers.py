"""Answers of language models, kept by the content of their questions: none is paid for twice, whoever asks again."""

import json
import time
from collections import defaultdict
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from empathy_core.datasets.generation.batches import Progress, run_batch
from empathy_core.datasets.generation.cost import Usage, actual
from empathy_core.datasets.generation.journal import only_run_in, read_lines, write_json
from empathy_core.datasets.generation.requests import Batch, Requests, custom_id, fingerprint, read
from empathy_core.datasets.generation.service import Sleep, check_models, connect
from empathy_core.steering.judges.settings import ClaudeSettings

LARGEST_BATCH = 10_000
"""Requests; the service takes ten times as many, but not above 256 MB."""
Answer = tuple[BaseModel | None, str]
"""What a model said, or None and why it said nothing."""


def answers(
    model: str,
    questions: Mapping[str, dict[str, Any]],
    schema: type[BaseModel],
    settings: ClaudeSettings,
    folder: Path,
    progress: Progress,
    sleep: Sleep = time.sleep,
) -> dict[str, Answer]:
    """The answer to each question, from `folder` where it was asked before, else from the service.

    What was refused or cannot be read is asked anew up to `settings.attempts` times in all. Killed anywhere and called
    again, it goes on where it was. Where everything was answered before, neither key nor network is needed. Raises
    `BadInput` as `run_batch` and `check_models` do.
    """
    with only_run_in(folder):
        while todo := _open(questions, _kept(folder), schema, settings.attempts):
            # In the order of their hashes: which arm a reply comes from does not show in its place.
            batch = dict(islice(sorted(todo.items()), LARGEST_BATCH))
            begun = _begun(folder, todo)
            _submit(begun or {f"{model}-{fingerprint(list(batch))[:16]}": batch}, settings, folder, progress, sleep)
        kept = _kept(folder)
    return {name: _standing(asked, kept, schema, settings.attempts)[1] for name, asked in questions.items()}


def spent(folder: Path) -> tuple[Usage, ...]:
    """Tokens that the service counted for everything in the folder, by model."""
    batches = defaultdict(list)
    for name, state, results in _batches(folder):
        batches[name.rpartition("-")[0]].append(Batch(state.get("batch", ""), state.get("created", ""), results))
    return tuple(actual(model, found) for model, found in batches.items())


def _submit(
    batches: Mapping[str, Requests], settings: ClaudeSettings, folder: Path, progress: Progress, sleep: Sleep
) -> None:
    with connect() as client:
        checked = folder / f"models-{fingerprint([settings.model, settings.second])[:16]}.json"
        if not checked.exists():  # asked once: a run that goes on must not fail on a model retired since
            write_json(checked, check_models(client, settings.model, settings.second, sleep))
        for name, requests in batches.items():
            run_batch(client, requests, folder, name, progress, settings.poll_seconds, sleep)


def _begun(folder: Path, todo: Requests) -> dict[str, Requests]:
    """Batches that an earlier run left unread, or that it died while submitting: they come before any new one.

    The first need no parameters, for they are not sent again. The others can only be finished while all of their
    requests are still to be made.
    """
    return {
        name: {key: todo.get(key, {}) for key in state["requests"]}
        for name, state, results in _batches(folder)
        if len(results) < len(state["requests"])
        and (any if "batch" in state else all)(key in todo for key in state["requests"])
    }


def _kept(folder: Path) -> dict[str, dict[str, Any]]:
    """Results by custom id, of batches that were read whole."""
    return {
        key: result
        for _, state, results in _batches(folder)
        if len(results) == len(state["requests"])
        for key, result in results.items()
    }


def _batches(folder: Path) -> list[tuple[str, dict[str, Any], dict[str, dict[str, Any]]]]:
    """Name, state and results of every batch in the folder."""
    names = sorted(path.name.removesuffix(".state.json") for path in folder.glob("*.state.json"))
    return [
        (
            name,
            json.loads((folder / f"{name}.state.json").read_text(encoding="utf-8")),
            {line["custom_id"]: line["result"] for line in read_lines(folder / f"{name}.results.jsonl")},
        )
        for name in names
    ]


def _open(
    questions: Mapping[str, dict[str, Any]],
    kept: Mapping[str, dict[str, Any]],
    schema: type[BaseModel],
    attempts: int,
) -> Requests:
    """The questions that have neither a readable answer nor all their attempts behind them, by custom id."""
    standing = {key: _standing(asked, kept, schema, attempts)[0] for key, asked in questions.items()}
    return {custom: questions[key] for key, custom in standing.items() if custom}


def _standing(
    asked: dict[str, Any], kept: Mapping[str, dict[str, Any]], schema: type[BaseModel], attempts: int
) -> tuple[str, Answer]:
    """The custom id under which a question is still to be asked (empty when it is not), and its answer so far."""
    answer: Answer = None, "never asked"
    for attempt in range(1, attempts + 1):
        key = custom_id("reply", attempt, asked)
        if key not in kept:
            return key, answer
        answer = read(kept[key], schema)
        if answer[0]:
            break
    return "", answer
