"""`python -m empathy_core.probes export` writes the files of a run and says which."""

import os
import subprocess
import sys
from pathlib import Path

import gguf
import numpy as np
import pytest

from empathy_core.contracts import BadInput, Direction
from empathy_core.probes import __main__ as command
from empathy_core.probes.directions import DirectionSet
from empathy_core.probes.export import load_directions

ROOT = Path(__file__).parent.parent.parent


def directions(model: str, point: int, concepts: tuple[str, ...]) -> DirectionSet:
    made = [Direction(name, model, point, np.eye(4)[i], 2.0, 9.0, 45, "m") for i, name in enumerate(concepts)]
    return DirectionSet(tuple(made), (), {})


@pytest.fixture
def probed(monkeypatch):
    """A run of ProbeFlow with a model that has middle points and one that has only the lowest."""
    found = {
        "deep": directions("deep", 3, ("affective", "warm: or, cold/hot")),
        "shallow": directions("shallow", 1, ("affective",)),
    }
    runs = {"ProbeFlow/7": {"directions": found}}
    monkeypatch.setattr(command, "resolve_run", lambda flow, given: given if given.startswith(flow) else "")
    monkeypatch.setattr(command, "artifact", lambda run, name: runs[run][name])


def export(*arguments: object) -> int:
    return command.main(["export", "ProbeFlow/7", *map(str, arguments)])


def test_one_file_is_written_and_named_in_one_line(probed, tmp_path, capsys):
    folder = tmp_path / "new" / "folder"
    assert export("--model", "deep", "-o", folder) == 0
    line = f"{folder}/deep.safetensors: affective, warm: or, cold/hot at point 3 (blocks.2.hook_resid_post)\n"
    assert capsys.readouterr().out == line
    assert [path.name for path in folder.iterdir()] == ["deep.safetensors"]
    read = load_directions(folder / "deep.safetensors")
    assert [one.concept for one in read] == ["affective", "warm: or, cold/hot"]


def test_with_gguf_each_concept_has_a_control_vector_under_a_name_that_llama_cpp_does_not_split(
    probed, tmp_path, capsys
):
    assert export("--model", "deep", "-o", tmp_path, "--gguf", "llama") == 0
    names = ["deep.safetensors", "deep.affective.gguf", "deep.warm%3A%20or%2C%20cold%2Fhot.gguf"]
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(": ")[0] for line in lines] == [f"{tmp_path}/{name}" for name in names]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
    reader = gguf.GGUFReader(tmp_path / names[2])
    assert reader.fields["controlvector.model_hint"].contents() == "llama"
    assert [(tensor.name, tensor.data.tolist()) for tensor in reader.tensors] == [("direction.2", [0, 9, 0, 0])]


def test_a_second_export_replaces_the_first(probed, tmp_path):
    before = [export("--model", "deep", "-o", tmp_path, "--gguf", "llama") for _ in range(2)]
    assert before == [0, 0]
    assert len(gguf.GGUFReader(tmp_path / "deep.affective.gguf").tensors) == 1


def test_an_unknown_model_is_refused_with_those_there_are(probed, tmp_path, capsys):
    assert export("--model", "deap", "-o", tmp_path / "out") == 2
    shown = capsys.readouterr()
    assert "'deap'" in shown.err and "deep, shallow" in shown.err and not shown.out
    assert not (tmp_path / "out").exists()


def test_a_point_without_layer_in_llama_cpp_is_refused_after_the_file_for_python(probed, tmp_path, capsys):
    assert export("--model", "shallow", "-o", tmp_path, "--gguf", "llama") == 2
    assert "point 1" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["shallow.safetensors"]


def test_an_output_that_is_a_file_and_a_run_that_is_none_give_a_message_and_code_two(
    probed, tmp_path, capsys, monkeypatch
):
    (tmp_path / "file").write_text("")
    assert export("--model", "deep", "-o", tmp_path / "file") == 2
    assert "file" in capsys.readouterr().err

    def missing(flow, given):
        raise BadInput("The upstream run exists in this datastore.", given)

    monkeypatch.setattr(command, "resolve_run", missing)
    assert export("--model", "deep", "-o", tmp_path) == 2
    assert "Got: ProbeFlow/7" in capsys.readouterr().err


def test_the_module_runs_as_a_command_and_asks_metaflow_for_the_run(tmp_path):
    (tmp_path / ".metaflow").mkdir()
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "METAFLOW_USER": "tester",
        "METAFLOW_DEFAULT_DATASTORE": "local",
        "METAFLOW_DEFAULT_METADATA": "local",
    }
    done = subprocess.run(
        [sys.executable, "-m", "empathy_core.probes", "export", "ProbeFlow/7", "--model", "deep", "-o", "out"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "The upstream run exists in this datastore. Got: ProbeFlow/7." in done.stderr
