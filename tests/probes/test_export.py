"""Exported directions come back as they were, and steer in other programs as they do here."""

import json
import pickletools
import re
from dataclasses import replace
from pathlib import Path

import gguf
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from empathy_core.contracts import BadInput, Direction
from empathy_core.probes.export import check_matches, load_directions, save_control_vector, save_directions

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "directions.md"
DOCUMENTED_FILE = "directions/llama-3.1-8b-instruct.safetensors"
ALPHA, POINT, NORM = 0.3, 2, 11.7
LARGE_NORM = 1000.0  # several times the organism's own, so that a random direction changes what it writes


def unit(dim: int, seed: int = 0, dtype: type = np.float32) -> np.ndarray:
    vector = np.random.default_rng(seed).standard_normal(dim)
    return (vector / np.linalg.norm(vector)).astype(dtype)


def direction(concept: str = "affective", **change) -> Direction:
    made = Direction(concept, "tiny", POINT, unit(8, len(concept)), 1 / 3, NORM, 45, "probes.mean_difference")
    return replace(made, **change)


def facts_of(one: Direction) -> list:
    """Every field, the vector as bytes."""
    return [value.tobytes() if isinstance(value, np.ndarray) else value for value in vars(one).values()]


def header(path: Path) -> dict:
    """The JSON at the start of a safetensors file, read by the format's definition."""
    data = path.read_bytes()
    return json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])


@pytest.mark.parametrize("point", [0, 1, 7])
def test_directions_come_back_exactly_and_in_their_order(tmp_path, point):
    concepts = ("warm", "cold", "très / humble", "a.b")
    written = tuple(direction(concept, point=point) for concept in concepts)
    save_directions(tmp_path / "d.safetensors", written)
    read = load_directions(tmp_path / "d.safetensors")
    assert list(map(facts_of, read)) == list(map(facts_of, written))


def test_a_file_read_and_written_again_is_the_same(tmp_path):
    first, second = tmp_path / "1", tmp_path / "2"
    save_directions(first, [direction("warm", vector=unit(8, dtype=np.float64)), direction("cold")])
    save_directions(second, load_directions(first))
    assert header(first) == header(second)
    assert list(map(facts_of, load_directions(first))) == list(map(facts_of, load_directions(second)))


def test_a_direction_in_float64_is_rounded_to_float32_whatever_its_layout(tmp_path):
    whole = unit(9000, dtype=np.float64)
    wide = np.stack([whole, np.zeros(9000)], axis=1)
    save_directions(tmp_path / "d", [direction(vector=wide[::-1, 0])])
    (read,) = load_directions(tmp_path / "d")
    assert read.vector.dtype == np.float32
    np.testing.assert_array_equal(read.vector, whole[::-1].astype(np.float32))


def test_the_file_says_in_plain_strings_where_and_how_strongly_to_add(tmp_path):
    save_directions(tmp_path / "d", [direction("warm"), direction("cold")])
    facts = header(tmp_path / "d")
    metadata = facts.pop("__metadata__")
    assert {name: (one["dtype"], one["shape"]) for name, one in facts.items()} == {
        "warm": ("F32", [8]),
        "cold": ("F32", [8]),
    }
    concepts = json.loads(metadata.pop("concepts"))
    assert metadata == {
        "format": "empathy_core.directions",
        "version": "1",
        "model": "tiny",
        "point": "2",
        "hook": "blocks.1.hook_resid_post",
        "residual_norm": "11.7",
    }
    assert concepts["cold"] == {"norm": 1 / 3, "n": 45, "method": "probes.mean_difference"}


def test_the_file_is_no_pickle(tmp_path):
    save_directions(tmp_path / "d", [direction()])
    with pytest.raises(ValueError):
        list(pickletools.genops((tmp_path / "d").read_bytes()))


