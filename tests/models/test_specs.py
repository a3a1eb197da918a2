import subprocess
import sys
from dataclasses import replace

import pytest

from empathy_core.contracts import BadInput
from empathy_core.models.specs import REGISTRY, resolve, resolve_all


@pytest.mark.parametrize(
    "typed, name",
    [
        ("gpt2", "gpt2"),
        ("qwen2.5-7b", "qwen2.5-7b-instruct"),
        ("llama-3.1-8b", "llama-3.1-8b-instruct"),
        ("gemma-2-9b", "gemma-2-9b-it"),
        ("mistral-7b", "mistral-7b-instruct-v0.3"),
        ("Qwen2.5-3B", "qwen2.5-3b-instruct"),
        ("google/gemma-2-9b-it", "gemma-2-9b-it"),
    ],
)
def test_the_forms_users_type_resolve_to_one_registered_model(typed, name):
    assert resolve(typed) == REGISTRY[name]


def test_a_folder_is_measured_and_named_after_itself(tiny_llama_folder):
    spec = resolve(tiny_llama_folder)
    assert (spec.name, spec.kind, spec.location, spec.n_layers) == ("tiny-llama", "measured", tiny_llama_folder, None)


def test_a_relative_folder_resolves_to_its_absolute_place(tiny_llama_folder, monkeypatch):
    monkeypatch.chdir(tiny_llama_folder)
    assert resolve("./").location == tiny_llama_folder


def test_an_unregistered_hub_id_keeps_its_location():
    spec = resolve("allenai/OLMo-2-0425-1B")
    assert (spec.name, spec.location, spec.n_layers) == ("OLMo-2-0425-1B", "allenai/OLMo-2-0425-1B", None)


@pytest.mark.parametrize("typed", ["allenai/OLMo-2-0425-1B", "EleutherAI/pythia-1.4b", "gpt2"])
@pytest.mark.parametrize("revision", ["step1000", "refs/pr/2", "0123456789abcdef"])
def test_a_pinned_revision_is_the_only_difference(typed, revision):
    assert resolve(f"{typed}@{revision}") == replace(resolve(typed), revision=revision)


def test_a_folder_may_have_an_at_sign_in_its_name(tiny_llama_folder, tmp_path):
    folder = tmp_path / "mine@home"
    folder.symlink_to(tiny_llama_folder)
    assert resolve(str(folder)).revision == "main"


@pytest.mark.parametrize("typed", ["gpt2@", "no-such-model@main", "@main"])
def test_a_revision_of_nothing_or_no_revision_is_refused(typed):
    with pytest.raises(BadInput):
        resolve(typed)


def test_organisms_state_how_their_grammar_meets_the_reply():
    spec = resolve("scrambled")
    assert (spec.kind, spec.prompt_template, spec.response_prefix) == ("organism", "{scenario}", " ")
    assert spec.location == "empathy_core/organisms/weights/scrambled"


@pytest.mark.parametrize("typed, near", [("lama-3-8b", "llama-3-8b"), ("deepseek", "deepseek-r1-distill-llama-8b")])
def test_an_unknown_or_ambiguous_name_lists_near_ones(typed, near):
    with pytest.raises(BadInput, match=near):
        resolve(typed)


def test_a_path_that_does_not_exist_is_refused():
    with pytest.raises(BadInput, match="does not exist"):
        resolve("./no-such-model")


def test_a_folder_without_config_is_refused(tmp_path):
    with pytest.raises(BadInput, match=r"config\.json"):
        resolve(str(tmp_path))


def test_a_list_keeps_its_order_and_ignores_spaces():
    assert [spec.name for spec in resolve_all("gpt2, persistent,phi-2")] == ["gpt2", "persistent", "phi-2"]


@pytest.mark.parametrize("names", ["gpt2,gpt2", "qwen2.5-7b,qwen2.5-7b-instruct", " , "])
def test_a_list_with_duplicates_or_nothing_is_refused(names):
    with pytest.raises(BadInput):
        resolve_all(names)


def test_two_folders_of_one_name_are_refused(tmp_path):
    for parent in ("a", "b"):
        (tmp_path / parent / "mine").mkdir(parents=True)
        (tmp_path / parent / "mine" / "config.json").write_text("{}")
    with pytest.raises(BadInput, match="rename one of the folders"):
        resolve_all(f"{tmp_path}/a/mine,{tmp_path}/b/mine")


def test_names_are_checked_without_torch_or_transformers():
    code = "import sys, empathy_core.models.specs; sys.exit(bool({'torch', 'transformers'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
