"""Data flows one way: modules import from their own stage or an earlier one, and heavy libraries have doors."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = "empathy_core"
ROOT = Path(__file__).parent.parent / PACKAGE
STAGES = (
    "contracts layout stats organisms datasets models activations probes geometry saes steering verdicts "
    "earlier_study findings runs deployment chaining dry_run results measured cards study calibration"
).split()
DOORS = {
    "torch": (
        "organisms/train",
        "models/",
        "activations/",
        "saes/checkpoint",
        "saes/encode",
        "saes/training",
        "steering/hooks",
        "steering/generate",
        "steering/likelihood",
    ),
    "transformers": ("organisms/train", "models/", "activations/tree", "steering/generate"),
    "matplotlib": ("cards/figures",),
    "metaflow": ("cards/components", "cards/serve", "runs", "deployment", "chaining", "dry_run"),
    "anthropic": ("datasets/generation/service", "datasets/generation/batches", "datasets/generation/generate"),
    "boto3": ("activations/bucket",),
    "sae_lens": ("saes/checkpoint", "saes/encode", "saes/files", "saes/pretrained", "saes/training"),
    "httpx2": ("datasets/generation/service",),
}
ANALYSIS = (
    "probes.reading geometry.dimensionality saes.measure saes.wanted steering.analysis steering.judging verdicts "
    "cards.page cards.components cards.report datasets.sources datasets.gates runs deployment results study"
)

WITHOUT_TORCH = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "transformers", "transformer_lens"):
            raise ImportError(name)
sys.meta_path.insert(0, Absent())
"""


def imported_names(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}:{node.lineno} imports relatively; write the full name"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_imports_point_backwards_and_heavy_libraries_stay_behind_their_doors(path):
    module = path.relative_to(ROOT).with_suffix("").as_posix()
    if module == "__init__":
        return
    # A `__main__` is a command for people: it stands above every stage.
    stage = STAGES[-1] if module.endswith("__main__") else module.split("/")[0]
    for name in imported_names(path):
        top, _, rest = name.partition(".")
        if top == PACKAGE:
            earlier = STAGES[: STAGES.index(stage) + 1]
            assert rest.split(".")[0] in earlier, f"{module} imports {name}, which comes later in the pipeline"
        if top in DOORS:
            assert module.startswith(DOORS[top]), f"{module} imports {top}; only {', '.join(DOORS[top])} may"


def test_analysis_and_report_run_where_torch_is_not_installed():
    modules = ", ".join(f"{PACKAGE}.{name}" for name in ANALYSIS.split())
    subprocess.run([sys.executable, "-c", f"{WITHOUT_TORCH}\nimport {modules}"], check=True, cwd=ROOT.parent)


def test_the_package_names_two_functions_and_importing_it_costs_nothing():
    code = """
import sys
before = set(sys.modules)
import empathy_core
assert empathy_core.__all__ == ["load_run", "measure"] and set(empathy_core.__all__) < set(dir(empathy_core))
assert empathy_core.METAFLOW_PACKAGE_POLICY == "include"
assert {name.split(".")[0] for name in set(sys.modules) - before} <= {"empathy_core", *sys.stdlib_module_names}
assert not hasattr(empathy_core, "steer")
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT.parent)


def test_no_file_is_a_catch_all():
    names = {path.stem for path in ROOT.rglob("*.py")}
    assert not names & {"utils", "util", "common", "helpers", "config", "constants", "misc"}