@pytest.mark.parametrize(
    "change",
    [
        {"vector": 2 * unit(8)},
        {"vector": np.zeros(8)},
        {"vector": np.full(8, np.nan)},
        {"vector": np.array([np.inf, 0.0])},
        {"norm": float("nan")},
        {"residual_norm": 0.0},
        {"residual_norm": float("inf")},
        {"point": -1},
    ],
    ids=str,
)
def test_what_is_no_unit_vector_with_finite_facts_is_not_written(tmp_path, change):
    for save in (save_directions, lambda path, one: save_control_vector(path, *one, "llama")):
        with pytest.raises(BadInput, match="affective"):
            save(tmp_path / "d", [direction(**change)])
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize(
    "other",
    [
        {"model": "another"},
        {"point": 3},
        {"residual_norm": 2.0},
        {"vector": unit(9)},
        {"concept": "warm"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_file_holds_one_model_one_point_and_each_concept_once(tmp_path, other):
    with pytest.raises(BadInput, match="one model"):
        save_directions(tmp_path / "d", [direction("warm"), replace(direction("cold"), **other)])
    with pytest.raises(BadInput, match="none"):
        save_directions(tmp_path / "d", [])


def rewritten(path: Path, vectors: dict | None = None, **metadata: str | None) -> Path:
    """A good file with other tensors or metadata; None takes an entry out."""
    save_directions(path, [direction()])
    facts = {**header(path)["__metadata__"], **metadata}
    facts = {key: value for key, value in facts.items() if value is not None}
    save_file(load_file(path) if vectors is None else vectors, path, facts)
    return path


@pytest.mark.parametrize("key", ["model", "point", "hook", "residual_norm", "concepts"])
def test_a_file_without_one_of_its_facts_is_refused_by_name(tmp_path, key):
    with pytest.raises(BadInput, match=f"every fact.*{key}"):
        load_directions(rewritten(tmp_path / "d", **{key: None}))


@pytest.mark.parametrize(
    "metadata, sentence",
    [
        ({"format": None}, "format None"),
        ({"format": "pt"}, "format pt"),
        ({"version": "2"}, "version 2"),
        ({"point": "1"}, "hook does not name its point"),
        ({"point": "two"}, "invalid literal"),
        ({"residual_norm": "nan"}, "residual norm nan"),
        ({"residual_norm": "large"}, "could not convert"),
        ({"concepts": "{"}, "JSONDecodeError"),
        ({"concepts": '["affective"]'}, "ValueError"),
        ({"concepts": "{}"}, "concepts are not its tensors"),
        ({"concepts": '{"affective": {"norm": 1.0, "n": 3}}'}, "method"),
        ({"concepts": '{"affective": {"norm": -1.0, "n": 3, "method": "m"}}'}, "norm -1.0"),
    ],
    ids=str,
)
def test_a_file_whose_facts_are_wrong_is_refused(tmp_path, metadata, sentence):
    with pytest.raises(BadInput, match=sentence):
        load_directions(rewritten(tmp_path / "d", **metadata))


@pytest.mark.parametrize(
    "vector, sentence",
    [
        (3 * unit(8), "norm 3"),
        (np.full(8, np.nan, np.float32), "norm nan"),
        (np.eye(1, 8, dtype=np.float32), "not one vector"),
        (unit(8, dtype=np.float64), "not one vector of float32"),
        (unit(8).astype(np.float16), "not one vector of float32"),
    ],
    ids=["scaled", "nan", "matrix", "float64", "float16"],
)
def test_a_file_whose_vector_is_no_direction_is_refused(tmp_path, vector, sentence):
    with pytest.raises(BadInput, match=sentence):
        load_directions(rewritten(tmp_path / "d", {"affective": vector}))


def test_what_is_no_safetensors_file_is_refused(tmp_path):
    from safetensors.torch import save_file as save_tensors
    from torch import bfloat16, ones

    save_directions(tmp_path / "whole", [direction()])
    (tmp_path / "cut").write_bytes((tmp_path / "whole").read_bytes()[:-4])
    (tmp_path / "text").write_text("directions")
    save_tensors({"affective": ones(8, dtype=bfloat16)}, tmp_path / "bfloat16")
    for name in ("cut", "text", "bfloat16", "nowhere"):
        with pytest.raises(BadInput, match=name):
            load_directions(tmp_path / name)


@pytest.mark.parametrize("model, width", [("other", 8), ("tiny", 9)])
def test_a_direction_of_another_model_or_width_is_refused_by_both(model, width):
    check_matches(direction(), "tiny", 8)
    with pytest.raises(BadInput, match=f"{model} of width {width}.*of tiny, width 8"):
        check_matches(direction(), model, width)


def test_a_control_vector_has_the_keys_names_and_scale_that_llama_cpp_reads(tmp_path):
    one = direction(point=5)
    save_control_vector(tmp_path / "v.gguf", one, "qwen2")
    reader = gguf.GGUFReader(tmp_path / "v.gguf")
    facts = {name: field.contents() for name, field in reader.fields.items() if not name.startswith("GGUF.")}
    assert facts == {
        "general.architecture": "controlvector",
        "controlvector.model_hint": "qwen2",
        "controlvector.layer_count": 1,
    }
    (tensor,) = reader.tensors
    assert (tensor.name, tensor.tensor_type) == ("direction.4", gguf.GGMLQuantizationType.F32)
    np.testing.assert_allclose(tensor.data, NORM * one.vector, rtol=1e-6)


@pytest.mark.parametrize("point", [0, 1])
def test_a_point_that_llama_cpp_has_no_layer_for_is_refused(tmp_path, point):
    with pytest.raises(BadInput, match=f"at point {point}"):
        save_control_vector(tmp_path / "v.gguf", direction(point=point), "llama")
    assert not (tmp_path / "v.gguf").exists()


@pytest.fixture(scope="module")
def loaded():
    """An embedded organism: a small trained Llama."""
    from empathy_core.models.load import load_model
    from empathy_core.models.specs import resolve

    return load_model(resolve("persistent"))


@pytest.fixture(scope="module")
def prompt(loaded):
    import torch

    from empathy_core.models.prompt import prompt_ids

    return torch.tensor([prompt_ids(loaded.spec, loaded.tokenizer, "I lost my job on Friday.")])


@pytest.fixture
def exported(loaded, tmp_path, monkeypatch):
    """The file that the document reads, in the current folder: directions of this model at its third point."""
    monkeypatch.chdir(tmp_path)
    Path("directions").mkdir()
    made = [
        direction(
            concept, model=loaded.spec.name, point=3, vector=unit(loaded.spec.d_model, seed), residual_norm=LARGE_NORM
        )
        for seed, concept in enumerate(("affective", "cognitive"))
    ]
    save_directions(Path(DOCUMENTED_FILE), made)
    return made[0]


def run(names: dict, *snippets: str) -> dict:
    """What the document's Python snippets leave, run as they stand; each is named by a part of it."""
    blocks = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    for part in snippets:
        (block,) = (block for block in blocks if part in block)
        exec(block, names)
    return names


def logits(loaded, ids, edits=None):
    from empathy_core.steering.hooks import steered

    with steered(loaded, [edits or {}], [ids.shape[1] - 1]):
        return loaded.model(ids).logits


def moved(loaded, ids, made):
    """Logits under this project's own hooks, which differ from those without steering."""
    from empathy_core.steering.operators import add

    found = logits(loaded, ids, {made.point: add(ALPHA * made.residual_norm * made.vector)})
    assert (found - logits(loaded, ids))[:, -1].abs().max() > 1
    return found


def test_the_document_has_no_snippet_that_is_not_run_here():
    assert DOCUMENT.read_text().count("```python") == 4


@pytest.mark.filterwarnings("ignore:HookedTransformer is deprecated:DeprecationWarning")
@pytest.mark.parametrize("library", ["hooked_transformer", "bridge"])
def test_the_transformerlens_snippet_steers_as_this_project_does(loaded, prompt, exported, library):
    import torch

    from benchmarks.parts import loops

    model = getattr(loops, library)(loaded)
    names = run({"model": model, "tokens": prompt}, "safe_open", "run_with_hooks")
    torch.testing.assert_close(names["logits"].detach(), moved(loaded, prompt, exported), rtol=0, atol=2e-4)


def test_the_transformers_snippet_steers_and_writes_as_this_project_does(loaded, prompt, exported):
    import torch

    plain = logits(loaded, prompt), loaded.model.generate(prompt, do_sample=False, max_new_tokens=20)
    names = run({"model": loaded.model, "tokens": prompt}, "safe_open", "register_forward_hook")
    assert torch.equal(names["logits"].detach(), moved(loaded, prompt, exported))
    assert torch.equal(logits(loaded, prompt), plain[0]) and not torch.equal(names["reply"], plain[1])
    own = run({"loaded": loaded}, "load_directions")
    written = loaded.tokenizer.decode(names["reply"][0, prompt.shape[1] :], skip_special_tokens=True)
    assert [reply.text for reply in own["replies"]] == [written.strip()]


def test_a_control_vector_added_as_llama_cpp_does_is_strength_one_at_every_position(loaded, prompt, exported):
    """Its layer k is the output of block k, counted from 0; the same at every position through our own hooks."""
    import torch

    from empathy_core.models.blocks import hook_point

    save_control_vector(Path("v.gguf"), exported, "llama")
    (tensor,) = gguf.GGUFReader("v.gguf").tensors
    block, added = loaded.model.model.layers[int(tensor.name.removeprefix("direction."))], torch.tensor(tensor.data)
    handle = block.register_forward_hook(lambda module, arguments, output: output + added)
    theirs = logits(loaded, prompt)
    handle.remove()
    vector = torch.as_tensor(exported.residual_norm * exported.vector, dtype=torch.float32)
    handle = hook_point(loaded.blocks, exported.point, lambda stream: stream + vector)
    ours = logits(loaded, prompt)
    handle.remove()
    torch.testing.assert_close(theirs, ours)
