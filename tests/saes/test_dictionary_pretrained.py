"""Dictionaries of others: what SAELens' registry holds for our models, and what is refused."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from planted_codes import planted_codes, planted_texts
from sae_lens import SAE, JumpReLUSAEConfig

from empathy_core.contracts import BadInput, ModelSpec
from empathy_core.models.specs import REGISTRY
from empathy_core.saes.pretrained import candidates, fit_notes, open_dictionary, stated

TABLE = Path(__file__).parents[2] / "docs" / "dictionaries.md"
SPEC = ModelSpec("tiny", "nowhere", d_model=8)
GEMMA = REGISTRY["gemma-2-9b-it"]


@pytest.fixture
def folder(tmp_path):
    sae = SAE.from_dict(JumpReLUSAEConfig(d_in=8, d_sae=16).to_dict())
    sae.cfg.metadata.hook_name = "blocks.2.hook_resid_post"
    sae.save_model(str(tmp_path / "mine"))
    return tmp_path / "mine"


def documented():
    """Model, release, trained on this model, loadable, number of points: the rows of the table."""
    rows = re.findall(
        r"^\| `([^`]+)` \| `([^`]+)` \| (this|base) \| (yes|no: pickle) \| (\d+) \|", TABLE.read_text(), re.M
    )
    return {(model, release, own == "this", loads == "yes", int(points)) for model, release, own, loads, points in rows}


def registered():
    found = {}
    for spec in REGISTRY.values():
        for one in candidates(spec):
            found.setdefault((spec.name, one.release, one.own, not one.pickled), set()).add(one.point)
    return {(*row, len(points)) for row, points in found.items()}


def test_the_documented_table_is_what_the_registry_holds():
    assert documented() == registered()


@pytest.mark.parametrize(
    "model, release, id_, point",
    [
        ("gemma-2-9b-it", "gemma-scope-9b-it-res-canonical", "layer_20/width_16k/canonical", 21),
        ("llama-3.1-8b-instruct", "llama_scope_lxr_8x", "l15r_8x", 16),
        ("deepseek-r1-distill-llama-8b", "llama_scope_r1_distill", "l0r_800m_slimpajama", 1),
        ("gpt2", "gpt2-small-res-jb", "blocks.8.hook_resid_pre", 8),
        ("gpt2", "gpt2-small-resid-post-v5-32k", "blocks.8.hook_resid_post", 9),
    ],
)
def test_a_hook_after_block_n_is_residual_point_n_plus_one_and_one_before_it_is_n(model, release, id_, point):
    [found] = [one for one in candidates(REGISTRY[model]) if (one.release, one.id) == (release, id_)]
    assert found.point == point


def test_only_the_residual_stream_is_offered():
    names = {one.name for spec in REGISTRY.values() for one in candidates(spec)}
    assert not [name for name in names if re.search(r"-att|-mlp|hook_z|attn|resid_mid|temporal|l\d+[am]_", name)]


def test_models_without_a_dictionary_have_none():
    assert candidates(REGISTRY["phi-2"]) == candidates(REGISTRY["persistent"]) == ()


def test_what_the_registry_does_not_know_is_not_stated_as_zero():
    canonical = stated("gemma-scope-9b-it-res-canonical/layer_20/width_16k/canonical", GEMMA)
    assert canonical.l0 is None and canonical.explained is None
    assert stated("gpt2-small-res-jb/blocks.8.hook_resid_pre", REGISTRY["gpt2"]).l0 > 0


def test_a_local_folder_is_opened_at_the_point_that_its_hook_names(folder):
    sae, source = open_dictionary(str(folder), SPEC, 3)
    assert source == "mine" and sae.cfg.d_sae == 16


@pytest.mark.parametrize("spec, point", [(SPEC, 2), (replace(SPEC, d_model=12), 3)])
def test_another_point_or_width_is_refused(folder, spec, point):
    with pytest.raises(BadInput, match="width of the residual stream"):
        open_dictionary(str(folder), spec, point)


def test_a_folder_that_is_no_dictionary_is_refused(folder, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match=r"cfg\.json"):
        open_dictionary(str(tmp_path / "empty"), SPEC, 3)
    (folder / "cfg.json").write_text('{"architecture": "unheard-of"}')
    with pytest.raises(BadInput, match="SAELens can read"):
        open_dictionary(str(folder), SPEC, 3)


def test_an_unknown_name_is_refused_with_the_dictionaries_of_this_point():
    with pytest.raises(BadInput, match="choose one of gemma-scope-9b-it-res/layer_20"):
        open_dictionary("gemma-scope-9b/layer_20", GEMMA, 21)


def test_a_dictionary_of_another_point_is_refused_with_its_own():
    with pytest.raises(BadInput, match="it is for point 21"):
        open_dictionary("gemma-scope-9b-it-res-canonical/layer_20/width_16k/canonical", GEMMA, 28)


def test_pickled_weights_are_refused():
    name = "qwen2.5-7b-instruct-andyrdt/resid_post_layer_15_trainer_1"
    with pytest.raises(BadInput, match="pickle"):
        open_dictionary(name, REGISTRY["qwen2.5-7b-instruct"], 16)


def test_a_release_that_cannot_be_downloaded_says_what_to_do():
    with pytest.raises(BadInput, match="local cache"):
        open_dictionary("gemma-scope-9b-it-res-canonical/layer_20/width_16k/canonical", GEMMA, 21)


def test_a_fit_to_our_tokens_is_noted_and_one_that_fails_is_refused():
    codes, rows = planted_codes(planted_texts(), 4.0), np.arange(60)
    name = "gemma-scope-9b-it-res/layer_20/width_131k/average_l0_24"
    notes = fit_notes(codes, rows, stated(name, GEMMA))
    assert "explains 0.75 of the held-out variance, 8 active latents" in notes[0] and "states 24" in notes[-1]
    assert len(fit_notes(codes, rows, None)) == 1
    with pytest.raises(BadInput, match=r"at least 0\.3"):
        fit_notes(replace(codes, squared_error=codes.squared_distance * 0.8), rows, None)
