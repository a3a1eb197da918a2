"""A small study with a known answer, made by hand: four organisms on grammar texts, and a data set of its own."""

from itertools import combinations

import pytest

from empathy_core.contracts import Estimate, Verdict

STYLES = ("cognitive", "affective", "instrumental")
POINTS = range(5)
ALPHAS = (0.0, 0.125, 0.25, 0.5, 1.0)
EFFECT = {"persistent": 1.0, "graded": 0.6, "scrambled": 0.0, "untrained": 0.0}
"""How much of each effect was planted."""


def make_estimate(name, value, half_width=0.04, null=None, n=48, floor=0.0, ceiling=1.0):
    """An estimate with a symmetric interval cut to its range."""
    low, high = max(floor, value - half_width), min(ceiling, value + half_width)
    return Estimate(name, value, low, high, n, null, "tests.cards.made_by_hand", "ProbeFlow/1/measure/2")


def reading(prefix, effect):
    """Read-outs of all tasks."""
    for task in ("cognitive-affective", "cognitive-instrumental", "affective-instrumental", "three-way", "register"):
        top = 0.97 if task == "register" and effect is not None else 0.5 + 0.45 * effect
        for point in POINTS:
            yield make_estimate(f"{prefix}/read/{task}/point={point}/auroc", 0.5 + (top - 0.5) * point / 4, null=0.62)
        yield make_estimate(f"{prefix}/read/{task}/nested/auroc", top - 0.01, null=0.6)
        yield make_estimate(f"{prefix}/read/{task}/tfidf/auroc", 0.53, 0.06, null=0.5)
        yield make_estimate(f"{prefix}/read/{task}/excess", top - 0.54, 0.07, null=0.0, floor=-1)
        yield make_estimate(f"{prefix}/read/{task}/max/p", 0.001 if effect else 0.41, 0.002 if effect else 0.03, n=1000)


def writing(prefix, effect):
    """Steering and ablation."""
    for style, strength in zip(STYLES, (0.8, 1.1, 0.95), strict=True):
        for alpha in ALPHAS:
            at = f"{prefix}/write/{style}/{{}}/alpha={alpha:g}/{{}}".format
            gain = effect * strength * min(0.55, 1.3 * alpha)
            yield make_estimate(at("steered", "share"), 0.25 + gain, 0.05, n=64)
            if alpha:
                yield make_estimate(at("random", "share"), 0.25, 0.02 + 0.08 * alpha, null=0.25, n=20)
                yield make_estimate(at("permuted", "share"), 0.26, 0.05, null=0.25, n=8)
            yield make_estimate(at("steered", "coherent"), 0.96 - 0.7 * strength * max(0, alpha - 0.3), 0.05, n=64)
            yield make_estimate(at("steered", "parses"), 0.97 - 0.5 * max(0, alpha - 0.3), 0.05, n=64)
            yield make_estimate(at("steered", "casual"), 0.5, 0.1, null=0.5, n=64)
        yield make_estimate(f"{prefix}/write/none/{style}/share", 0.25, 0.05, n=64)
        yield make_estimate(f"{prefix}/write/{style}/range", 0.8 * effect, 0.12 * effect, null=0.0, n=64, ceiling=2)
    for arm, drop in {"none": 0, "style": 0.4, "random": 0.03}.items():
        base = 0.2 + 0.7 * effect
        yield make_estimate(f"{prefix}/ablate/{arm}/persistence", base - drop * effect, 0.05, null=0.2, n=64)
        yield make_estimate(f"{prefix}/ablate/{arm}/casual", 0.5, 0.1, n=64)


def bandwidth(prefix, effect):
    """Dimensionality and bandwidth of the concept and of its control."""
    for concept, size in {"empathy": 1.9 * effect, "register": 1.0}.items():
        yield make_estimate(f"{prefix}/dimension/{concept}/effective", size, 0.1 * size, null=0.0, ceiling=3)
        yield make_estimate(f"{prefix}/dimension/{concept}/rank", float(round(size)), 0.0, null=0.0, ceiling=3)
        yield make_estimate(f"{prefix}/bandwidth/{concept}", 0.8 * size, 0.25 * size, null=0.2, ceiling=9)


def judge(texts, model):
    """Two criteria for one model, as planted."""
    planted = "supported" if EFFECT[model] else "not supported"
    at = f"{texts}/{model}"
    reasons = {
        "separation": (f"{at}/read/three-way/nested/auroc", "nested AUROC against its permutation null"),
        "excess over text": (f"{at}/read/three-way/excess", "interval of the excess against 0"),
        "steerability": (f"{at}/write/affective/range", "effect above the random band within the coherent range"),
        "ablation necessity": (f"{at}/ablate/style/persistence", "persistence below that of a random subspace"),
        "bandwidth above null": (f"{at}/bandwidth/empathy", "interval against the bound from permuted labels"),
    }
    for criterion, (evidence, reason) in reasons.items():
        yield Verdict(criterion, model, planted, reason, (evidence,), planted)


@pytest.fixture(scope="session")
def estimate():
    """A function that makes an estimate from its name and value."""
    return make_estimate


@pytest.fixture(scope="session")
def estimates():
    """Four organisms on grammar texts, and the quality of a hand-written set."""
    made = []
    for model, effect in EFFECT.items():
        at = f"grammar/{model}"
        made += [*reading(at, effect), *writing(at, effect), *bandwidth(at, effect)]
    for cue, value in {"length": 0.52, "opener": 0.55, "tfidf": 0.71}.items():
        made += [make_estimate(f"bundled/quality/{cue}/{a}-{b}", value, n=30) for a, b in combinations(STYLES, 2)]
    made.append(make_estimate("bundled/quality/length-spread", 0.06, 0.01, n=30))
    return tuple(made)


@pytest.fixture(scope="session")
def verdicts():
    """What was planted, found."""
    return tuple(verdict for model in EFFECT for verdict in judge("grammar", model))


@pytest.fixture(scope="session")
def about():
    """What the run says of itself."""
    return {"run": "ValidationFlow/7", "seed": "0"}
