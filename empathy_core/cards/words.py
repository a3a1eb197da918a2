"""What the parts of a key are called for a reader."""

from empathy_core.cards.keys import Key, parse_key

WORDS = {
    "nested": "probe at the point chosen on training folds",
    "text": "text alone",
    "length": "length",
    "opener": "opening words",
    "function-words": "function words",
    "tfidf": "all words (TF-IDF)",
    "character-ngrams": "character n-grams",
    "excess": "probe minus the best text baseline, AUROC",
    "max": "best point, family-wise over points",
    "auroc": "AUROC",
    "p": "p",
    "p-holm": "p, adjusted for several models (Holm)",
    "d_prime": "d′",
    "accuracy": "accuracy",
    "forced-choice": "share of pairs in one scenario ranked right",
    "length-residualised": "length regressed out",
    "length-matched": "pairs of like length only",
    "erase-register": "register erased",
    "erase-emotion": "emotion erased",
    "erase-valence": "valence erased",
    "control/random": "random subspace of equal rank erased",
    "change": "change against the random subspace, AUROC",
    "before": "what was erased, before",
    "left": "what was erased, afterwards",
    "pool=mean": "mean of all tokens",
    "pool=quarter_1": "first quarter",
    "pool=quarter_2": "second quarter",
    "pool=quarter_3": "third quarter",
    "pool=quarter_4": "fourth quarter",
    "pool=last": "last token",
    "held-out-context": "context held out",
    "held-out-register": "register held out",
    "held-out-family": "lexical family held out",
    "transfer": "transfer between contexts",
    "train=": "taught on ",
    "test=": "asked ",
    "off-diagonal": "mean over pairs",
    "emergence": "emergence",
    "control/first": "first point above the text and above point 0",
    "over-text": "AUROC above the best text baseline",
    "over-first": "AUROC above point 0",
    "cosine": "cosine of one-against-the-rest weights",
    "in-sample-d_prime": "d′ on the texts that made the direction",
    "ungrouped": "folds that cut through scenarios",
    "pca-90": "principal components for 90% of the variance",
    "probe-scored-shift": "shift along a probe, scored by that probe",
    "point=": "point ",
    "alpha=": "α = ",
    "effective": "effective dimension",
    "rank": "rank",
    "push=": "pushed towards ",
    "score=": "scored as ",
    "best-feature": "best single feature",
    "k=": "probe on a few features, k = ",
    "random-k=": "probe on random features, k = ",
    "dense": "dense probe on the same texts (ceiling)",
    "sae/cosine": "largest cosine of a decoder vector with the difference of means",
    "recurring": "share of features that every seed found",
    "clusters=": "clusters: ",
    "ari-style": "adjusted Rand index with style",
    "ari-context": "adjusted Rand index with context",
    "nmi-style": "mutual information with style, normalised",
    "nmi-context": "mutual information with context, normalised",
    "silhouette": "silhouette",
    "stability": "adjusted Rand index with clusters of resampled scenarios",
    "explained-variance": "share of the held-out variance explained",
    "l0": "active features a token",
    "dead": "share of features that no held-out text uses",
    "steered-point": "residual point where steering is done",
    "shift": "likelihood shift, nats per token",
    "likelihood/diagonal": "pushed style minus the others, nats per token",
    "write/diagonal": "change of the pushed style minus that of the others",
    "range": "steering range, α in mean residual norms",
    "range-opposed": "range of steering away, α in mean residual norms",
    "slope": "rise of the share per mean residual norm",
    "wrong-way": "share of prompts moved the wrong way",
    "none": "no intervention",
    "steered": "steered",
    "opposed": "steered away",
    "prompted": "asked for in words",
    "ablated": "direction projected out",
    "random": "random directions",
    "permuted": "permuted-label direction",
    "selectivity": "selectivity",
    "write/transfer": "direction from other contexts",
    "retained": "share of the effect retained",
    "side-effects": "side effects on other texts",
    "kl": "divergence from the unsteered model, nats per token",
    "perplexity-ratio": "perplexity over that of the unsteered model",
    "coherence": "coherence gates against the judge",
    "write/accuracy": "replies on which they agree",
    "caught": "broken replies that the gates stop",
    "passed": "sound replies that the gates pass",
    "bandwidth/empathy-raw": "empathy, in units of the residual stream",
    "bandwidth/register-raw": "register, in units of the residual stream",
    "bandwidth/permuted": "permuted labels",
    "ablate/none": "nothing ablated",
    "ablate/random": "random subspace ablated",
    "ablate/style": "style subspace ablated",
    "length-spread": "median length spread within a scenario",
    "longest-spread": "largest length spread within a scenario",
    "length-difference": "difference of mean lengths",
    "style-effect": "share of variance between styles",
    "reading-grade": "reading grade",
    "word-length": "word length",
    "valence": "valence (VADER)",
    "reading-grade-difference": "largest difference of reading grade, d",
    "quality/length": "length alone, AUROC",
    "quality/first-word": "first word, AUROC",
    "quality/opener": "opening words, AUROC",
    "quality/person": "pronouns, AUROC",
    "quality/tense": "auxiliaries and tense, AUROC",
    "quality/function-words": "function words, AUROC",
    "quality/character-ngrams": "character n-grams, AUROC",
    "quality/tfidf": "all words (TF-IDF), AUROC",
    "tfidf-held-out-context": "all words, domain held out, AUROC",
    "tfidf-held-out-register": "all words, register held out, AUROC",
    "strongest-ngram": "strongest single n-gram, AUROC",
    "marking-ngrams": "n-grams that mark a style",
    "commonest-opening": "share of the commonest opening",
    "first-person-gap": "difference in who says I",
    "scenario-echo": "difference in scenario words repeated",
    "distinct-pairs": "distinct word pairs, poorest style",
    "alike-replies": "mean cosine of replies, dullest style",
    "levels": "number of levels",
    "smallest-cell": "smallest cell of two crossed factors",
    "shared-factors": "scenarios whose replies share family, register, person",
    "domains/count": "number of domains",
    "count": "number",
    "effective-number": "effective number",
    "smallest": "smallest share",
    "largest": "largest share",
    "people": "scenarios about",
    "commonest-name": "scenarios with the commonest name",
    "nearest-scenarios": "cosine of the two nearest scenarios",
    "content-pairs": "content words and pairs",
    "shared-passages": "passages of eight words in two scenarios",
    "contained-passages": "largest share of a scenario inside another",
    "split-domains": "domains in both splits",
    "stated-origin": "texts that state their origin",
    "foils": "foils",
    "scenarios": "scenarios",
    "controls": "control",
    "valence_stripped": "valence-stripped replies",
    "non_empathic": "non-empathic texts",
    "pair": "empathetic and neutral pairs",
    "same-scenarios": "scenarios shared with the main set",
    "length-ratio": "mean length over that of main replies",
    "largest-domain": "share of the largest domain",
    "fewest-in-a-context": "scenarios in the smallest context",
    "review-style": "raters read the style that was meant",
    "review-double-rated": "share of replies with two raters",
    "review-kappa": "raters agree on the style, kappa",
    "review-naturalness": "raters agree on naturalness, alpha",
    "judge-caught": "planted defects that the judge caught",
    "judge-false-alarms": "clean replies that the judge rejected",
    "judge-accepted": "replies that the judge accepted",
    "judge-values": "values on the judge's dullest scale",
    "share": "share of sentences in the style",
    "coherent": "share of coherent replies",
    "parses": "share of replies that parse",
    "casual": "share of casual replies",
    "persistence": "share of second sentences that keep the first one's style",
    "switches": "share of second sentences that switch to another style",
    "ablate/own": "loss of persistence in that style minus that in the others",
    "recognised": "share of texts whose style the judge recognises",
    "judge/main": "main texts",
    "judge/foil": "foils",
    "judge/agreement": "agreement between raters, Krippendorff's alpha",
    "second-model": "agreement with the second model, Krippendorff's alpha",
    "retest": "agreement of raters with themselves, Krippendorff's alpha",
    "missing": "share without a verdict",
    "refused": "share that the judge refused",
    "judge/texts": "of the texts",
    "judge/replies": "of the replies",
}
"""What a part of a key is called in a table; parts that are names (styles, tasks, concepts) stand as they are.

An entry `stage/part` goes before one of the part alone; one that ends in `=` stands before the value. The order is that
of the rows of a table.
"""

