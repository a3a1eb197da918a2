"""Flows are wiring, and what they ship to another machine is the whole library."""

import ast
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
FLOWS = sorted((ROOT / "flows").glob("*.py"))
LIMIT = 15


def steps():
    for path in FLOWS:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef) and any("step" in ast.dump(d) for d in node.decorator_list):
                yield pytest.param(node, id=f"{path.stem}.{node.name}")


@pytest.mark.parametrize("step", list(steps()))
def test_a_step_has_at_most_fifteen_statements(step):
    assert sum(isinstance(node, ast.stmt) for node in ast.walk(step)) - 1 <= LIMIT


@pytest.mark.parametrize("path", FLOWS, ids=lambda path: path.stem)
def test_a_flow_imports_the_library_at_the_top_and_torch_only_inside_steps(path):
    top = ast.dump(
        ast.Module([n for n in ast.parse(path.read_text()).body if isinstance(n, ast.Import | ast.ImportFrom)], [])
    )
    assert "name='empathy_core'" in top
    assert "torch" not in top and "transformers" not in top and "models.load" not in top


def test_there_are_the_four_flows_and_nothing_else():
    assert [path.stem for path in FLOWS] == ["activation_flow", "dataset_flow", "probe_flow", "validation_flow"]


def test_the_code_package_holds_library_texts_and_weights(workplace):
    done = workplace.command("activation", "package", "list")
    listed = done.stdout + done.stderr
    for part in (
        "empathy_core/contracts.py",
        "empathy_core/datasets/bundled/triplets.jsonl",
        "empathy_core/datasets/bundled/foils.jsonl",
        "empathy_core/datasets/review/page.html",
        "empathy_core/datasets/bundled/MANIFEST.json",
        "empathy_core/organisms/weights/persistent/model.safetensors",
        "empathy_core/organisms/weights/persistent/tokenizer.json",
        "empathy_core/cards/page.css",
    ):
        assert part in listed, f"{part} would be missing on a remote machine"


@pytest.mark.parametrize("path", sorted((ROOT / "flows" / "deploy").glob("*.json")), ids=lambda path: path.stem)
def test_every_deployment_file_states_the_same_settings(path):
    local = json.loads((ROOT / "flows" / "deploy" / "local.json").read_text())
    assert json.loads(path.read_text()).keys() == local.keys()
