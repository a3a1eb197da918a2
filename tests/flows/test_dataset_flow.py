"""DatasetFlow as users run it: every source, generation against a loopback server, review, the card in a browser."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from author import author
from playwright.sync_api import sync_playwright
from stub import KEY, Stub

ROOT = Path(__file__).parent.parent.parent
HUMOUR = ROOT / "docs" / "examples" / "humour.csv"
HOSTILE = "<script>document.title='broken into'</script><img src=x onerror=\"document.title='broken into'\">"


@pytest.fixture
def service(workplace):
    """A loopback service, and a workplace whose flows use it."""
    with Stub(author(swapped=("work-1",)), polls=1) as stub:
        workplace.environment |= {"ANTHROPIC_API_KEY": KEY, "ANTHROPIC_BASE_URL": stub.url, "NO_PROXY": "127.0.0.1"}
        yield stub
        for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL"):
            del workplace.environment[name]


def command(workplace, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "empathy_core.datasets", *arguments],
        cwd=workplace.folder,
        env=workplace.environment,
        capture_output=True,
        text=True,
    )


def cards(workplace, folder, pathspec):
    code = f"from pathlib import Path\nfrom empathy_core.cards.serve import export\nexport(Path({str(folder)!r}))"
    subprocess.run([sys.executable, "-c", code], cwd=workplace.folder, env=workplace.environment, check=True)
    return sorted(folder.glob(f"{pathspec.replace('/', '-')}-*.html"))


def read_card(path):
    """What a reader sees of a card; its file holds the data encoded."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(path.as_uri())
        page.locator("h2").first.wait_for()
        shown = page.locator("body").inner_text()
        browser.close()
    return shown