CONCEPTS = ("casual",)
"""Concepts with the name of a measure."""

ORDER = {part.rpartition("/")[2]: rank for rank, part in reversed(list(enumerate(WORDS)))}


def called(stage: str, part: str) -> str:
    """What one part of a key is called."""
    name, equals, value = part.partition("=")
    if equals and f"{name}=" in WORDS:
        return WORDS[f"{name}="] + (value.replace("-", "−") if name == "alpha" else value)
    return WORDS.get(f"{stage}/{part}", WORDS.get(part, part))


def describe(name: str) -> str:
    """What an estimate measures, in words, without its data set and model."""
    key = parse_key(name)
    # The other stages say in `what` what they measure.
    said = (key.stage, *key.what) if key.stage == "bandwidth" else key.what
    words = [called(key.stage, part) for part in said]
    # A concept may have the name of a measure, which stands last.
    words[:-1] = [part if part in CONCEPTS else word for part, word in zip(said[:-1], words, strict=False)]
    if is_single_style(key):
        words[0] = f"{said[0]} direction ablated"
        words[2:] = [f"replies opened as {opening}" for opening in said[2:]]
    return " · ".join(words)


def is_single_style(key: Key) -> bool:
    """Whether a number was measured with one style's direction ablated, and not under one of the named arms."""
    return key.stage == "ablate" and f"ablate/{key.what[0]}" not in WORDS


def reading_order(what: tuple[str, ...]) -> list[tuple[int, str]]:
    """Where the parts of a key place it in a table: names first and by themselves, the rest as in `WORDS`."""
    return [(ORDER.get(part, ORDER.get(part.partition("=")[0] + "=", -1)), part) for part in what]
