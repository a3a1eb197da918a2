"""Clusters of codes: planted ones found, indices agreed with scikit-learn, and no structure where it was destroyed."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

from empathy_core.saes.clusters import (
    adjusted_rand,
    cluster,
    normalised_information,
    scenario_centred,
    separation,
    shuffled,
)

SCENARIOS, STYLES = np.repeat(np.arange(60), 3), np.tile(["a", "b", "c"], 60)


def blobs(gain, seed=0, scenario_effect=5.0):
    rng = np.random.default_rng(seed)
    centres = gain * np.eye(10)[np.tile(np.arange(3), 60)]
    return centres + rng.standard_normal((180, 10)) * 0.3 + scenario_effect * rng.standard_normal((60, 10))[SCENARIOS]


@pytest.mark.parametrize("found, labels", [(np.random.default_rng(s).integers(4, size=50), s) for s in range(3)])
def test_indices_are_scikit_learn_s_for_every_column(found, labels):
    columns = np.random.default_rng(labels + 10).integers(3, size=(50, 4)).astype(str)
    columns[:, 0] = found.astype(str)
    expected_ari = [adjusted_rand_score(column, found) for column in columns.T]
    expected_nmi = [normalized_mutual_info_score(column, found) for column in columns.T]
    np.testing.assert_allclose(adjusted_rand(found, columns), expected_ari, atol=1e-12)
    np.testing.assert_allclose(normalised_information(found, columns), expected_nmi, atol=1e-12)


def test_one_cluster_agrees_with_nothing_but_one_class():
    one, labels = np.zeros(6, int), np.array([["a", "x"]] * 3 + [["b", "x"]] * 3)
    np.testing.assert_allclose(adjusted_rand(one, labels), [0, 1], atol=1e-12)
    np.testing.assert_allclose(normalised_information(one, labels), [0, 1], atol=1e-12)
    assert separation(np.random.default_rng(0).random((6, 2)), one) == 0.0


def test_planted_styles_are_the_clusters_once_scenarios_are_taken_off():
    raw, centred = blobs(3.0), scenario_centred(blobs(3.0), SCENARIOS)
    train, test = np.arange(90), np.arange(90, 180)
    found = cluster(centred[train], centred[test], 3, seed=0)
    assert adjusted_rand(found, STYLES[test, None])[0] == 1.0
    uncentred = cluster(raw[train], raw[test], 3, seed=0)
    assert adjusted_rand(uncentred, STYLES[test, None])[0] < 0.1, "scenarios cluster, whatever style does"


def test_centred_codes_sum_to_nothing_in_every_scenario():
    centred = scenario_centred(blobs(1.0), SCENARIOS)
    for scenario in range(60):
        np.testing.assert_allclose(centred[SCENARIOS == scenario].sum(axis=0), 0, atol=1e-9)


def test_shuffling_keeps_each_latent_in_its_scenario_and_takes_the_clusters_away():
    centred = scenario_centred(blobs(3.0), SCENARIOS)
    mixed = shuffled(centred, SCENARIOS, np.random.default_rng(0))
    for scenario in (0, 31):
        rows = SCENARIOS == scenario
        np.testing.assert_array_equal(np.sort(mixed[rows], axis=0), np.sort(centred[rows], axis=0))
    found, lost = (cluster(codes, codes, 3, seed=0) for codes in (centred, mixed))
    assert separation(centred, found) > separation(mixed, lost) + 0.3
