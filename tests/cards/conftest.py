"""A small study with a known answer, made by hand: four organisms on grammar texts, and a data set of its own."""

from itertools import combinations, product

import pytest

from empathy_core.cards.account import Account, GateLine
from empathy_core.contracts import Estimate, Verdict
from empathy_core.earlier_study import EarlierCriterion

STYLES = ("cognitive", "affective", "instrumental")
POINTS = range(5)
ALPHAS = (0.0, 0.125, 0.25, 0.5, 1.0)
EFFECT = {"persistent": 1.0, "graded": 0.6, "scrambled": 0.0, "untrained": 0.0}
"""How much of each effect was planted."""


def make_estimate(name, value, half_width=0.04, null=None, n=48, floor=0.0, ceiling=1.0):
    """An estimate with a symmetric interval cut to its range."""
    value = float(min(ceiling, max(floor, value)))
    low, high = float(max(floor, value - half_width)), float(min(ceiling, value + half_width))
    null = None if null is None else float(null)
    return Estimate(name, value, low, high, n, null, "tests.cards.made_by_hand", "ProbeFlow/1/measure/2")


PAIRS = [f"{a}-{b}" for a, b in combinations(STYLES, 2)]
TEXT_BASELINES = {"length": 0.51, "opener": 0.52, "function-words": 0.5, "tfidf": 0.53, "character-ngrams": 0.52}


def reading(prefix, effect, words=None):
    """Read-outs of all tasks; `words` is what text alone reads, if it is more than chance."""
    for task in (*PAIRS, "three-way", "cognitive-rest", "register", "main-valence_stripped"):
        top = 0.97 if task == "register" and effect is not None else 0.5 + 0.47 * effect
        text = {kind: words or value for kind, value in TEXT_BASELINES.items()}
        at = f"{prefix}/read/{task}"
        yield from transfer_of(at, max(top, words or 0), text)
        if task in (*PAIRS, "three-way", "cognitive-rest"):
            mislead = {kind: 1 - value for kind, value in text.items()}
            yield from transfer_of(f"{at}/foils", 0.5 + 0.4 * effect - (0.2 if words else 0), mislead, n=30)
        yield make_estimate(f"{at}/max/p", 0.001 if effect else 0.41, 0.002 if effect else 0.03, n=1000)
        yield make_estimate(f"{at}/max/p-holm", 0.004 if effect else 0.41, 0.002 if effect else 0.03, n=1000)
        yield make_estimate(f"{at}/nested/d_prime", 4 * (top - 0.5), 0.3, null=0.0, ceiling=9)
        yield make_estimate(f"{at}/nested/forced-choice", top, 0.03, null=0.5)


def transfer_of(stem, top, text, n=48):
    """A probe over points and at the nested one, beside text baselines."""
    for point in POINTS:
        yield make_estimate(f"{stem}/point={point}/auroc", 0.5 + (top - 0.5) * point / 4, null=0.62, n=n)
    yield make_estimate(f"{stem}/nested/auroc", top, 0.03, null=0.6, n=n)
    for kind, value in text.items():
        yield make_estimate(f"{stem}/text/{kind}/auroc", value, 0.03, null=0.5, n=n)
    yield make_estimate(f"{stem}/excess", top - max(text.values()), 0.05, null=0.0, floor=-1, n=n)


POOLS = ("last", "mean", "quarter_1", "quarter_2", "quarter_3", "quarter_4")
CONTEXTS = ("work", "school", "grief", "home")


