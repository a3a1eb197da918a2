"""What the documents tell a user to type exists."""

import ast
import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "CHANGELOG.md"]
TEXT = "\n".join(path.read_text() for path in DOCUMENTS)
BUILT_IN = set("--with --max-workers --origin-run-id --deploy --config --only-json --tag --run-id --my-runs".split())


def python_blocks(page):
    """The examples of a page, as a reader copies them."""
    return re.findall(r"^```python\n(.*?)^```", (ROOT / "docs" / f"{page}.md").read_text(), re.MULTILINE | re.DOTALL)


def flow_options(name):
    tree = ast.parse((ROOT / "flows" / f"{name}_flow.py").read_text())
    return {
        f"--{call.args[0].value}"
        for call in ast.walk(tree)
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "Parameter"
    }


@pytest.mark.parametrize(
    "target",
    sorted(set(re.findall(r"`?make ([a-z]+)\b", TEXT)) & set("study test cards bench audit clean serve all".split())),
)
def test_every_make_target_exists(target):
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("line", sorted(set(re.findall(r"python flows/\w+_flow\.py[^`\n]*", TEXT))))
def test_every_flow_command_names_a_flow_and_options_it_has(line):
    name = re.match(r"python flows/(\w+)_flow\.py", line).group(1)
    assert set(re.findall(r"--[a-z-]+", line)) <= flow_options(name) | BUILT_IN


@pytest.mark.parametrize("module", sorted(set(re.findall(r"python -m ([\w.]+)", TEXT))))
def test_every_module_that_is_run_exists(module):
    assert importlib.util.find_spec(module)


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"`((?:empathy_core|flows|docs|tests|benchmarks|reports)/[\w./-]+)`", TEXT)))
)
def test_every_file_named_exists(path):
    assert (ROOT / path).exists()


def test_the_first_two_commands_of_the_readme_are_study_and_test():
    commands = re.findall(r"^(make \w+)", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert commands[:2] == ["make study", "make test"]
