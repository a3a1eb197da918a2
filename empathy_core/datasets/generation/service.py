"""The service's door: a client from one key, models checked before anything is paid for, patience with what passes."""

import json
import os
from collections.abc import Callable
from typing import Any, TypeVar

import anthropic
import httpx2
from anthropic.types import ModelInfo

from empathy_core.contracts import BadInput

TIMEOUT_SECONDS = 600.0
WAITS = (0, 1, 2, 4, 8, 16, 30, 60, 60)
"""Seconds before each attempt; the service's own `retry-after` is not followed, for it has no upper bound."""
Sleep = Callable[[float], None]
_T = TypeVar("_T")


class Garbled(Exception):
    """An answer of status 200 that is not what was asked for, such as a proxy's page or half a stream."""


TRANSIENT = (
    anthropic.APIConnectionError,
    anthropic.InternalServerError,
    anthropic.RateLimitError,
    anthropic.RequestTimeoutError,
    anthropic.ConflictError,
    httpx2.TransportError,
    json.JSONDecodeError,
    UnicodeDecodeError,
    Garbled,
)
"""Failures that pass; the last five are what a cut or foreign body raises, outside the client's own errors."""


def connect() -> anthropic.Anthropic:
    """A client with the key in ANTHROPIC_API_KEY and no other credential; ANTHROPIC_BASE_URL is honoured.

    It never retries by itself: `patiently` does, where a repeated call costs nothing. Raises `BadInput` without a key.
    """
    key = os.environ.get("ANTHROPIC_API_KEY", "").strip()
    if not key:
        raise BadInput(
            "Generation with Claude needs an API key.",
            "no ANTHROPIC_API_KEY in the environment",
            "the variable was not exported, or not passed on to the step",
            "set it, or use the bundled texts",
        )
    return anthropic.Anthropic(api_key=key, max_retries=0, timeout=TIMEOUT_SECONDS)


def check_models(client: anthropic.Anthropic, writer: str, judge: str, sleep: Sleep) -> tuple[str, ...]:
    """Ask the service whether both models can do this work; returns notes for the reader, such as a deprecation.

    Raises `BadInput` for an unknown or retired model, one without batches or structured outputs, and two of one line.
    """
    found = {name: _model(client, name, sleep) for name in (writer, judge)}
    for name, model in found.items():
        _is_able(name, model)
    if found[writer].line and found[writer].line == found[judge].line:
        raise BadInput(
            "Generator and judge are of different model lines, so that no model marks its own kind of text.",
            f"{writer} and {judge}, both of the line {found[writer].line}",
            fix="choose the judge from another line",
        )
    deprecated = [f"{name} is deprecated" for name, model in found.items() if model.lifecycle == "deprecated"]
    unlined = [f"the service states no model line for {name}" for name, model in found.items() if not model.line]
    return (*deprecated, *unlined)


def patiently(call: Callable[[], _T], sleep: Sleep) -> _T:
    """The result of a call that may be repeated at no cost, tried again while the service fails in ways that pass.

    Raises `BadInput` when the service refuses the request, or fails `len(WAITS)` times in a row.
    """
    last = ""
    for wait in WAITS:
        sleep(wait)
        try:
            return call()
        except TRANSIENT as error:
            raise_if_spent(error)
            last = str(error) if isinstance(error, Garbled) else type(error).__name__
        except anthropic.APIStatusError as error:
            raise refused(error) from None
    raise unreachable(last)


def typed(answer: Any, kind: type[_T]) -> _T:
    """The answer, if it is what was asked for; the client hands a web page on as a string."""
    if not isinstance(answer, kind):
        raise Garbled(f"no {kind.__name__} in the answer")
    return answer


def raise_if_spent(error: Exception) -> None:
    """A spent budget comes as a rate limit, and waiting does not end it."""
    if isinstance(error, anthropic.RateLimitError) and (error.error_code or "").endswith("spend_limit_reached"):
        raise refused(error) from None


def refused(error: anthropic.APIStatusError) -> BadInput:
    """The error of a request that the service will not take, however often it is repeated.

    It is raised without its cause: of a refused key, the service's own words might repeat it.
    """
    said = "" if error.status_code in (401, 403) else f": {error.api_message or error.type}"
    causes = {
        401: "a key that is wrong or was revoked",
        402: "no credit left",
        403: "a key that may not do this",
        404: "a batch of another workspace, or one whose results are older than 29 days",
        429: "the spend limit is reached",
    }
    return BadInput(
        "The service accepts the request.",
        f"status {error.status_code} ({error.request_id or 'no request id'}){said}",
        causes.get(error.status_code, "a model or parameter that it does not take"),
        "mend it and run again: everything that arrived before is kept, and nothing is paid twice",
    )


def unreachable(last: str) -> BadInput:
    """The error of a service that keeps failing."""
    return BadInput(
        f"The service answers within {len(WAITS)} attempts.",
        f"{len(WAITS)} failures in a row, the last: {last}",
        "an outage, a rate limit or the network",
        "run again later: everything that arrived before is kept, and nothing is paid twice",
    )


def _model(client: anthropic.Anthropic, name: str, sleep: Sleep) -> ModelInfo:
    def ask() -> ModelInfo | None:
        try:
            return typed(client.models.retrieve(name), ModelInfo)
        except anthropic.NotFoundError:
            return None

    model = patiently(ask, sleep)
    if model is None:
        raise BadInput(
            "The service knows the model.", repr(name), "a misspelt or withdrawn id", "choose a current model"
        )
    return model


def _is_able(name: str, model: ModelInfo) -> None:
    if model.lifecycle == "retired":
        raise BadInput("A model is in service.", f"{name}, which is retired", fix="choose a current model")
    abilities = model.capabilities
    for ability in ("batch", "structured_outputs") if abilities else ():
        if not getattr(abilities, ability).supported:
            raise BadInput(
                "The models can do batches and structured outputs.",
                f"{name} without {ability}",
                fix="choose another model",
            )
