"""The four flows on a user's own checkpoint and texts, and on an organism whose truth is known."""

import json
import shutil
import subprocess
import sys

import pytest
from test_docs import python_blocks
from test_layering import WITHOUT_TORCH


@pytest.fixture(scope="module")
def study_file(tmp_path_factory):
    """The earlier study's shape of file, with twenty-four scenarios."""
    replies = {
        "cognitive": "You may be asking yourself what the {} says about the plan you had in mind.",
        "affective": "That {} is a sad thing to carry, and I am sitting here feeling it with you.",
        "instrumental": "Write down what the {} costs this week, then ring the office and ask for a date.",
    }
    topics = [f"{noun} {number}" for noun in ("letter", "journey", "house", "exam") for number in range(6)]
    triplets = [
        {
            "id": f"t{i}",
            "scenario": f"The {topic} went wrong for me.",
            **{s: r.format(topic) for s, r in replies.items()},
        }
        for i, topic in enumerate(topics)
    ]
    path = tmp_path_factory.mktemp("study") / "triplets.json"
    path.write_text(json.dumps({"triplets": triplets}))
    return str(path)


@pytest.fixture(scope="module")
def own_run(workplace, study_file, tiny_llama_folder):
    dataset, _ = workplace.run("dataset", "--source", "file", "--path", study_file)
    activations, _ = workplace.run("activation", "--dataset", dataset, "--models", tiny_llama_folder)
    probes, _ = workplace.run("probe", "--activations", activations, "--permutations", "50", "--dictionaries", "0")
    validation, output = workplace.run(
        "validation", "--probes", probes, "--prompts", "10", "--strengths", "0.3,0.45", "--random-directions", "5"
    )
    return dataset, activations, probes, validation, output


def test_a_local_checkpoint_and_the_earlier_study_s_file_go_through_all_four_flows(workplace, own_run):
    numbers = {estimate.name: estimate for estimate in workplace.artifact(own_run[3], "numbers")}
    text_baseline = numbers["triplets/tiny-llama/read/three-way/text/tfidf/auroc"]
    assert text_baseline.value == 1.0
    assert numbers["triplets/tiny-llama/read/three-way/excess"].value <= 0
    assert "triplets/tiny-llama/write/affective/steered/alpha=0.45/coherent" in numbers
    assert all(estimate.run.split("/")[0] in ("ProbeFlow", "ValidationFlow") for estimate in numbers.values())


def test_texts_that_words_give_away_leave_no_claim_and_what_needs_a_judge_says_so(workplace, own_run):
    verdicts = {verdict.criterion: verdict for verdict in workplace.artifact(own_run[3], "verdicts")}
    assert verdicts["excess over text"].outcome == "not supported"
    assert verdicts["excess over text"].reason.startswith("not distinguishable from text")
    assert verdicts["foil transfer"].outcome == "not measurable"
    for criterion in ("steerability", "selectivity", "ablation necessity", "bandwidth above null"):
        assert verdicts[criterion].outcome == "not measurable"
        assert "no judge can score" in verdicts[criterion].reason


def test_without_a_judge_likelihood_shift_is_measured_and_the_run_says_how_to_get_one(workplace, own_run):
    numbers = {estimate.name for estimate in workplace.artifact(own_run[3], "numbers")}
    assert "triplets/tiny-llama/likelihood/push=affective/score=affective/alpha=0.15/shift" in numbers
    assert "triplets/tiny-llama/write/affective/side-effects/alpha=0.3/kl" in numbers
    assert f"run --probes {own_run[2]} --judge claude" in own_run[4]
    assert f"run --probes {own_run[2]} --judge human" in own_run[4]


def test_a_dry_run_of_steering_says_how_much_it_would_generate_and_generates_nothing(workplace, own_run):
    _, output = workplace.run("validation", "--probes", own_run[2], "--prompts", "24", "--dry-run")
    # Without a judge: 24 prompts, 3 replies each, unsteered and along three directions at four strengths.
    assert f"model tiny-llama; replies to generate {24 * 3 * (1 + 3 * 4)}; new tokens, at most 67,392" in output
    assert "tasks with a GPU 1" in output and "not measurable" not in output


def test_every_card_of_the_latest_runs_is_exported_for_the_browser(workplace, own_run, tmp_path):
    code = f"from pathlib import Path\nfrom empathy_core.cards.serve import export\nexport(Path({str(tmp_path)!r}))"
    subprocess.run([sys.executable, "-c", code], env=workplace.environment, cwd=workplace.folder, check=True)
    index = (tmp_path / "index.html").read_text()
    for run in own_run[:4]:
        cards = sorted(path.name for path in tmp_path.glob(f"{run.replace('/', '-')}-*.html"))
        assert cards and all(name in index for name in cards)


