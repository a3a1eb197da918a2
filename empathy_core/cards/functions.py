"""From the dotted name beside a number to the function: its file, and what it says of itself."""

import ast
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent.parent


@cache
def described(method: str) -> tuple[str, str]:
    """The file of a function of this package and the first sentence of its docstring; both empty where there is none.

    The file is read, not imported: a report is drawn where torch is not installed.
    """
    *module, name = method.split(".")
    if not module or not all(part.isidentifier() for part in (*module, name)):
        return "", ""
    path = PACKAGE.joinpath(*module)
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    body = ast.parse(path.read_text(encoding="utf-8")).body if path.is_file() else []
    found = next((one for one in body if isinstance(one, ast.FunctionDef) and one.name == name), None)
    if found is None:
        return "", ""
    first = (ast.get_docstring(found) or "").partition("\n\n")[0]
    return path.relative_to(PACKAGE.parent).as_posix(), " ".join(first.split())
