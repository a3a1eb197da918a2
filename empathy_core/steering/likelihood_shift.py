"""Likelihood shift: whether a push along a style makes replies in that style likelier than replies in the others.

The replies are given texts, so nothing is generated and no judge is needed. The shift of a style is the change in mean
log-likelihood per response token of its replies, minus the mean change of the other styles' replies to the same
scenario: what a push does to every reply alike cancels.
"""

import numpy as np
from jaxtyping import Float, Shaped

from empathy_core.contracts import BadInput, Estimate, TextSet
from empathy_core.probes.directions import REGISTERS
from empathy_core.stats import bootstrap_mean, percentile_interval
from empathy_core.steering.pushes import Pushed, PushPlan
from empathy_core.steering.range import BAND
from empathy_core.steering.selectivity import diagonal_excess

BOOTSTRAP_DRAWS = 1000
RANDOM_SETS = 1000
"""Sets of one random direction a style, drawn for the null of a diagonal."""


def scored_replies(texts: TextSet, split: str) -> TextSet:
    """The replies whose likelihoods are compared: to the scenarios of a split that have one in every main style.

    Replies that differ in register alone come along, as a control. Raises `BadInput` where there are fewer than two
    styles, or fewer than two such scenarios.
    """
    styles, scenario, role = texts.main_styles, texts.column("scenario_id"), texts.column("role")
    of_split = texts.column("split") == split
    main = of_split & (role == "main")
    complete = _complete_scenarios(scenario[main], texts.column("style")[main], styles)
    if len(styles) < 2 or len(complete) < 2:
        raise BadInput(
            "A likelihood shift compares replies in two styles or more to one scenario, in two scenarios or more.",
            f"{len(styles)} main styles, and {len(complete)} scenarios of the {split} split of {texts.name} with all",
            "rows that all have one split or one style, or a scenario of its own for every reply",
            f"give some whole scenarios the split `{split}`",
        )
    return texts.rows((main & np.isin(scenario, complete)) | (of_split & (role == "register")))


def shift_estimates(prefix: str, plan: PushPlan, pushed: Pushed, seed: int) -> tuple[Estimate, ...]:
    """The shift of every scored concept under every push; whole scenarios are resampled.

    `pushed` holds changes in log-likelihood (nats per token). Scored are the styles, and casual against formal replies
    where scenarios have both. The null is the size that 95 % of random directions of that strength stay under, pooled
    over styles, with the sign of the push.
    """
    rng = np.random.default_rng(seed)
    estimates = []
    for concepts, shifts, random in _scored(plan, pushed):
        bounds = {
            strength: np.quantile(np.abs(random[rows].mean(axis=1)), BAND)
            for strength, rows in _random_rows(plan).items()
        }
        for push, by_scenario in zip(plan.pushes, shifts, strict=True):
            for concept, values in zip(concepts, by_scenario.T, strict=True):
                estimates.append(
                    Estimate(
                        f"{prefix}/likelihood/push={push.concept}/score={concept}/alpha={push.strength:g}/shift",
                        *mean_and_interval(values, rng),
                        len(values),
                        float(np.sign(push.strength) * bounds[abs(push.strength)]),
                        method="steering.likelihood_shift.shift_estimates",
                    )
                )
    return tuple(estimates)


def diagonal_estimates(prefix: str, plan: PushPlan, pushed: Pushed, seed: int) -> tuple[Estimate, ...]:
    """At every strength, the mean diagonal minus the mean off-diagonal of the matrix of styles pushed and scored.

    A style that gains under every push gains off the diagonal as well, and does not count. `pushed` holds changes in
    log-likelihood (nats per token). Whole scenarios are resampled. The null is that of `random_diagonal_bound`, with
    the sign of the push.
    """
    rng = np.random.default_rng(seed)
    styles, shifts, random = _scored(plan, pushed)[0]
    bounds = {s: random_diagonal_bound(random[rows].mean(axis=1), rng) for s, rows in _random_rows(plan).items()}
    estimates = []
    for strength in dict.fromkeys(push.strength for push in plan.pushes):
        row_of = {push.concept: row for row, push in enumerate(plan.pushes) if push.strength == strength}
        values = diagonal_excess(shifts[[row_of[style] for style in styles]].swapaxes(1, 2))
        estimates.append(
            Estimate(
                f"{prefix}/likelihood/diagonal/alpha={strength:g}",
                *mean_and_interval(values, rng),
                len(values),
                float(np.sign(strength) * bounds[abs(strength)]),
                method="steering.likelihood_shift.diagonal_estimates",
            )
        )
    return tuple(estimates)


