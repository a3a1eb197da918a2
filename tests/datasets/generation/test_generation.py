"""The whole path against a loopback server: every fault and every kill ends with 90 triplets, each paid for once."""

import errno
import os
import re
import signal
import subprocess
import sys
import traceback
from pathlib import Path

import pytest
from anthropic.resources.messages.batches import Batches
from author import always, author, reference, triplet
from stub import KEY, Stub

from empathy_core.contracts import BadInput
from empathy_core.datasets.generation import batches, service
from empathy_core.datasets.generation.generate import generate
from empathy_core.datasets.generation.grid import cells
from empathy_core.datasets.generation.outcome import Generated
from empathy_core.datasets.generation.plan import GenerationSettings, plan_key

SWAPPED = ("work-1", "school-4", "grief-3")
FEW = GenerationSettings(triplets=12)
ROUTES = ("models", "list", "create", "poll", "results")
KILLED_CHILD = """
import sys
from pathlib import Path
from author import reference
from empathy_core.datasets.generation.generate import generate
from empathy_core.datasets.generation.plan import GenerationSettings
generate(GenerationSettings(), Path(sys.argv[1]), reference(), lambda *_: None, sleep=lambda seconds: None)
"""


class Killed(BaseException):
    """What no handler of the package catches, as a kill."""


def run(folder: Path, settings=None, progress=lambda *_: None, sleep=lambda seconds: None) -> Generated:
    return generate(settings or GenerationSettings(), folder, reference(), progress, sleep)


def billed(stub: Stub) -> list[str]:
    """Custom ids of everything the server was asked to do, with repetitions."""
    return [request["custom_id"] for batch in stub.batches.values() for request in batch["requests"]]


def assert_whole(generated: Generated, stub: Stub, batches: int = 2, triplets: int = 90):
    assert len(generated.texts) == 3 * triplets and not generated.missing
    assert len(stub.batches) == batches
    assert len(billed(stub)) == len(set(billed(stub)))


def test_every_cell_becomes_three_texts_of_its_specification(tmp_path, serve):
    stub = serve()
    generated = run(tmp_path)
    assert_whole(generated, stub)
    assert (generated.texts.name, generated.texts.kind) == ("generated", "measured")
    for cell, *texts in zip(cells(), *(generated.texts.texts[start::3] for start in range(3)), strict=True):
        for text in texts:
            assert text.id == f"{cell.scenario_id}-{text.style}"
            assert (text.context, text.split, text.origin) == (cell.domain, cell.split, "claude-haiku-5-5")
            assert (text.register, text.family, text.person) == (cell.register, cell.family, cell.person)
            assert (text.scenario, text.response) == (triplet(cell)["scenario"], triplet(cell)[text.style])


def test_a_second_run_asks_the_server_for_nothing_that_costs(tmp_path, serve):
    stub = serve()
    first = run(tmp_path, FEW)
    assert run(tmp_path, FEW) == first
    assert len(stub.batches) == 2


@pytest.mark.parametrize("fault", ["429", "529", "reset", "html"])
def test_a_fault_of_every_route_twice_in_a_row_costs_nothing(tmp_path, serve, fault):
    stub = serve(faults=dict.fromkeys(ROUTES, [fault] * 2))
    assert_whole(run(tmp_path), stub)


@pytest.mark.parametrize(
    "faults",
    [
        {"create": ["lost", None, "lost"]},
        {"create": ["lost-html"]},
        {"create": ["529", "lost"], "list": [None, "529"]},
        {"results": ["cut-by-length", "cut-by-length"]},
        {"results": ["cut-in-a-letter"]},
        {"results": ["cut-in-a-line", None, "cut-in-a-line"]},
        {"results": ["cut-between-lines", "html", "cut-in-a-line"]},
    ],
    ids=str,
)
def test_lost_replies_and_cut_results_cost_nothing(tmp_path, serve, faults):
    stub = serve(faults=faults)
    assert_whole(run(tmp_path), stub)


def test_timeouts_cost_nothing(tmp_path, serve, monkeypatch):
    monkeypatch.setattr(service, "TIMEOUT_SECONDS", 0.2)
    stub = serve(faults={"create": ["timeout"], "poll": ["timeout"], "results": ["timeout"]})
    assert_whole(run(tmp_path), stub)


