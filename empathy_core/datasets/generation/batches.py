"""Message batches that are submitted once and read whole, whatever happens in between.

The service takes no idempotency key: a batch whose reply was lost exists and is billed. So the batches that existed
before are on disk before one is created, creation is never repeated blindly, and a new one of the same size is adopted.
"""

import json
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import anthropic
from anthropic.types.messages import MessageBatch

from empathy_core.contracts import BadInput
from empathy_core.datasets.generation.journal import append, read_lines, write_json
from empathy_core.datasets.generation.requests import Batch, Requests
from empathy_core.datasets.generation.service import (
    TRANSIENT,
    WAITS,
    Garbled,
    Sleep,
    patiently,
    raise_if_spent,
    refused,
    typed,
    unreachable,
)

LOOKS = (2, 5, 10)
"""Seconds before each look for a batch whose reply was lost: the list may not show a new one at once."""
Progress = Callable[[str, int, int], None]
"""Told the name of a batch, how many of its results are on disk, and how many it will have."""


def run_batch(
    client: anthropic.Anthropic,
    requests: Requests,
    folder: Path,
    name: str,
    progress: Progress,
    poll: float,
    sleep: Sleep,
) -> Batch:
    """Have `requests` answered in one batch: submit it once, ask every `poll` seconds, read every result.

    Killed anywhere and called again with the same arguments, it goes on where it was. Its state is
    `<name>.state.json` and its answers `<name>.results.jsonl` in `folder`. Raises `BadInput` when the service refuses
    or keeps failing, and when the folder holds the state of other requests.
    """
    path, kept = folder / f"{name}.state.json", folder / f"{name}.results.jsonl"
    state = _state(path, requests)
    if "batch" not in state:
        batch = _submitted(client, requests, state, path, sleep)
        state |= {"batch": batch.id, "created": batch.created_at.isoformat()}
        write_json(path, state)
    results = {record["custom_id"]: record["result"] for record in read_lines(kept)}
    progress(name, len(results), len(requests))
    if len(results) < len(requests):
        _wait(client, state["batch"], poll, sleep)
        patiently(lambda: _collect(client, state["batch"], requests, results, kept), sleep)
        progress(name, len(results), len(requests))
    return Batch(state["batch"], state["created"], results)


def _state(path: Path, requests: Requests) -> dict[str, Any]:
    state = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"requests": sorted(requests)}
    if state["requests"] != sorted(requests):
        raise BadInput(
            "A batch is continued with the requests it was started with.",
            f"other requests than those in {path}",
            "the rules, the prompts or the reference texts have changed since",
            "continue with the version that started it, or move the folder away and pay again",
        )
    return state


def _submitted(
    client: anthropic.Anthropic, requests: Requests, state: dict[str, Any], path: Path, sleep: Sleep
) -> MessageBatch:
    in_doubt = "before" in state  # an earlier run died after saving this, perhaps after creating the batch
    if not in_doubt:
        state["before"] = [batch.id for batch in patiently(lambda: list(_listed(client)), sleep)]
        write_json(path, state)
    body: Any = [{"custom_id": key, "params": parameters} for key, parameters in requests.items()]
    for wait in WAITS:
        sleep(wait)
        if in_doubt and (batch := _lost(client, state["before"], len(requests), path, sleep)):
            return batch
        try:
            return typed(client.messages.batches.create(requests=body), MessageBatch)
        except TRANSIENT as error:
            raise_if_spent(error)
            in_doubt = not isinstance(error, anthropic.RateLimitError)  # which alone is sure to have created nothing
        except anthropic.APIStatusError as error:
            raise refused(error) from None
    raise unreachable("no answer to a new batch")


def _lost(
    client: anthropic.Anthropic, before: Collection[str], size: int, path: Path, sleep: Sleep
) -> MessageBatch | None:
    """The batch of this size that has appeared since, if there is one."""
    for wait in LOOKS:
        sleep(wait)
        batches = patiently(lambda: list(_listed(client)), sleep)
        new = [batch for batch in batches if batch.id not in before and _size(batch) == size]
        if len(new) > 1:
            raise BadInput(
                "A batch whose reply was lost can be told from others.",
                f"{len(new)} new ones of {size} requests: {', '.join(batch.id for batch in new)}",
                "another run of the same size at the same time",
                f'find the right one in the console; add its id and time to {path} as "batch" and "created"',
            )
        if new:
            return new[0]
    return None


def _listed(client: anthropic.Anthropic) -> Iterator[MessageBatch]:
    try:
        page = client.messages.batches.list(limit=100)
        yield from page.data
        while page.has_next_page():
            page = page.get_next_page()
            yield from page.data
    except AttributeError as error:  # what the client makes of a web page in place of a list
        raise Garbled("no list in the answer") from error


def _size(batch: MessageBatch) -> int:
    counts = batch.request_counts
    return counts.processing + counts.succeeded + counts.errored + counts.canceled + counts.expired


def _wait(client: anthropic.Anthropic, batch: str, poll: float, sleep: Sleep) -> None:
    def status() -> str:
        return typed(client.messages.batches.retrieve(batch), MessageBatch).processing_status

    while patiently(status, sleep) != "ended":
        sleep(poll)


def _collect(
    client: anthropic.Anthropic, batch: str, requests: Requests, results: dict[str, dict[str, Any]], path: Path
) -> None:
    """Append every result that is not there yet to the file and to `results`."""
    for item in client.messages.batches.results(batch):
        record: dict[str, Any] = item.to_dict(mode="json")
        if "custom_id" not in record:
            raise Garbled(f"a line that is no result in {batch}")
        if record["custom_id"] not in requests:
            raise BadInput(
                "A batch holds the requests of its run.",
                f"a result for {record['custom_id']!r} in {batch}",
                "a batch of another program, taken for the one whose reply was lost",
                f"remove this batch from {path.parent}/*.state.json and run again",
            )
        if record["custom_id"] not in results:
            append(path, record)
            results[record["custom_id"]] = record["result"]
    if len(results) < len(requests):  # a stream cut between two lines ends as a whole one does
        raise Garbled(f"{len(results)} of {len(requests)} results in {batch}")
