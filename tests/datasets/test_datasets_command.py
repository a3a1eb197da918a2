import json

import pytest

from empathy_core.contracts import Gate
from empathy_core.datasets import __main__ as command
from empathy_core.datasets.files import bundled, load, write_jsonl
from empathy_core.datasets.gates import gates
from empathy_core.datasets.review.sheet import item_id
from empathy_core.datasets.splits import grouped_folds


@pytest.fixture(scope="module")
def quality() -> tuple[Gate, ...]:
    return gates(bundled(), grouped_folds(bundled()))


def decisions_file(path, texts, **change):
    records = [
        {
            "item_id": item_id(text),
            "content_hash": text.content_hash,
            "rater": "anna",
            "decision": "accept",
            "answers": {"style": text.style, "naturalness": 5},
            "seconds": 1,
            "page_version": "0",
            "time": "2025-01-01T10:00:00Z",
        }
        for text in texts
    ]
    records[0] |= change
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return str(path)


def test_check_writes_one_aligned_row_a_gate_and_the_same_as_json(quality, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(command, "gates", lambda texts, folds: quality)
    code = command.main(["check", "bundled", "--json", str(tmp_path / "quality.json")])
    header, *rows = capsys.readouterr().out.splitlines()
    assert code == int(any(gate.passed is False for gate in quality))
    assert [row.split()[0] for row in rows] == [gate.name for gate in quality]
    column = header.index("outcome")
    words = {True: "passed", False: "FAILED", None: "reported only"}
    assert [row[column:].split("  ")[0] for row in rows] == [words[gate.passed] for gate in quality]
    written = json.loads((tmp_path / "quality.json").read_text())
    assert written["content_hash"] == bundled().content_hash
    assert [gate["estimate"]["value"] for gate in written["gates"]] == [gate.estimate.value for gate in quality]


@pytest.mark.parametrize("passed, code", [((True, None), 0), ((True, False), 1)])
def test_check_fails_with_a_gate(quality, monkeypatch, capsys, passed, code):
    found = tuple(Gate("a", quality[0].estimate, "≤ 1", one) for one in passed)
    monkeypatch.setattr(command, "gates", lambda texts, folds: found)
    assert command.main(["check", "bundled"]) == code


def test_input_that_breaks_a_rule_gives_its_message_and_code_two(tmp_path, capsys):
    (tmp_path / "texts.jsonl").write_text('{"id": 1,}\n')
    assert command.main(["check", str(tmp_path / "texts.jsonl")]) == 2
    shown = capsys.readouterr()
    assert "line 1, column" in shown.err and not shown.out


def test_a_folder_that_cannot_be_written_gives_its_name_and_code_two(tmp_path, capsys):
    (tmp_path / "taken").write_text("")
    assert command.main(["review", "export", "bundled", "-o", str(tmp_path / "taken")]) == 2
    assert "taken" in capsys.readouterr().err


@pytest.mark.parametrize(
    "kind, files", [("page", ["items.csv", "review.html"]), ("label-studio", ["config.xml", "tasks.json"])]
)
def test_export_writes_what_raters_need(tmp_path, capsys, kind, files):
    arguments = ["review", "export", "bundled", "-o", str(tmp_path / "new"), "--format", kind, "--share", "0.2"]
    assert command.main(arguments) == 0
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == files
    scenarios = {text.scenario_id for text in bundled().texts if text.role == "main"}
    assert f"replies to {-(-len(scenarios) // 5)} messages" in capsys.readouterr().out


def test_import_shows_agreement_and_writes_the_reviewed_texts(tmp_path, capsys):
    source = tmp_path / "texts.jsonl"
    write_jsonl(bundled(), source)
    main = [text for text in load(str(source)).texts if text.role == "main"]
    first = decisions_file(tmp_path / "a.jsonl", main[:6], decision="edit", edited_text="A better reply.")
    second = decisions_file(tmp_path / "b.jsonl", main[3:4], rater="ben")
    output = tmp_path / "reviewed.jsonl"
    assert command.main(["review", "import", str(source), first, second, "-o", str(output)]) == 0
    shown = capsys.readouterr().out
    assert f"texts: partly reviewed 6 of {len(main)}. Replies: 5 accepted, 1 edited, 0 rejected" in shown
    assert "review-style/cognitive" in shown and "Cohen's kappa on 1 replies" in shown
    assert load(str(output)).texts[0].response == "A better reply."


def test_import_names_the_scenarios_that_a_rejection_drops(tmp_path, capsys):
    main = [text for text in bundled().texts if text.role == "main"]
    path = decisions_file(tmp_path / "a.jsonl", main[:1], decision="reject", reason="unsafe")
    assert command.main(["review", "import", "bundled", path]) == 0
    assert f"Scenarios dropped, because a reply was rejected: {main[0].scenario_id}." in capsys.readouterr().out


def test_import_refuses_decisions_about_other_texts(tmp_path, capsys):
    path = decisions_file(tmp_path / "a.jsonl", bundled().texts[:1], content_hash="0" * 16)
    assert command.main(["review", "import", "bundled", path]) == 2
    assert repr(bundled().texts[0].id) in capsys.readouterr().err