def controlling(prefix, effect):
    """Controls of the deciding task."""
    at, top = f"{prefix}/control", 0.5 + 0.45 * effect
    curves = {"length-residualised": 0.9, "erase-register": 1.0, "erase-emotion": 0.5}
    curves |= {f"pool={pool}": 0.8 + 0.04 * rank for rank, pool in enumerate(POOLS)}
    for name, share in curves.items():
        yield make_estimate(f"{at}/{name}/nested/auroc", 0.5 + (top - 0.5) * share, null=0.5)
        for point in POINTS:
            value = 0.5 + (top - 0.5) * share * point / 4
            yield make_estimate(f"{at}/{name}/point={point}/auroc", value, null=0.5)
    yield make_estimate(f"{at}/length-matched/text/length/auroc", 0.5, null=0.5)
    for name in ("length-matched", "held-out-context", "held-out-family"):
        yield make_estimate(f"{at}/{name}/nested/auroc", 0.5 + (top - 0.5) * 0.85, null=0.5)
    for concept in ("register", "emotion"):
        yield make_estimate(f"{at}/erase-{concept}/random/nested/auroc", top, null=0.5)
        yield make_estimate(f"{at}/erase-{concept}/change", -0.1 * effect, 0.05, null=0.0, floor=-1)
        yield make_estimate(f"{at}/erase-{concept}/before/nested/auroc", 0.9, 0.04, null=0.5)
        yield make_estimate(f"{at}/erase-{concept}/left/nested/auroc", 0.55, 0.08, null=0.5)
    for point in POINTS:
        gain = effect * 0.45 * point / 4
        yield make_estimate(f"{at}/emergence/point={point}/over-text", gain - 0.03, 0.07, null=0.0, floor=-1)
        if point:
            yield make_estimate(f"{at}/emergence/point={point}/over-first", gain, 0.06, null=0.0, floor=-1)
    if effect:
        yield Estimate(f"{at}/emergence/first", 2.0, 1.0, 2.0, 48, None, "tests.cards.made_by_hand")
    for taught, asked in product(CONTEXTS, CONTEXTS):
        value = top if taught == asked else 0.5 + effect * (0.3 if asked != "grief" else -0.2)
        yield make_estimate(f"{at}/transfer/train={taught}/test={asked}/auroc", value, 0.08, null=0.5, n=9)
    yield make_estimate(f"{at}/transfer/off-diagonal/auroc", 0.5 + 0.2 * effect, 0.05, null=0.5)


def replicating(prefix):
    """The earlier study's numbers."""
    for pair in PAIRS:
        yield make_estimate(f"{prefix}/replication/cosine/{pair}", -0.48, 0.05, null=-0.5, floor=-1)
        yield make_estimate(f"{prefix}/replication/in-sample-d_prime/{pair}", 4.1, 0.5, null=3.9, ceiling=9)
    for name, value, empty in (("ungrouped/auroc", 0.98, 0.55), ("pca-90", 38, 41), ("probe-scored-shift", 3.3, 3.2)):
        yield make_estimate(f"{prefix}/replication/{name}", value, 0.1, null=empty, ceiling=99)


def dictionaries(prefix, effect):
    """Features, cosines, clusters and fit of sparse dictionaries."""
    at = f"{prefix}/sae"
    for reader in ("best-feature", "k=2", "k=5", "k=16", "dense"):
        yield make_estimate(f"{at}/{reader}/auroc", 0.5 + 0.4 * effect, 0.05, null=0.58)
    yield make_estimate(f"{at}/random-k=16/auroc", 0.5 + 0.1 * effect, 0.1, null=0.55)
    for name in ("cosine", *(f"{style}/cosine" for style in STYLES)):
        yield make_estimate(f"{at}/{name}", 0.4 + 0.3 * effect, 0.05, null=0.5)
    for k in range(2, 7):
        for what in ("silhouette", "stability", "ari-style", "ari-context", "nmi-style", "nmi-context"):
            yield make_estimate(f"{at}/clusters={k}/{what}", effect / k, 0.05, null=0.02, floor=-1)
    for what, value in {"explained-variance": 0.7, "l0": 16.0, "dead": 0.2, "recurring": 0.4}.items():
        yield make_estimate(f"{at}/{what}", value, 0.05, ceiling=99)


OPENINGS = (*STYLES, "neutral")


