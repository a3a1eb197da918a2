import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from empathy_core.activations.settings import ExtractionSettings, activation_key, chosen_points, chosen_pools
from empathy_core.contracts import POOLS, BadInput, ModelSpec
from empathy_core.probes.directions import middle_point

SPEC = ModelSpec("tiny", "/somewhere/tiny", n_layers=4, d_model=32)


def test_points_are_all_the_middle_or_a_list_in_ascending_order():
    assert chosen_points("all", 3) == (0, 1, 2, 3)
    assert chosen_points("3, 0,3", 3) == (0, 3)


def test_the_middle_is_where_directions_are_made():
    for n_layers in range(1, 100):
        assert chosen_points("middle", n_layers) == (middle_point(tuple(range(n_layers + 1))),)


@pytest.mark.parametrize("points", ["5", "0,-1", "last", "", "1,,2", "1.5"])
def test_what_is_no_point_of_the_model_is_refused(points):
    with pytest.raises(BadInput, match="from 0 to 4"):
        chosen_points(points, 4)


def test_pools_are_all_or_a_list_in_the_order_of_the_contract():
    assert chosen_pools("all") == POOLS
    assert chosen_pools("quarter_2, last") == ("last", "quarter_2")


@pytest.mark.parametrize("pools", ["first", "mean,quarter_5", ""])
def test_what_is_no_pool_is_refused(pools):
    with pytest.raises(BadInput, match="quarter_1"):
        chosen_pools(pools)


def test_settings_that_cannot_be_met_are_refused():
    with pytest.raises(BadInput, match="bfloat16"):
        ExtractionSettings(dtype="bfloat16")
    with pytest.raises(BadInput, match="shard_texts 0"):
        ExtractionSettings(shard_texts=0)
    with pytest.raises(BadInput, match="token_budget -1"):
        ExtractionSettings(token_budget=-1)


def test_the_key_follows_everything_that_decides_the_values(small_texts):
    settings = ExtractionSettings()
    variants = [
        (SPEC, small_texts, settings, "float32"),
        (replace(SPEC, revision="other"), small_texts, settings, "float32"),
        (replace(SPEC, prompt_template="{scenario}\n"), small_texts, settings, "float32"),
        (SPEC, small_texts.rows(np.arange(3)), settings, "float32"),
        (SPEC, small_texts, settings, "8bit"),
        (SPEC, small_texts, replace(settings, dtype="float16"), "float32"),
        (SPEC, small_texts, replace(settings, points="middle"), "float32"),
        (SPEC, small_texts, replace(settings, pools="mean"), "float32"),
        (SPEC, small_texts, replace(settings, drop_too_long=True), "float32"),
        (SPEC, small_texts, replace(settings, shard_texts=3), "float32"),
    ]
    assert len({activation_key(*variant) for variant in variants}) == len(variants)


def test_the_key_says_nothing_of_the_machine_or_of_how_a_choice_was_written(small_texts):
    key = activation_key(SPEC, small_texts, ExtractionSettings(), "float32")
    assert (
        activation_key(replace(SPEC, location="/elsewhere/tiny"), small_texts, ExtractionSettings(), "float32") == key
    )
    spelled = ExtractionSettings(points="4,3,2,1,0", pools=",".join(POOLS), token_budget=7, share_prefix=False)
    assert activation_key(SPEC, small_texts, spelled, "float32") == key


def test_settings_and_progress_need_no_torch():
    modules = "empathy_core.activations.settings, empathy_core.activations.progress"
    code = f"import sys, {modules}; sys.exit(bool({{'torch', 'transformers'}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