def test_items_that_came_to_nothing_are_written_again_alone(tmp_path, serve):
    bad = {"work-1-a1": "truncated", "school-2-a1": "refusal", "health-3-a1": "fenced", "money-1-a1": "errored"}
    stub = serve(item_faults=bad | {"grief-9-a1": "expired", "family-5-a1": "canceled"})
    generated = run(tmp_path)
    assert_whole(generated, stub, batches=4)
    names = [re.sub(r"-[0-9a-f]{16}$", "", name) for name in billed(stub)]
    again = {"work-1", "school-2", "health-3", "money-1", "grief-9", "family-5"}
    assert {name for name in names if name.endswith("-a2") and name.count("-") == 2} == {f"{name}-a2" for name in again}
    assert generated.refusals == {**dict.fromkeys(generated.refusals, 0), "school": 1}
    attempts = {row.text_id: row.attempt for row in generated.provenance}
    assert {name.rsplit("-", 1)[0] for name, attempt in attempts.items() if attempt == 2} == again


def test_a_verdict_that_could_not_be_read_is_asked_for_again_and_the_triplet_is_not(tmp_path, serve):
    stub = serve(item_faults={"work-1-affective-1-a1": "expired", "planted-7-a1": "refusal"})
    assert_whole(run(tmp_path, FEW), stub, batches=3, triplets=12)
    [*_, last] = stub.batches.values()
    names = {request["custom_id"].rsplit("-", 1)[0] for request in last["requests"]}
    assert names == {"work-1-affective-1-a2", "planted-7-a2"}


def test_a_triplet_with_an_objection_does_not_wait_for_a_verdict_that_could_not_be_read(tmp_path, serve):
    stub = serve(author(swapped=["work-1"]), item_faults={"work-1-instrumental-1-a1": "errored"})
    assert_whole(run(tmp_path, FEW), stub, batches=4, triplets=12)
    [again] = stub.batches["msgbatch_3"]["requests"]
    told = again["params"]["messages"][0]["content"]
    assert "reads only 2 of 7 as affective" in told and "no verdict" not in told


def test_what_keeps_failing_is_reported_missing_with_its_reasons(tmp_path, serve):
    faults = {"work-1-a": "refusal", "grief-2-cognitive": "errored"}
    stub = serve(author(hopeless=("money-4",)), item_faults=faults)
    generated = run(tmp_path)
    assert len(generated.texts) == 261
    assert [lost.scenario_id for lost in generated.missing] == ["work-1", "grief-2", "money-4"]
    assert [lost.reasons for lost in generated.missing] == [
        (("no triplet: refusal (general_harms)",),) * 3,
        (("cognitive: no verdict: errored api_error",),) * 3,
        (("cognitive: stock phrase 'consider'",),) * 3,
    ]
    assert generated.refusals["work"] == 3
    assert len(billed(stub)) == len(set(billed(stub)))


def test_the_next_attempt_is_told_what_was_wrong_and_what_its_domain_holds(tmp_path, serve):
    stub = serve(author(swapped=SWAPPED, faulty=("money-3",)))
    assert_whole(run(tmp_path), stub, batches=4)
    requests = {
        request["custom_id"].rsplit("-", 1)[0]: request["params"]["messages"][0]["content"]
        for batch in stub.batches.values()
        for request in batch["requests"]
    }
    assert "stock phrase 'consider'" in requests["money-3-a2"]
    assert "affective: reads only 2 of 7 as affective" in requests["work-1-a2"]
    for cell in cells():
        assert (triplet(cell)["scenario"] in requests["work-1-a2"]) == (
            cell.domain == "work" and cell.scenario_id != "work-1"
        )


def test_a_scenario_that_repeats_another_is_written_again(tmp_path, serve):
    first, second = (triplet(cell)["scenario"] for cell in cells()[:2])
    plain = author()
    copy = first.replace("her", "him").replace(first.split()[1], second.split()[1])

    def respond(parameters):
        repeats = "turned down" not in parameters["messages"][0]["content"]
        found = plain(parameters)
        return found | {"scenario": copy} if repeats and found.get("scenario") == second else found

    stub = serve(respond)
    generated = run(tmp_path)
    assert_whole(generated, stub, batches=4)
    assert {row.text_id.rsplit("-", 1)[0] for row in generated.provenance if row.attempt == 2} == {"work-2"}
    [told] = stub.batches["msgbatch_3"]["requests"]
    assert f"too close to work-1, which is: {first}" in told["params"]["messages"][0]["content"]