def likelihood(prefix, effect):
    """Likelihood shift over points, and of every style pushed and scored."""
    at = f"{prefix}/likelihood"
    for point in POINTS:
        yield make_estimate(f"{at}/point={point}/diagonal", effect * 0.02 * point, 0.01, 0.015, floor=-1)
    yield Estimate(f"{at}/steered-point", 3.0, 2.0, 4.0, 48, None, "tests.cards.made_by_hand")
    for alpha in (0.15, -0.15, 0.3, -0.3):
        yield make_estimate(f"{at}/diagonal/alpha={alpha:g}", effect * alpha, 0.02, null=0.1 * alpha, floor=-1)
        for pushed, scored in product(STYLES, STYLES):
            value = effect * alpha * (0.8 if pushed == scored else -0.3)
            stem = f"{at}/push={pushed}/score={scored}/alpha={alpha:g}"
            yield make_estimate(f"{stem}/shift", value, 0.02, null=0.1 * alpha, floor=-1)


def writing(prefix, effect):
    """Steering of every style, in both directions."""
    for style, strength in zip(STYLES, (0.8, 1.1, 0.95), strict=True):
        at = f"{prefix}/write/{style}"
        for alpha in ALPHAS:
            yield from pushing(at, alpha, effect * strength)
            for sign in (1, -1) if alpha else ():
                side = f"{at}/side-effects/alpha={sign * alpha:g}"
                yield make_estimate(f"{side}/kl", 0.5 * alpha**2, 0.01, null=0.6 * alpha**2, n=20)
                yield make_estimate(f"{side}/perplexity-ratio", 1 + 0.3 * alpha, 0.02, null=1.4, n=20, ceiling=9)
        yield make_estimate(f"{at}/prompted/share", 0.3 + 0.2 * effect, 0.08, null=0.25, n=28)
        yield make_estimate(f"{at}/ablated/share", 0.25 - 0.2 * effect, 0.05, null=0.25, n=28)
        yield make_estimate(f"{at}/slope", effect * strength, 0.1, null=0.2, n=28, floor=-9, ceiling=9)
        yield make_estimate(f"{at}/wrong-way", 0.5 - 0.4 * effect, 0.1, null=0.5, n=28)
        yield make_estimate(f"{at}/range", 0.8 * effect, 0.12 * effect, null=0.0, n=64, ceiling=2)
        yield make_estimate(f"{at}/range-opposed", effect, 0.12 * effect, null=0.0, n=64)
        yield make_estimate(f"{prefix}/write/transfer/{style}/retained", 0.9 * effect, 0.1, null=0.0, n=28)
        for scored in STYLES:
            value = effect * (0.5 if scored == style else -0.2)
            stem = f"{prefix}/write/selectivity/push={style}/score={scored}"
            yield make_estimate(stem, value, 0.08, null=0.1, n=28, floor=-1)
    yield make_estimate(f"{prefix}/write/selectivity/diagonal", 0.7 * effect, 0.06, null=0.0, n=28, floor=-1)
    for measure, value, null in (("accuracy", 0.94, 0.9), ("caught", 0.9, 0.1), ("passed", 0.95, 0.9)):
        yield make_estimate(f"{prefix}/write/coherence/{measure}", value, 0.02, null=null, n=28)


def pushing(stem, alpha, gain):
    """Every curve of one concept at one strength, and at the opposite one."""
    kept = 0.96 - 0.7 * max(0, alpha - 0.3)
    for arm, sign in (("steered", 1), ("opposed", -1)):
        if alpha or arm == "steered":
            at = f"{stem}/{arm}/alpha={sign * alpha:g}"
            share = 0.25 + sign * gain * min(0.55, 1.3 * alpha)
            yield make_estimate(f"{at}/share", share, 0.05, null=0.27 + 0.08 * alpha if alpha else None, n=64)
            yield make_estimate(f"{at}/coherent", kept, 0.05, n=64)
            yield make_estimate(f"{at}/parses", 0.97 - 0.5 * max(0, alpha - 0.3), 0.05, n=64)
            yield make_estimate(f"{at}/casual", 0.5, 0.1, null=0.5, n=64)
    if alpha:
        yield make_estimate(f"{stem}/random/alpha={alpha:g}/share", 0.25, 0.02 + 0.08 * alpha, null=0.25, n=20)
        yield make_estimate(f"{stem}/permuted/alpha={alpha:g}/share", 0.26, 0.05, null=0.25, n=8)


