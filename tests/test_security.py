"""The threat table names tests that exist, and the source holds what the table says of it."""

import ast
import json
import re
import shutil
from pathlib import Path

import pytest

from empathy_core.contracts import BadInput
from empathy_core.models.load import load_model
from empathy_core.models.specs import resolve

ROOT = Path(__file__).parent.parent
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", "".join(path.read_text() for path in (ROOT / "docs").glob("*.md")))
SOURCES = sorted([*(ROOT / "empathy_core").rglob("*.py"), *(ROOT / "flows").glob("*.py")])
THAT_EXECUTE = {"pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
LOADERS = {"AutoConfig", "AutoTokenizer", "AutoModel", "AutoModelForCausalLM"}


@pytest.mark.parametrize("path, name", sorted(set(NAMED)))
def test_every_test_that_a_document_names_exists(path, name):
    assert re.search(rf"^def {name}\(", (ROOT / path).read_text(), re.MULTILINE)


def test_every_row_of_the_threat_table_names_a_test():
    rows = [line for line in (ROOT / "docs" / "security.md").read_text().splitlines() if line.startswith("| ")][1:]
    assert len(rows) > 10 and all("::test_" in row for row in rows)


def calls():
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                yield path.name, node


def test_no_format_that_can_hold_code_is_read():
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            assert not THAT_EXECUTE & {name.split(".")[0] for name in names}, path
    for name, call in calls():
        written = ast.unparse(call.func)
        assert written not in ("torch.load", "eval", "exec", "yaml.load", "np.load", "numpy.load"), name


def test_remote_code_is_never_trusted_and_every_loader_says_so():
    stated = 0
    for name, call in calls():
        trust = [keyword.value for keyword in call.keywords if keyword.arg == "trust_remote_code"]
        assert all(isinstance(value, ast.Constant) and value.value is False for value in trust), name
        loader, _, method = ast.unparse(call.func).rpartition(".")
        if method == "from_pretrained" and (loader in LOADERS or loader.startswith("model_class")):
            assert trust, f"{name}:{call.lineno}"
        stated += len(trust)
    assert stated >= 3


def test_a_model_that_brings_its_own_code_is_refused_and_the_code_does_not_run(tiny_llama_folder, tmp_path):
    folder, trace = tmp_path / "own-code", tmp_path / "it-ran"
    shutil.copytree(tiny_llama_folder, folder)
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "unheard-of", "auto_map": {"AutoConfig": "theirs.Config", "AutoModel": "theirs.Model"}}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "theirs.py").write_text(f"open({str(trace)!r}, 'w')\nclass Config: pass\nclass Model: pass\n")
    with pytest.raises(BadInput):
        load_model(resolve(str(folder)))
    assert not trace.exists()