def style_shifts(texts: TextSet, changes: Float[np.ndarray, "push text"]) -> Float[np.ndarray, "push scenario style"]:
    """Each main style's shift in every scenario that has replies in all of them."""
    main = texts.column("role") == "main"
    labels, scenarios = texts.column("style")[main], texts.column("scenario_id")[main]
    return _within_scenarios(changes[:, main], labels, scenarios, texts.main_styles)


def random_diagonal_bound(shifts: Float[np.ndarray, "random style"], rng: np.random.Generator) -> float:
    """What 95 % of the diagonal excesses of random directions stay under in size.

    An excess belongs to a set of directions, one for each style: sets are drawn from the given directions without
    replacement. Raises `BadInput` with fewer directions than styles.
    """
    n_random, n_styles = shifts.shape
    if n_random < n_styles:
        raise BadInput(
            f"The null of a diagonal needs a random direction for each style ({n_styles}).",
            f"{n_random} random directions",
            fix="raise their number to 20 or more",
        )
    sets = rng.random((RANDOM_SETS, n_random)).argsort(axis=1)[:, :n_styles]
    return float(np.quantile(np.abs(diagonal_excess(shifts[sets].transpose(1, 2, 0))), BAND))


def mean_and_interval(values: Float[np.ndarray, " scenario"], rng: np.random.Generator) -> tuple[float, float, float]:
    """The mean over scenarios with its 95 % bootstrap interval."""
    draws = bootstrap_mean(values, np.arange(len(values)), BOOTSTRAP_DRAWS, rng)
    return float(values.mean()), *percentile_interval(draws)


def _scored(
    plan: PushPlan, pushed: Pushed
) -> list[tuple[tuple[str, ...], Float[np.ndarray, "..."], Float[np.ndarray, "..."]]]:
    """Concepts scored, their shifts `[push, scenario, concept]`, and those of random pushes: styles, then register."""
    sides = ((plan.texts, pushed.steered), (plan.random_texts, pushed.random))
    scored = [(plan.texts.main_styles, *(style_shifts(*side) for side in sides))]
    registers = [
        _within_scenarios(changes, texts.column("register"), texts.column("scenario_id"), REGISTERS)
        for texts, changes in sides
    ]
    if all(shifts.shape[1] > 1 for shifts in registers):
        # One is minus the other: casual says it all.
        scored.append((REGISTERS[1:], *(shifts[..., 1:] for shifts in registers)))
    return scored


def _random_rows(plan: PushPlan) -> dict[float, list[int]]:
    strengths = dict.fromkeys(push.strength for push in plan.random_pushes)
    return {s: [row for row, push in enumerate(plan.random_pushes) if push.strength == s] for s in strengths}


def _within_scenarios(
    changes: Float[np.ndarray, "push text"],
    labels: Shaped[np.ndarray, " text"],
    scenarios: Shaped[np.ndarray, " text"],
    classes: tuple[str, ...],
) -> Float[np.ndarray, "push scenario class"]:
    """Each class's mean change minus the mean of the other classes' means, in every scenario that has all classes."""
    of_scenario = scenarios == _complete_scenarios(scenarios, labels, classes)[:, None]
    cells = of_scenario[:, None] & (labels == np.array(classes)[:, None])
    means = np.einsum("pt,sct->psc", changes, cells / cells.sum(axis=-1, keepdims=True))
    others = (means.sum(axis=-1, keepdims=True) - means) / (len(classes) - 1)
    return means - others


def _complete_scenarios(
    scenarios: Shaped[np.ndarray, " text"], labels: Shaped[np.ndarray, " text"], classes: tuple[str, ...]
) -> Shaped[np.ndarray, " scenario"]:
    """The scenarios with a text of every class."""
    return np.array(
        [s for s in np.unique(scenarios) if set(classes) <= set(labels[scenarios == s])], dtype=scenarios.dtype
    )
