"""Each Estimate carries, as a literal, the dotted name of the function that computed it."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "empathy_core"


MAKERS = ("cards.numbers", "datasets.quality.measured")
"""Where estimates are made whose method is a fact of the caller: read back from disk, or measured by another file."""


def functions():
    for path in sorted(ROOT.rglob("*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for function in ast.parse(path.read_text()).body:
            if isinstance(function, ast.FunctionDef):
                yield module, function


def estimates():
    for module, function in functions():
        for call in ast.walk(function):
            if isinstance(call, ast.Call) and getattr(call.func, "id", None) == "Estimate":
                method = {keyword.arg: keyword.value for keyword in call.keywords}.get("method")
                yield pytest.param(f"{module}.{function.name}", method, id=f"{module}.{function.name}")


@pytest.mark.parametrize("expected, method", [case for case in estimates() if not case.values[0].startswith(MAKERS)])
def test_method_names_the_function_that_computed_it(expected, method):
    assert isinstance(method, ast.Constant), (
        f"{expected}: write `method` as a literal string, so that a search finds it"
    )
    assert method.value == expected


@pytest.mark.parametrize(
    "module, function",
    [pytest.param(*case, id=f"{case[0]}.{case[1].name}") for case in functions() if ".quality." in case[0]],
)
def test_a_measure_of_texts_names_no_other_function_than_itself(module, function):
    named = [node.value for node in ast.walk(function) if isinstance(node, ast.Constant)]
    dotted = {name for name in named if isinstance(name, str) and name.startswith("datasets.quality.")}
    # A private function may be a part of the public one that it names.
    expected = {f"{module}.{function.name}"} if not function.name.startswith("_") else dotted
    assert dotted <= expected
