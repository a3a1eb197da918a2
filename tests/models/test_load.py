import json
import logging
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from empathy_core.contracts import BadInput, ModelSpec
from empathy_core.models.load import load_model, require_causal
from empathy_core.models.specs import REGISTRY, resolve


@pytest.fixture
def folder(tiny_llama_folder, tmp_path):
    """A copy of the tiny model that a test may break."""
    return Path(shutil.copytree(tiny_llama_folder, tmp_path / "mine"))


def edit(path, **changes):
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def edit_weights(folder, change):
    tensors = load_file(folder / "model.safetensors")
    change(tensors)
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})


def test_loading_completes_the_specification_from_the_checkpoint(folder):
    loaded = load_model(resolve(str(folder)))
    assert (loaded.spec.n_layers, loaded.spec.d_model, loaded.spec.chat_template) == (3, 32, False)
    assert len(loaded.blocks) == 3
    assert not loaded.model.training
    assert loaded.model.dtype == torch.float32


def test_a_stranger_uses_the_chat_template_its_tokenizer_brings(folder):
    (folder / "chat_template.jinja").write_text("{{ messages[0].content }}")
    assert load_model(resolve(str(folder))).spec.chat_template


def test_the_revision_follows_the_weights_and_not_the_place(folder, tmp_path):
    revision = load_model(resolve(str(folder))).spec.revision
    moved = shutil.copytree(folder, tmp_path / "moved")
    assert load_model(resolve(str(moved))).spec.revision == revision
    edit_weights(folder, lambda tensors: tensors["model.norm.weight"].add_(1))
    assert load_model(resolve(str(folder))).spec.revision != revision


def test_the_commit_that_was_fetched_stands_in_the_specification(folder, monkeypatch):
    monkeypatch.setattr("empathy_core.models.load.fetch", lambda spec: (folder, "c0ffee"))
    assert load_model(ModelSpec("mine", "some-org/mine", revision="step1000")).spec.revision == "c0ffee"


def test_a_folder_that_changed_since_it_was_first_loaded_is_refused(folder):
    spec = load_model(resolve(str(folder))).spec
    assert load_model(spec).spec == spec
    edit_weights(folder, lambda tensors: tensors["model.norm.weight"].add_(1))
    with pytest.raises(BadInput, match=f"expected {spec.revision}"):
        load_model(spec)


def test_a_missing_pad_token_is_stood_in_for_and_said_so(folder, caplog):
    edit(folder / "tokenizer_config.json", pad_token=None)
    with caplog.at_level(logging.INFO, "empathy_core.models.tokenizer"):
        loaded = load_model(resolve(str(folder)))
    assert loaded.tokenizer.pad_token == "<eos>"
    assert "no pad token" in caplog.text


def test_an_organism_is_found_beside_the_package_wherever_that_lies(folder, monkeypatch):
    monkeypatch.setattr("empathy_core.models.fetch.ROOT", folder.parent)
    assert load_model(ModelSpec("mine", "mine", kind="organism")).spec.location == "mine"


@pytest.mark.parametrize("device", ["cpu", "auto"])
def test_weights_lie_where_they_were_sent_and_nothing_is_offloaded(folder, device):
    loaded = load_model(resolve(str(folder)), device)
    assert loaded.device == "cpu"
    assert {parameter.device.type for parameter in loaded.model.parameters()} == {"cpu"}


def test_the_attention_of_the_model_is_kept(tiny_folder):
    # Gemma-2 caps its attention scores, which the fused kernel cannot do.
    wanted = "eager" if "gemma2" in tiny_folder else "sdpa"
    assert load_model(resolve(tiny_folder)).model.config._attn_implementation == wanted


@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_the_precision_asked_for_is_the_one_reported(folder, dtype):
    loaded = load_model(resolve(str(folder)), dtype=dtype)
    assert loaded.precision == dtype
    assert loaded.model.dtype == getattr(torch, dtype)


def test_a_model_larger_than_all_devices_is_refused_before_it_runs_from_disk(folder, monkeypatch):
    """Stands in for a machine with 1 kB of memory."""
    monkeypatch.setattr("transformers.integrations.accelerate.get_max_memory", lambda *_: {"cpu": 1000})
    with pytest.raises(BadInput, match="must fit in memory"):
        load_model(resolve(str(folder)), "auto")


def test_an_encoder_can_be_read_and_not_steered(tiny_encoder_folder):
    loaded = load_model(resolve(tiny_encoder_folder))
    assert (len(loaded.blocks), loaded.causal) == (3, False)
    with pytest.raises(BadInput, match="an encoder"):
        require_causal(loaded)


