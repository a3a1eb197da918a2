from dataclasses import replace

import pytest

from empathy_core.contracts import BadInput
from empathy_core.saes.settings import DictionarySettings, default_settings, dictionary_key

SETTINGS = DictionarySettings()


@pytest.mark.parametrize("change", [{"k": 8}, {"steps": 10}, {"learning_rate": 0.1}, {"batch": 64}])
def test_whatever_decides_a_weight_is_part_of_the_address(change):
    assert dictionary_key("key", 3, SETTINGS, 0) != dictionary_key("key", 3, replace(SETTINGS, **change), 0)


def test_point_seed_and_tokens_are_part_of_the_address():
    addresses = {
        dictionary_key(*of, SETTINGS, seed) for of in (("key", 3), ("key", 4), ("other", 3)) for seed in (0, 1)
    }
    assert len(addresses) == 6


@pytest.mark.parametrize("change", [{"checkpoint_every": 7}, {"seeds": (0,)}])
def test_what_decides_no_weight_is_not(change):
    assert dictionary_key("key", 3, SETTINGS, 0) == dictionary_key("key", 3, replace(SETTINGS, **change), 0)


@pytest.mark.parametrize("change", [{"k": 0}, {"warm_up": 0.9}, {"seeds": (1, 1)}, {"steps": -1}])
def test_settings_that_cannot_train_are_refused(change):
    with pytest.raises(BadInput, match="Training takes"):
        replace(SETTINGS, **change)


def test_few_tokens_make_a_smaller_batch_and_organisms_a_shorter_run():
    assert default_settings(128, 3, 700).batch == 700
    assert default_settings(128, 2, 10**6).seeds == (0, 1)
    assert default_settings(128, 3, 10**6).steps < default_settings(4096, 3, 10**6).steps
