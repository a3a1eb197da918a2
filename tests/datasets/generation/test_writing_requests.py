import json

import pytest
from anthropic import transform_schema
from author import triplet
from pydantic import BaseModel, ConfigDict

from empathy_core.datasets.generation.grid import cells
from empathy_core.datasets.generation.judge import RUBRICS
from empathy_core.datasets.generation.requests import custom_id, fingerprint, message_parameters, read
from empathy_core.datasets.generation.writing import Triplet, writing_parameters


class Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    number: int


def succeeded(text: str, **message: object) -> dict[str, object]:
    content = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": text}]
    return {"type": "succeeded", "message": {"stop_reason": "end_turn", "content": content, **message}}


def test_a_good_reply_is_read():
    assert read(succeeded('{"number": 3}'), Answer) == (Answer(number=3), "")


@pytest.mark.parametrize(
    "result, reason",
    [
        (succeeded('{"number": 3}', stop_reason="max_tokens"), "stopped at max_tokens"),
        (succeeded("", stop_reason="refusal", stop_details={"category": "bio"}), "refusal (bio)"),
        (succeeded("", stop_reason="refusal", stop_details=None), "refusal (no category)"),
        (succeeded('{"number": "x"}'), "not of the schema: int_parsing at number"),
        (succeeded('{"number": 3, "more": 1}'), "not of the schema: extra_forbidden at more"),
        (succeeded('Here it is: {"number": 3}'), "not of the schema: json_invalid at the reply"),
        ({"type": "expired"}, "expired"),
        ({"type": "errored", "error": {"type": "error", "error": {"type": "api_error"}}}, "errored api_error"),
    ],
)
def test_a_bad_reply_is_none_with_its_reason_and_truncation_is_seen_before_the_text(result, reason):
    assert read(result, Answer) == (None, reason)


def test_a_custom_id_is_short_and_changes_with_anything_asked():
    parameters = message_parameters("m", "brief", "request", Answer)
    name = custom_id("friendship-9-instrumental-3", 3, parameters)
    assert name == f"friendship-9-instrumental-3-a3-{fingerprint(parameters)[:16]}" and len(name) <= 64
    assert custom_id("friendship-9-instrumental-3", 3, parameters | {"max_tokens": 1}) != name
    assert custom_id("friendship-9-instrumental-3", 3, dict(reversed(parameters.items()))) == name


def test_the_schema_keeps_what_the_clients_own_transformation_does():
    schema = message_parameters("m", "brief", "request", Triplet)["output_config"]["format"]["schema"]
    own = transform_schema(Triplet)
    assert schema["required"] == own["required"] == ["scenario", *RUBRICS]
    assert schema["additionalProperties"] is own["additionalProperties"] is False
    assert schema["properties"].keys() == own["properties"].keys()


def test_a_request_states_its_cell_and_shares_its_brief_with_all_others():
    requests = [writing_parameters("m", cell, (), ()) for cell in cells()]
    assert len({json.dumps(request["system"]) for request in requests}) == 1
    assert requests[0]["system"][0]["cache_control"] == {"type": "ephemeral", "ttl": "1h"}
    assert len({request["messages"][0]["content"] for request in requests}) == 90
    formal, casual = (requests[number]["messages"][0]["content"] for number in (0, 3))
    assert "she/her" in formal and "no contraction anywhere" in formal and "every reply says I" in formal
    assert "he/him" in casual and "at least one contraction" in casual
    assert requests[0]["max_tokens"] >= 4000 and "temperature" not in requests[0]


def test_used_scenarios_and_reasons_stand_in_the_request_only_when_there_are_some():
    [cell, *_] = cells()
    told = writing_parameters("m", cell, ["A story."], ["cognitive: 63 words"])["messages"][0]["content"]
    assert "- A story." in told and "- cognitive: 63 words" in told
    assert "turned down" not in writing_parameters("m", cell, (), ())["messages"][0]["content"]


def test_a_triplet_gives_its_replies_by_style():
    found = triplet(cells()[0])
    assert Triplet(**found).replies == {style: found[style] for style in RUBRICS}