def report(workplace, *arguments):
    """`python -m empathy_core.cards.report`, and what it printed."""
    command = [sys.executable, "-m", "empathy_core.cards.report", *arguments]
    done = subprocess.run(command, env=workplace.environment, cwd=workplace.folder, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_a_run_is_listed_reported_with_its_own_settings_and_compared_with_itself(workplace, own_run, tmp_path):
    validation = own_run[3]
    assert any(
        line.startswith(validation) and "tiny-llama" in line for line in report(workplace, "--list")[1].split("\n")
    )
    status, _ = report(workplace, validation, "-o", str(tmp_path))
    assert status == 0
    words = (tmp_path / "report.md").read_text()
    assert "10 held-out prompts" in words and "±0.3 and ±0.45" in words and "50 permutations" in words
    assert all(run in words for run in own_run[:4]) and (tmp_path / "index.html").stat().st_size > 100_000
    status, said = report(workplace, "--compare", validation, validation)
    assert status == 0 and "Nothing changed beyond noise" in said
    assert report(workplace, "--compare", validation)[0] == report(workplace, "ValidationFlow/404")[0] == 2


def test_a_second_extraction_of_the_same_texts_reuses_the_store(workplace, own_run, tiny_llama_folder):
    again, _ = workplace.run("activation", "--dataset", own_run[0], "--models", tiny_llama_folder)
    first, second = (workplace.artifact(run, "activations")["tiny-llama"] for run in (own_run[1], again))
    assert first == second


@pytest.fixture(scope="module")
def organism_run(workplace):
    dataset, _ = workplace.run("dataset", "--source", "organism")
    activations, _ = workplace.run("activation", "--dataset", dataset, "--models", "persistent", "--pools", "mean,last")
    probes, _ = workplace.run("probe", "--activations", activations, "--permutations", "100", "--dictionaries", "2")
    # The acceptance tests choose the point and steer more widely; here the flows are tested.
    few = ("--point", "3", "--prompts", "16", "--strengths", "0.3,0.45", "--random-directions", "8")
    return workplace.run("validation", "--probes", probes, *few)[0]


def test_an_organism_comes_out_as_planted_through_the_flows(workplace, organism_run):
    verdicts = workplace.artifact(organism_run, "verdicts")
    assert {v.criterion: v.outcome for v in verdicts if v.expected} == {
        v.criterion: v.expected for v in verdicts if v.expected
    }


def test_a_notebook_reads_the_latest_run_as_its_page_says_without_torch(workplace, organism_run):
    checks = f"""
from metaflow import get_namespace
assert run.pathspec == {organism_run!r} and list(run.runs)[1:] == ["ProbeFlow", "ActivationFlow", "DatasetFlow"]
assert not run.verdict_table().empty and not run.table("bandwidth").empty
assert run.number("grammar/persistent/likelihood/steered-point").value == run.directions["persistent"].point
assert load_run(run.runs["ProbeFlow"]).directions["persistent"].point == 3
assert get_namespace() == "user:tester"
"""
    code = f"{WITHOUT_TORCH}\n{python_blocks('notebook')[0]}\n{checks}"
    done = subprocess.run(
        [sys.executable, "-c", code], env=workplace.environment, cwd=workplace.folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_a_broken_branch_leaves_the_others_and_resume_computes_only_what_is_missing(
    workplace, own_run, tiny_llama_folder, tiny_gpt2_folder, tmp_path
):
    broken = tmp_path / "broken-llama"
    shutil.copytree(tiny_llama_folder, broken)
    weights = broken / "model.safetensors"
    whole = weights.read_bytes()
    weights.write_bytes(whole[: len(whole) // 2])
    models = f"{tiny_llama_folder},{broken},{tiny_gpt2_folder}"
    run, output = workplace.run("activation", "--dataset", own_run[0], "--models", models, succeeds=False)
    assert "safetensors" in output and "What to do" in output
    _, refused = workplace.run("probe", "--activations", run, succeeds=False)
    assert "Only a successful run can be read" in refused
    weights.write_bytes(whole)
    resumed, output = workplace.run("activation", "--origin-run-id", run.split("/")[1], verb="resume")
    assert set(workplace.artifact(resumed, "activations")) == {"tiny-llama", "broken-llama", "tiny-gpt2"}
    cloned = [line for line in output.splitlines() if "/extract/" in line and "Cloning" in line]
    started = {
        line.split("/extract/")[1].split(" ")[0]
        for line in output.splitlines()
        if "/extract/" in line and "Task is starting" in line
    }
    assert len(cloned) >= 1 and len(started) <= 2


@pytest.mark.parametrize(
    "flow, arguments, sentence",
    [
        ("dataset", ("--source", "web"), "bundled, organism, file, anthropic or auto"),
        ("dataset", ("--source", "file", "--path", "nowhere.json"), "mistyped path"),
        ("activation", ("--models", "gemma-99b"), "gemma-99b"),
        ("probe", ("--activations", "ActivationFlow/404"), "The upstream run exists in this datastore"),
        ("validation", ("--probes", "404"), "given as `ProbeFlow/<run id>`"),
    ],
)
def test_bad_input_fails_in_the_first_step_with_one_paragraph(workplace, flow, arguments, sentence):
    _, output = workplace.run(flow, *arguments, succeeds=False)
    assert sentence in output
    assert "/start/" in output and "/extract/" not in output
