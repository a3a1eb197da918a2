"""Crossed data sets whose condition means span a subspace of planted dimension."""

from dataclasses import replace

import numpy as np

from empathy_core.contracts import Text, TextSet


def crossed(n=40, n_conditions=3, rank=0, size=0.5, dim=128, seed=0, varies=True):
    """Features, conditions and texts: condition means in a random subspace, scenario effects and noise of unit norm."""
    rng = np.random.default_rng(seed)
    scenario = np.repeat(np.arange(n), n_conditions)
    condition = np.tile(np.arange(n_conditions), n) if varies else scenario // 5 % n_conditions
    noise = rng.standard_normal((len(scenario), dim)) + rng.standard_normal((n, dim))[scenario]
    names = np.array([f"condition {k}" for k in condition])
    texts = tuple(
        Text(f"{i}", f"s{s}", f"context {s % 5}", name, "Scenario.", "Response.")
        for i, (s, name) in enumerate(zip(scenario, names, strict=True))
    )
    means = planted_means(n_conditions, rank, size, dim)
    return means[condition] + noise / np.sqrt(dim), names, TextSet("toy", "measured", texts)


def planted_means(n_conditions, rank, size, dim):
    """Means about zero that span `rank` axes, with root mean square size, size / 2, … along them."""
    rng = np.random.default_rng(99)
    axes = np.linalg.qr(rng.standard_normal((dim, max(rank, 1))))[0][:, :rank]
    contrasts = rng.standard_normal((n_conditions, rank))
    contrasts = np.linalg.qr(contrasts - contrasts.mean(axis=0))[0]
    return np.sqrt(n_conditions) * size * (contrasts / (1 + np.arange(rank))) @ axes.T


def in_families(texts, n_families):
    """The same texts with one of the lexical families for each scenario, in turn."""
    found = (replace(text, family=f"family {int(text.scenario_id[1:]) % n_families}") for text in texts.texts)
    return TextSet(texts.name, texts.kind, tuple(found))