def listed(workplace):
    """The line of each run in the list of runs, by pathspec, the newest first."""
    code = "from empathy_core.cards.terminal import run_lines\nfrom empathy_core.runs import list_runs\n"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}print(*run_lines(list_runs()), sep='\\n')"],
        cwd=workplace.folder, env=workplace.environment | {"METAFLOW_USER": "another"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return {line.split(" | ")[0]: line.split(" | ")[2:] for line in done.stdout.splitlines()[1:]}


def everything_kept(workplace, pathspec):
    """Every artifact of a run in words; on disk they are compressed."""
    code = (
        "from metaflow import Run\n"
        f"print([artifact.data for step in Run({pathspec!r}) for task in step for artifact in task])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=workplace.folder, env=workplace.environment, capture_output=True, text=True
    )
    assert "claude-haiku-5-5" in done.stdout, done.stderr
    return done.stdout


def test_generated_texts_are_paid_for_once_and_reported_in_full(workplace, service, tmp_path):
    pathspec, output = workplace.run("dataset", "--source", "auto", "--triplets", "12", "--prices", "1,5,5,25")
    assert "Source: anthropic" in output and "Estimate for claude-haiku-5-5: 12 requests" in output
    collected = workplace.artifact(pathspec, "collected")
    assert len(collected.texts) == 36 and not collected.generated.missing
    assert {gate.name for gate in workplace.artifact(pathspec, "quality")} >= {"judge-caught", "length-spread/words"}
    billed = len(service.batches)
    again, _ = workplace.run("dataset", "--source", "anthropic", "--triplets", "12")
    assert workplace.artifact(again, "collected").texts == collected.texts
    assert len(service.batches) == billed == 4  # written and judged, and the swapped triplet once more
    shown = "".join(map(read_card, cards(workplace, tmp_path, pathspec)))
    assert "claude-opus-5-5" in shown and "awaiting review" in shown
    assert KEY not in output + shown + everything_kept(workplace, pathspec)
    assert not [path for path in workplace.folder.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]


def test_generation_without_a_key_stops_before_anything_is_done(workplace):
    pathspec, output = workplace.run("dataset", "--source", "anthropic", succeeds=False)
    assert next(iter(listed(workplace).items())) == (pathspec, ["tester", "failed", "–", "–", "–"])
    assert "no ANTHROPIC_API_KEY in the environment" in output
    assert "collect" not in output


@pytest.fixture(scope="module")
def humour_run(workplace):
    return workplace.run("dataset", "--source", "file", "--path", str(HUMOUR), "--tag", "pilot")


def test_a_newcomer_s_own_concept_gets_a_report_of_its_gates_and_runs_through_the_flows(workplace, humour_run):
    done = command(workplace, "check", str(HUMOUR), "--json", "quality.json")
    assert done.returncode == 1  # twelve scenarios are too few for many gates
    assert "domains/count" in done.stdout and "FAILED" in done.stdout
    quality = json.loads((workplace.folder / "quality.json").read_text())
    assert {"opener/wordplay-irony", "tfidf/irony-absurd"} <= {gate["name"] for gate in quality["gates"]}
    pathspec, _ = humour_run
    activations, _ = workplace.run("activation", "--dataset", pathspec, "--models", "untrained")
    probes, _ = workplace.run("probe", "--activations", activations, "--permutations", "50", "--dictionaries", "0")
    estimates = workplace.artifact(probes, "estimates")
    lines = listed(workplace)
    assert list(lines)[:3] == [probes, activations, pathspec]
    assert lines[pathspec] == ["tester", "successful", "humour", "–", "pilot"]
    assert lines[probes] == lines[activations] == ["tester", "successful", "humour", "untrained", "–"]
    assert any(one.name == "humour/untrained/read/wordplay-irony/excess" for one in estimates)


def test_decisions_end_the_wait_for_review_and_take_rejected_scenarios_out(workplace, humour_run, tmp_path):
    pathspec, output = humour_run
    assert "Review: awaiting review" in output
    collected = workplace.artifact(pathspec, "collected").texts
    decisions = tmp_path / "decisions.jsonl"
    decisions.write_text("".join(f"{json.dumps(_decision(text))}\n" for text in collected.texts))
    reviewed, output = workplace.run(
        "dataset", "--source", "file", "--path", str(HUMOUR), "--decisions", str(decisions)
    )
    assert "Review: reviewed" in output
    texts = workplace.artifact(reviewed, "texts")
    assert len(texts) == len(collected) - 3 and "home-1" not in texts.column("scenario_id")
    assert any(gate.name.startswith("review-style") for gate in workplace.artifact(reviewed, "quality"))


def test_decisions_about_a_text_that_has_changed_since_are_refused_by_name(workplace, humour_run, tmp_path):
    [first, *_] = workplace.artifact(humour_run[0], "collected").texts.texts
    decisions = tmp_path / "decisions.jsonl"
    decisions.write_text(json.dumps(_decision(first) | {"content_hash": "0" * 16}))
    done = command(workplace, "review", "import", str(HUMOUR), str(decisions))
    assert done.returncode == 2 and first.id in done.stderr


def _decision(text):
    from empathy_core.datasets.review.sheet import item_id

    rejected = text.id == "home-1-wordplay"
    return {
        "item_id": item_id(text),
        "content_hash": text.content_hash,
        "rater": "anna",
        "decision": "reject" if rejected else "accept",
        "reason": "language" if rejected else "",
        "answers": {"style": text.style, "naturalness": 4},
        "seconds": 2.0,
        "page_version": "0",
        "time": "2025-01-01T10:00:00Z",
    }


def test_the_card_is_readable_in_a_browser_and_texts_from_outside_do_not_run_in_it(workplace, tmp_path):
    own = tmp_path / "hostile.jsonl"
    rows = [
        {"id": f"{i}-{style}", "scenario_id": f"s{i}", "context": "home", "style": style, "scenario": f"{HOSTILE} {i}",
         "response": f"{HOSTILE} {style} {i} {'so ' * i}", "split": "test" if i > 6 else "train"}
        for i in range(10) for style in ("warm", "cold")
    ]  # fmt: skip
    own.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    pathspec, _ = workplace.run("dataset", "--source", "file", "--path", str(own))
    [card] = [path for path in cards(workplace, tmp_path, pathspec) if "measure" in path.name]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page()
        page.goto(card.as_uri())
        page.get_by_text("Can the styles be told apart without reading?").wait_for()
        assert page.get_by_text(HOSTILE).count() > 0
        assert page.locator("img").first.evaluate("image => image.naturalWidth") > 300
        assert page.title() != "broken into"
        browser.close()
