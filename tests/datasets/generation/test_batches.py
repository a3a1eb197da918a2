"""Batches that cannot be told from others, or are not ours, and the order of the lists that adoption reads."""

import json

import pytest
from author import author
from stub import Stub

from empathy_core.contracts import BadInput
from empathy_core.datasets.generation.batches import LOOKS, run_batch
from empathy_core.datasets.generation.grid import cells
from empathy_core.datasets.generation.requests import custom_id
from empathy_core.datasets.generation.service import connect
from empathy_core.datasets.generation.writing import writing_parameters


def asked(n: int, start: int = 0) -> dict[str, dict[str, object]]:
    chosen = cells()[start : start + n]
    found = {cell.scenario_id: writing_parameters("claude-haiku-5-5", cell, (), ()) for cell in chosen}
    return {custom_id(name, 1, parameters): parameters for name, parameters in found.items()}


def run(folder, requests, sleep=lambda seconds: None):
    with connect() as client:
        return run_batch(client, requests, folder, "test", lambda *_: None, 1.0, sleep)


def others(stub: Stub, *sizes: int) -> None:
    for number, size in enumerate(sizes):
        names = [f"stranger-{number}-{item}" for item in range(size)]
        parameters = next(iter(asked(1).values()))
        stub.store([{"custom_id": name, "params": parameters} for name in names])


def test_a_batch_returns_every_result_by_its_custom_id(tmp_path, serve):
    stub, requests = serve(), asked(5)
    batch = run(tmp_path, requests)
    assert batch.id == "msgbatch_1" and batch.results.keys() == requests.keys()
    [stored] = stub.batches.values()
    assert batch.created == stored["created"].isoformat()


def test_a_lost_batch_is_found_among_older_ones_on_several_pages_of_the_list(tmp_path, serve):
    stub, waits = serve(faults={"create": ["lost"]}), []
    others(stub, 5, 3, 5, 5, 5)
    assert run(tmp_path, asked(5), waits.append).id == "msgbatch_6"
    assert len(stub.batches) == 6 and LOOKS[0] in waits


def test_newer_batches_of_another_size_are_left_alone(tmp_path, serve):
    stub = serve(faults={"create": ["lost"]})
    stub.hooks["created"] = lambda: others(stub, 4, 6) if len(stub.batches) == 1 else None
    assert run(tmp_path, asked(5)).id == "msgbatch_1"


def test_two_that_could_be_the_lost_one_are_an_error_that_names_both(tmp_path, serve):
    stub = serve(faults={"create": ["lost"]})
    stub.hooks["created"] = lambda: others(stub, 5)
    with pytest.raises(BadInput, match="2 new ones of 5 requests: msgbatch_2, msgbatch_1"):
        run(tmp_path, asked(5))


def test_a_strangers_batch_taken_for_the_lost_one_is_noticed(tmp_path, serve):
    stub = serve(faults={"create": ["reset"]})
    stub.hooks["create"] = lambda: others(stub, 5)
    with pytest.raises(BadInput, match="result for 'stranger-0-"):
        run(tmp_path, asked(5))


def test_the_state_of_other_requests_is_not_continued(tmp_path, serve):
    stub = serve()
    run(tmp_path, asked(5))
    with pytest.raises(BadInput, match=r"test\.state\.json.*have changed since"):
        run(tmp_path, asked(5, start=1))
    assert len(stub.batches) == 1


def test_the_state_holds_ids_and_no_text(tmp_path, serve):
    serve()
    requests = asked(3)
    run(tmp_path, requests)
    state = json.loads((tmp_path / "test.state.json").read_text())
    assert state.keys() == {"requests", "before", "batch", "created"}
    assert state["requests"] == sorted(requests)


def test_a_batch_that_takes_long_is_asked_for_at_the_stated_interval(tmp_path, serve):
    waits = []
    serve(author(), polls=5)
    run(tmp_path, asked(2), waits.append)
    assert [wait for wait in waits if wait] == [1.0] * 4
