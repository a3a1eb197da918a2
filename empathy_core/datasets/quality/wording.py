"""Whether scenarios repeat each other, replies of a style repeat each other, or one style copies its scenario more."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from jaxtyping import Float
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfVectorizer

from empathy_core.contracts import TextSet
from empathy_core.datasets.quality.measured import Measured, largest_gap, whole
from empathy_core.datasets.surface import FUNCTION_WORDS, words

VECTORISERS = {
    "words": lambda: TfidfVectorizer(),
    # token_pattern keeps scikit-learn's own words, which its stop list is made for.
    "content-pairs": lambda: TfidfVectorizer(ngram_range=(1, 2), stop_words=list(ENGLISH_STOP_WORDS)),
}
SHARED_WORDS, CONTAINED_WORDS = 8, 5


def nearest_scenarios(texts: TextSet) -> Iterator[Measured]:
    """Largest TF-IDF cosine between two scenarios: over all words, and over content words and their pairs."""
    wordings, method = _wordings(texts), "datasets.quality.wording.nearest_scenarios"
    for name, vectoriser in VECTORISERS.items():
        ids, cosines = list(wordings), _cosines(list(wordings.values()), vectoriser())
        first, second = np.unravel_index(cosines.argmax(), cosines.shape)
        detail = f"{ids[first]} and {ids[second]}"
        yield whole(texts, f"nearest-scenarios/{name}", cosines[first, second], method, detail)


def shared_passages(texts: TextSet) -> Iterator[Measured]:
    """Number of 8-word passages that two scenarios share, and the largest share of one's 5-word passages in another."""
    wordings, method = _wordings(texts), "datasets.quality.wording.shared_passages"
    counts = Counter(gram for wording in wordings.values() for gram in _grams(wording, SHARED_WORDS))
    repeated = [" ".join(gram) for gram, count in counts.items() if count > 1]
    yield whole(texts, "shared-passages", len(repeated), method, "; ".join(repeated[:2]))
    grams = {name: _grams(wording, CONTAINED_WORDS) for name, wording in wordings.items()}
    contained = {(a, b): len(grams[a] & grams[b]) / len(grams[a]) for a in grams for b in grams if a != b and grams[a]}
    (first, second), share = max(contained.items(), key=lambda item: item[1], default=((texts.name,) * 2, 0.0))
    yield whole(texts, "contained-passages", share, method, f"{first} in {second}" if share else "")


def diversity(texts: TextSet) -> Iterator[Measured]:
    """Distinct word pairs over all word pairs, and mean TF-IDF cosine of two replies: the worst style of each."""
    styles, responses = texts.column("style"), texts.column("response")
    replies = {style: responses[styles == style].tolist() for style in texts.main_styles}
    method, distinct, alike = "datasets.quality.wording.diversity", {}, {}
    for style, own in replies.items():
        pairs = [pair for reply in own for pair in pairwise(words(reply))]
        distinct[style] = len(set(pairs)) / max(len(pairs), 1)
        upper = np.triu_indices(len(own), k=1)
        alike[style] = float(_cosines(own, TfidfVectorizer())[upper].mean()) if len(own) > 1 else 0.0
    poorest, dullest = min(distinct, key=distinct.__getitem__), max(alike, key=alike.__getitem__)
    yield whole(texts, "distinct-pairs", distinct[poorest], method, poorest)
    yield whole(texts, "alike-replies", alike[dullest], method, dullest)


def scenario_echo(texts: TextSet, rng: np.random.Generator) -> Measured:
    """Largest difference between styles in the share of a reply's content words that stand in its own scenario."""
    shares = []
    for text in texts.texts:
        content = set(words(text.response)) - FUNCTION_WORDS
        shares.append(len(content & set(words(text.scenario))) / max(len(content), 1))
    return largest_gap(texts, "scenario-echo", shares, "datasets.quality.wording.scenario_echo", rng)


def _wordings(texts: TextSet) -> dict[str, str]:
    return {text.scenario_id: text.scenario for text in texts.texts}


def _grams(wording: str, n: int) -> set[tuple[str, ...]]:
    spoken = words(wording)
    return {tuple(spoken[i : i + n]) for i in range(len(spoken) - n + 1)}


def _cosines(wordings: list[str], vectoriser: TfidfVectorizer) -> Float[np.ndarray, "text text"]:
    """Cosine of every pair, above the diagonal."""
    vectors = vectoriser.fit_transform(wordings)
    return np.triu((vectors @ vectors.T).toarray(), k=1)
