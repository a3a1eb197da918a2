"""How well the surface of texts tells labels apart: the baselines that every probe has to beat on the same folds."""

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
from jaxtyping import Float, Shaped
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from empathy_core.contracts import BadInput
from empathy_core.datasets.splits import Fold
from empathy_core.datasets.surface import FUNCTION_WORDS, WORD, lengths, person_rates, tense_rates, words

Baseline = Literal["length", "first-word", "opener", "person", "tense", "function-words", "character-ngrams", "tfidf"]

OPENING_WORDS = 3


def lexical_scores(
    responses: Sequence[str], labels: Shaped[np.ndarray, " text"], folds: Sequence[Fold], kind: Baseline = "tfidf"
) -> Float[np.ndarray, "text class"]:
    """Out-of-fold decision scores of a logistic regression on one kind of surface feature (`lexical_classifier`).

    Vocabulary and scaling are fitted on each fold's train rows. Two classes give one column, the score of the second in
    sorted order; more give one column a class, sorted. A row that no fold tests is NaN. Raises `BadInput` when a fold's
    train rows lack a class.
    """
    texts, classes = np.array(responses, dtype=object), np.unique(labels)
    scores = np.full((len(labels), 1 if len(classes) == 2 else len(classes)), np.nan)
    for number, fold in enumerate(folds):
        _has_every_class(labels[fold.train], classes, number)
        model = lexical_classifier(kind).fit(texts[fold.train], labels[fold.train])
        scores[fold.test] = model.decision_function(texts[fold.test]).reshape(len(fold.test), -1)
    return scores


def lexical_classifier(kind: Baseline) -> Pipeline:
    """A logistic regression that reads one kind of surface feature of texts, and nothing else.

    `length` counts characters, words and sentences; `first-word` and `opener` (three words) read how a text begins;
    `person` and `tense` read shares of pronouns and of auxiliaries; `function-words` counts words without content;
    `character-ngrams` weighs runs of 3 to 5 characters inside words and `tfidf` words and word pairs, sublinearly.
    """
    logistic = LogisticRegression(C=10.0, max_iter=1000)
    counted = {"length": lengths, "person": person_rates, "tense": tense_rates}
    if kind in counted:
        measure = FunctionTransformer(lambda texts: counted[kind](texts.tolist()))
        return make_pipeline(measure, StandardScaler(), logistic)
    if kind in ("first-word", "opener"):
        kept = 1 if kind == "first-word" else OPENING_WORDS
        vocabulary = CountVectorizer(token_pattern=WORD, ngram_range=(1, kept))
        return make_pipeline(FunctionTransformer(_openings(kept)), vocabulary, logistic)
    vectorisers = {
        "function-words": CountVectorizer(tokenizer=words, token_pattern=None, vocabulary=sorted(FUNCTION_WORDS)),
        "character-ngrams": TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True),
        "tfidf": TfidfVectorizer(token_pattern=WORD, ngram_range=(1, 2), sublinear_tf=True),
    }
    return make_pipeline(vectorisers[kind], logistic)


def _openings(kept: int) -> Callable[[Shaped[np.ndarray, " text"]], list[str]]:
    """A function that keeps the first words of each response."""
    return lambda responses: [" ".join(words(text)[:kept]) for text in responses]


def _has_every_class(labels: Shaped[np.ndarray, " row"], classes: Shaped[np.ndarray, " class"], fold: int) -> None:
    present = np.unique(labels)
    if len(classes) < 2 or len(present) < len(classes):
        raise BadInput(
            "A text baseline is trained on at least two classes, each present in every fold.",
            f"{len(present)} of {len(classes)} ({', '.join(map(str, present))}) in the train rows of fold {fold}",
            "a class with few scenarios, or one that a single lexical family holds",
            "add scenarios of the missing class, or lower the number of folds",
        )
