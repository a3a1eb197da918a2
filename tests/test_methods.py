"""Each Estimate carries, as a literal, the dotted name of the function that computed it."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "empathy_core"


def estimates():
    for path in sorted(ROOT.rglob("*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for function in ast.parse(path.read_text()).body:
            if isinstance(function, ast.FunctionDef):
                for call in ast.walk(function):
                    if isinstance(call, ast.Call) and getattr(call.func, "id", None) == "Estimate":
                        method = {keyword.arg: keyword.value for keyword in call.keywords}.get("method")
                        yield pytest.param(f"{module}.{function.name}", method, id=f"{module}.{function.name}")


@pytest.mark.parametrize("expected, method", [case for case in estimates() if "cards.numbers" not in case.values[0]])
def test_method_names_the_function_that_computed_it(expected, method):
    assert isinstance(method, ast.Constant), (
        f"{expected}: write `method` as a literal string, so that a search finds it"
    )
    assert method.value == expected