def kill_creation(monkeypatch, after: bool):
    """Kill at the first batch, before or after the server took it."""
    create = Batches.create

    def killed(self, **arguments):
        monkeypatch.setattr(Batches, "create", create)
        if after:
            create(self, **arguments)
        raise Killed

    monkeypatch.setattr(Batches, "create", killed)


def kill_reading(monkeypatch, after: int):
    """Kill while a result is written, half of its line on disk."""
    append, seen = batches.append, []

    def killed(path, record):
        seen.append(record)
        if len(seen) < after:
            return append(path, record)
        monkeypatch.setattr(batches, "append", append)
        with path.open("a") as stream:
            stream.write('{"custom_id": "half')
        raise Killed

    monkeypatch.setattr(batches, "append", killed)


def raise_at(*moment):
    def progress(*told):
        if told == moment:
            raise Killed

    return progress


@pytest.mark.parametrize(
    "stage",
    ["before create", "between create and save", "polling", "reading", "between rounds", "judging", "reading verdicts"],
)
def test_a_run_killed_at_any_stage_is_finished_by_the_next_without_another_batch(tmp_path, serve, monkeypatch, stage):
    stub, arguments = serve(author(swapped=SWAPPED)), {}
    if stage in ("before create", "between create and save"):
        kill_creation(monkeypatch, after=stage == "between create and save")
    elif stage in ("reading", "reading verdicts"):
        kill_reading(monkeypatch, after=40 if stage == "reading" else 90 + 200)
    elif stage == "polling":
        arguments = {"sleep": lambda seconds: (_ for _ in ()).throw(Killed)}
    else:
        moments = {"between rounds": ("judge-1", 390, 390), "judging": ("judge-1", 0, 390)}
        arguments = {"progress": raise_at(*moments[stage])}
    with pytest.raises(Killed):
        run(tmp_path, **arguments)
    assert_whole(run(tmp_path), stub, batches=4)


@pytest.mark.parametrize("route", ["created", "results"])
def test_a_process_killed_by_the_system_is_finished_by_the_next(tmp_path, serve, route):
    child = []

    def kill():
        if child and child[0].poll() is None:
            os.kill(child[0].pid, signal.SIGKILL)
            child[0].wait()

    stub = serve(hooks={route: kill})
    path = os.pathsep.join(sys.path)
    command = [sys.executable, "-c", KILLED_CHILD, str(tmp_path)]
    child.append(subprocess.Popen(command, env=os.environ | {"PYTHONPATH": path}))
    assert child[0].wait(30) == -signal.SIGKILL
    assert len(stub.batches) == 1
    assert_whole(run(tmp_path), stub)


def test_a_full_disk_keeps_what_arrived_and_the_next_run_goes_on(tmp_path, serve, monkeypatch):
    stub, append, room = serve(), batches.append, iter(range(40))

    def full(path, record):
        append(path if next(room, None) is not None else Path("/dev/full"), record)

    monkeypatch.setattr(batches, "append", full)
    with pytest.raises(BadInput, match=r"full disk.*kept.*nothing is paid twice"):
        run(tmp_path)
    [results] = tmp_path.glob("*/write-1.results.jsonl")
    assert len(results.read_text().splitlines()) == 40
    monkeypatch.setattr(batches, "append", append)
    assert_whole(run(tmp_path), stub)


def test_a_disk_that_is_full_before_anything_is_sent_costs_nothing(tmp_path, serve, monkeypatch):
    stub = serve()

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BadInput, match="full disk"):
        run(tmp_path)
    assert not stub.batches


def test_the_key_is_in_no_file_and_in_no_error(tmp_path, serve, monkeypatch):
    serve()
    run(tmp_path, FEW)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) >= 5
    assert not [path for path in files if KEY.encode() in path.read_bytes()]
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-wrong-98765")  # the stub repeats it in its refusal
    with pytest.raises(BadInput, match=r"status 401.*wrong or was revoked") as caught:
        run(tmp_path / "other", FEW)
    assert "98765" not in "".join(traceback.format_exception(caught.value))


