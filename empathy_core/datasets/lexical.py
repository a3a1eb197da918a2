"""How well words alone tell labels apart: the text baselines that every probe has to beat on the same folds."""

import re
from collections.abc import Sequence
from typing import Literal

import numpy as np
from jaxtyping import Float, Shaped
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from empathy_core.contracts import BadInput
from empathy_core.datasets.splits import Fold

Baseline = Literal["tfidf", "opener", "length"]

OPENING_WORDS = 3
_WORD = r"\b\w+(?:['’]\w+)*\b"  # scikit-learn's default drops one-letter words, and "I" is a strong cue
_SENTENCE_END = re.compile(r"[.!?]+(?=\s|$)")


def lexical_scores(
    responses: Sequence[str], labels: Shaped[np.ndarray, " text"], folds: Sequence[Fold], kind: Baseline = "tfidf"
) -> Float[np.ndarray, "text class"]:
    """Out-of-fold decision scores of a logistic regression on the words of each response.

    `tfidf` reads words and word pairs (sublinear term frequency), `opener` the first three words, `length` the number
    of characters, words and sentences. Vocabulary and scaling are fitted on each fold's train rows. Two classes give
    one column, the score of the second in sorted order; more give one column a class, sorted. A row that no fold tests
    is NaN. Raises `BadInput` when a fold's train rows lack a class.
    """
    words, classes = np.array(responses, dtype=object), np.unique(labels)
    scores = np.full((len(labels), 1 if len(classes) == 2 else len(classes)), np.nan)
    for number, fold in enumerate(folds):
        _has_every_class(labels[fold.train], classes, number)
        model = _classifier(kind).fit(words[fold.train], labels[fold.train])
        scores[fold.test] = model.decision_function(words[fold.test]).reshape(len(fold.test), -1)
    return scores


def _classifier(kind: Baseline) -> Pipeline:
    logistic = LogisticRegression(C=10.0, max_iter=1000)
    if kind == "tfidf":
        return make_pipeline(TfidfVectorizer(token_pattern=_WORD, ngram_range=(1, 2), sublinear_tf=True), logistic)
    if kind == "opener":
        words = CountVectorizer(token_pattern=_WORD, ngram_range=(1, OPENING_WORDS))
        return make_pipeline(FunctionTransformer(_openings), words, logistic)
    return make_pipeline(FunctionTransformer(_lengths), StandardScaler(), logistic)


def _openings(responses: Shaped[np.ndarray, " text"]) -> list[str]:
    """The first words of each response."""
    return [" ".join(re.findall(_WORD, text)[:OPENING_WORDS]) for text in responses]


def _lengths(responses: Shaped[np.ndarray, " text"]) -> Float[np.ndarray, "text count"]:
    """Characters, words and sentences of each response."""
    return np.array(
        [[len(text), len(re.findall(_WORD, text)), len(_SENTENCE_END.findall(text))] for text in responses], dtype=float
    )


def _has_every_class(labels: Shaped[np.ndarray, " row"], classes: Shaped[np.ndarray, " class"], fold: int) -> None:
    present = np.unique(labels)
    if len(classes) < 2 or len(present) < len(classes):
        raise BadInput(
            "A text baseline is trained on at least two classes, each present in every fold.",
            f"{len(present)} of {len(classes)} ({', '.join(map(str, present))}) in the train rows of fold {fold}",
            "a class with few scenarios, or one that a single lexical family holds",
            "add scenarios of the missing class, or lower the number of folds",
        )
