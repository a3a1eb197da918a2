"""The one form of a request to the service and the one reader of its answers."""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

MAX_TOKENS = 6000
"""Room for the model's thinking, which counts as output, and for a triplet of some 600 tokens."""
Requests = dict[str, dict[str, Any]]
"""Message parameters by custom id."""
_Schema = TypeVar("_Schema", bound=BaseModel)


@dataclass(frozen=True)
class Batch:
    """Requests that were answered together."""

    id: str
    created: str
    """When the service took it, in ISO 8601."""
    results: dict[str, dict[str, Any]]
    """The service's result by custom id, as JSON."""


def message_parameters(model: str, brief: str, request: str, schema: type[BaseModel]) -> dict[str, Any]:
    """Parameters of one message: a brief shared by all requests (cached for an hour), the request, the reply's schema.

    The service enforces names, types and listed values of the schema, and no other bound.
    """
    return {
        "model": model,
        "max_tokens": MAX_TOKENS,
        "system": [{"type": "text", "text": brief, "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
        "messages": [{"role": "user", "content": request}],
        "output_config": {"format": {"type": "json_schema", "schema": _json_schema(schema)}},
    }


def fingerprint(value: Any) -> str:
    """SHA-256 of a JSON value, in hexadecimal; equal values have equal ones whatever their order of keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def custom_id(item: str, attempt: int, parameters: dict[str, Any]) -> str:
    """Name of a request: what it is for, which attempt, and sixteen digits of its hash; at most 64 characters."""
    return f"{item}-a{attempt}-{fingerprint(parameters)[:16]}"


def read(result: dict[str, Any], schema: type[_Schema]) -> tuple[_Schema | None, str]:
    """What a batch result says, or None and why it says nothing.

    `stop_reason` is looked at before the text: a truncated reply can be valid JSON, and a refused one has none.
    """
    if result["type"] != "succeeded":
        error = result.get("error", {}).get("error", {})
        return None, " ".join(filter(None, (result["type"], error.get("type"))))
    message = result["message"]
    if message["stop_reason"] == "refusal":
        category = (message.get("stop_details") or {}).get("category")
        return None, f"refusal ({category or 'no category'})"
    if message["stop_reason"] != "end_turn":
        return None, f"stopped at {message['stop_reason']}"
    text = "".join(block["text"] for block in message["content"] if block["type"] == "text")
    try:
        return schema.model_validate_json(text), ""
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the reply"
        return None, f"not of the schema: {first['type']} at {where}"


@cache
def _json_schema(schema: type[BaseModel]) -> dict[str, Any]:
    return schema.model_json_schema()