def test_a_decoder_can_be_steered(tiny_folder):
    loaded = load_model(resolve(tiny_folder))
    assert loaded.causal
    require_causal(loaded)


def nan(tensors):
    tensors["model.layers.1.mlp.up_proj.weight"][0, 0] = float("nan")


def infinity(tensors):
    tensors["model.norm.weight"][3] = -float("inf")


def another_width(tensors):
    tensors["model.norm.weight"] = torch.ones(31)


FAULTS = {
    "the folder is gone": (shutil.rmtree, "must exist"),
    "only pickled weights": (lambda f: (f / "model.safetensors").rename(f / "pytorch_model.bin"), "safetensors only"),
    "cut-off weights": (lambda f: (f / "model.safetensors").write_bytes(b"\0" * 99), "whole safetensors"),
    "a missing tensor": (lambda f: edit_weights(f, lambda t: t.pop("model.norm.weight")), r"missing \['model\.norm"),
    "a tensor of another shape": (lambda f: edit_weights(f, another_width), "fit config"),
    "fewer blocks in config": (lambda f: edit(f / "config.json", num_hidden_layers=2), "beyond the 2 blocks"),
    "more blocks in config": (lambda f: edit(f / "config.json", num_hidden_layers=4), "missing"),
    "no tokenizer": (lambda f: [path.unlink() for path in f.glob("tokenizer*")], "must hold its tokenizer"),
    "NaN": (lambda f: edit_weights(f, nan), r"layers\.1\.mlp\.up_proj"),
    "infinity": (lambda f: edit_weights(f, infinity), r"infinity in model\.norm\.weight"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_broken_folder_is_refused_with_its_reason(folder, fault):
    spec = resolve(str(folder))
    breaks, message = FAULTS[fault]
    breaks(folder)
    with pytest.raises(BadInput, match=message):
        load_model(spec)


def test_a_tokenizer_larger_than_the_embedding_is_refused(folder):
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    first = tokenizer["added_tokens"][0]
    extra = [{**first, "id": id, "content": f"<extra {id}>"} for id in range(400, 409)]
    edit(folder / "tokenizer.json", added_tokens=[*tokenizer["added_tokens"], *extra])
    with pytest.raises(BadInput, match="409 tokens, 408 rows"):
        load_model(resolve(str(folder)))


@pytest.mark.parametrize("stated", [{"n_layers": 4}, {"d_model": 64}])
def test_a_checkpoint_that_is_not_the_stated_model_is_refused(folder, stated):
    with pytest.raises(BadInput, match="3 blocks of width 32"):
        load_model(replace(resolve(str(folder)), **stated))


def test_a_chat_model_without_template_is_refused(folder):
    with pytest.raises(BadInput, match="chat template"):
        load_model(replace(resolve(str(folder)), chat_template=True))


def test_a_dtype_that_nothing_is_loaded_in_is_refused(folder):
    with pytest.raises(BadInput, match="int8"):
        load_model(resolve(str(folder)), dtype="int8")


@pytest.mark.parametrize("dtype", ["8bit", "4bit"])
def test_quantised_weights_need_bitsandbytes(folder, dtype, monkeypatch):
    monkeypatch.setattr("empathy_core.models.weights.importlib.util.find_spec", lambda _: None)
    with pytest.raises(BadInput, match="bitsandbytes is not installed"):
        load_model(resolve(str(folder)), dtype=dtype)


@pytest.mark.parametrize("device", ["cuda", "mps", "cuda:1", "gpu"])
def test_a_device_that_is_not_there_is_refused(folder, device, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(BadInput, match="usable here: cpu, auto"):
        load_model(resolve(str(folder)), device)


def test_a_model_that_reads_pictures_is_refused(folder):
    edit(folder / "config.json", model_type="gemma3", text_config={}, vision_config={})
    with pytest.raises(BadInput, match="text-only checkpoint"):
        load_model(resolve(str(folder)))


def test_a_configuration_of_no_known_model_is_refused(folder):
    edit(folder / "config.json", model_type="our-own")
    with pytest.raises(BadInput, match="our-own"):
        load_model(resolve(str(folder)))


def test_a_gated_model_without_token_names_its_licence_page(monkeypatch):
    monkeypatch.setattr("empathy_core.models.fetch.get_token", lambda: None)
    with pytest.raises(BadInput, match=r"https://huggingface\.co/google/gemma-2-9b-it"):
        load_model(REGISTRY["gemma-2-9b-it"])


def test_a_hub_model_that_cannot_be_reached_is_refused():
    with pytest.raises(BadInput, match="reachable"):
        load_model(ModelSpec("nothing", "nobody/nothing-at-all"))