def ablating(prefix, effect):
    """Persistence with all styles, a random subspace or one style ablated."""
    base = 0.2 + 0.7 * effect
    for arm, drop in {"none": 0, "style": 0.4, "random": 0.03}.items():
        yield make_estimate(f"{prefix}/ablate/{arm}/persistence", base - drop * effect, 0.05, null=0.2, n=64)
        yield make_estimate(f"{prefix}/ablate/{arm}/casual", 0.5, 0.1, n=64)
    for style in STYLES:
        for opening in OPENINGS:
            value = base - (0.5 * effect if opening == style else 0)
            yield make_estimate(f"{prefix}/ablate/{style}/persistence/{opening}", value, 0.1, null=base, n=28)
        yield make_estimate(f"{prefix}/ablate/{style}/own", 0.5 * effect, 0.1, null=0.0, n=28)


def judging(prefix):
    """How far a judge can be believed."""
    for what in ("recognised/main/affective", "recognised/foil/affective", "second-model/affective"):
        yield make_estimate(f"{prefix}/judge/some-model/{what}", 0.9, 0.05, null=1 / 3, n=40)
    for what in ("missing/texts", "refused/texts"):
        yield make_estimate(f"{prefix}/judge/some-model/{what}", 0.01, 0.01, n=40)


def bandwidth(prefix, effect):
    """Dimensionality and bandwidth of the concept, of its control, and of nothing."""
    for concept, size in {"empathy": 1.9 * effect, "register": 1.0}.items():
        yield make_estimate(f"{prefix}/dimension/{concept}/effective", size, 0.1 * size, null=0.0, ceiling=3)
        yield make_estimate(f"{prefix}/dimension/{concept}/rank", float(round(size)), 0.0, null=0.0, ceiling=3)
        for unit, scale in (("", 1.0), ("-raw", 200.0)):
            value, half = scale * 0.8 * size, scale * 0.2 * size
            yield make_estimate(f"{prefix}/bandwidth/{concept}{unit}", value, half, null=0.2 * scale, ceiling=999)
    yield make_estimate(f"{prefix}/bandwidth/permuted", 0.01, 0.1, null=0.0, n=600)


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
        made += [*reading(at, effect), *controlling(at, effect), *replicating(at)]
        made += dictionaries(at, effect)
        made += [*likelihood(at, effect), *writing(at, effect), *ablating(at, effect), *bandwidth(at, effect)]
        made += judging(at)
    for cue, value in {"length": 0.52, "opener": 0.55, "tfidf": 0.71}.items():
        made += [make_estimate(f"bundled/quality/{cue}/{a}-{b}", value, n=30) for a, b in combinations(STYLES, 2)]
    made.append(make_estimate("bundled/quality/length-spread", 0.06, 0.01, n=30))
    return tuple(made)


@pytest.fixture(scope="session")
def verdicts():
    """What was planted, found."""
    return tuple(verdict for model in EFFECT for verdict in judge("grammar", model))


@pytest.fixture(scope="session")
def deciding(estimates, verdicts):
    """The numbers that decided a verdict, which take little drawing."""
    evidence = {name for verdict in verdicts for name in verdict.evidence}
    return tuple(one for one in estimates if one.name in evidence)


@pytest.fixture(scope="session")
def one_model(estimates):
    """The numbers of one model."""
    return tuple(one for one in estimates if "/persistent/" in one.name)


GATES = (
    GateLine("bundled/quality/length-spread", "at most 0.05", False, "look at s3"),
    GateLine("bundled/quality/opener/cognitive-affective", "", None),
)


@pytest.fixture(scope="session")
def accounts():
    """What the runs say of themselves."""
    stated = EarlierCriterion(
        "styles are far apart", "met", "Any labels are.", ("grammar/persistent/read/three-way/excess",)
    )
    return (
        Account("grammar", "The texts were toys.", {"Runs": "ValidationFlow/7", "Packages": "numpy 2"}, (), (stated,)),
        Account("bundled", "The texts were natural.", {"Runs": "DatasetFlow/8"}, GATES),
    )