def test_a_missing_key_is_refused_before_anything_else(tmp_path, serve, monkeypatch):
    serve()
    monkeypatch.setenv("ANTHROPIC_API_KEY", " ")
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", KEY)  # another credential of the SDK, which must not be used
    with pytest.raises(BadInput, match="ANTHROPIC_API_KEY"):
        run(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "models, message",
    [
        ({"writer": "claude-opus-3"}, "claude-opus-3, which is retired"),
        ({"judge": "claude-haiku-4-5"}, "line haiku"),
        ({"judge": "claude-opsu"}, "'claude-opsu'.*misspelt"),
        ({"judge": "claude-sonnet-old"}, "claude-sonnet-old without batch"),
    ],
)
def test_an_unfit_model_is_refused_by_name_before_anything_is_sent(tmp_path, serve, models, message):
    stub = serve()
    with pytest.raises(BadInput, match=message):
        run(tmp_path, GenerationSettings(**models))
    assert not stub.batches


def test_a_deprecated_model_and_one_without_a_line_are_noted(tmp_path, serve):
    serve()
    settings = GenerationSettings("claude-haiku-4-5", "claude-unlined", triplets=10)
    assert run(tmp_path, settings).notes == (
        "claude-haiku-4-5 is deprecated",
        "the service states no model line for claude-unlined",
    )


@pytest.mark.parametrize(
    "fault, message", [("spent", "spend limit"), ("402", "no credit left"), ("400", r"status 400 \(req_1\): stub")]
)
def test_a_refusal_of_the_service_is_not_tried_again_and_costs_nothing(tmp_path, serve, fault, message):
    stub = serve(faults={"create": [fault]})
    with pytest.raises(BadInput, match=rf"{message}.*kept"):
        run(tmp_path, FEW)
    assert not stub.faults["create"] and not stub.batches
    assert_whole(run(tmp_path, FEW), stub, triplets=12)


def test_an_outage_is_given_up_and_the_next_run_goes_on(tmp_path, serve):
    stub, waits = serve(faults={"results": ["529"] * len(service.WAITS)}), []
    with pytest.raises(BadInput, match=r"9 failures in a row, the last: OverloadedError.*run again"):
        run(tmp_path, FEW, sleep=waits.append)
    assert tuple(waits[-len(service.WAITS) :]) == service.WAITS
    assert_whole(run(tmp_path, FEW), stub, triplets=12)


def test_nothing_accepted_is_an_error_with_the_commonest_reason(tmp_path, serve):
    settings = GenerationSettings(triplets=12, attempts=2)
    serve(author(hopeless=[cell.scenario_id for cell in cells()]))
    with pytest.raises(BadInput, match=r"none of 12; most often: cognitive: stock phrase 'consider' \(24 times\)"):
        run(tmp_path, settings)


def test_a_sound_judge_passes_its_gates(tmp_path, serve):
    serve(author(swapped=["work-1"]))
    assert {gate.name: gate.passed for gate in run(tmp_path, FEW).gates} == dict.fromkeys(
        ("judge-caught", "judge-false-alarms", "judge-accepted", "judge-values"), True
    )


def test_a_judge_of_one_value_fails_its_gates_and_nothing_is_accepted(tmp_path, serve):
    serve(author(verdict=always(7)))
    with pytest.raises(BadInput, match="reads n of n as affective, which is another style"):
        run(tmp_path, GenerationSettings(triplets=12, attempts=1))


def test_usage_is_what_the_service_counted(tmp_path, serve):
    serve(author(swapped=SWAPPED))
    writer, judge = run(tmp_path).usage
    assert (writer.model, writer.batches, writer.requests) == ("claude-haiku-5-5", 2, 93)
    assert (writer.input_tokens, writer.output_tokens, writer.cache_read_tokens) == (9300, 930, 93)
    assert (judge.model, judge.batches, judge.requests) == ("claude-opus-5-5", 2, 270 + 120 + 9)


def test_progress_tells_every_batch_from_none_to_all(tmp_path, serve):
    serve()
    told = []
    run(tmp_path, FEW, progress=lambda *step: told.append(step))
    assert told == [("write-1", 0, 12), ("write-1", 12, 12), ("judge-1", 0, 156), ("judge-1", 156, 156)]


def test_settings_of_their_own_have_a_folder_of_their_own(tmp_path, serve):
    serve()
    for triplets in (10, 12):
        run(tmp_path, GenerationSettings(triplets=triplets))
    assert {path.name for path in tmp_path.iterdir()} == {
        plan_key(GenerationSettings(triplets=triplets)) for triplets in (10, 12)
    }
