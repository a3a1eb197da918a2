"""The card that ships with an organism: what it was trained on, how well it learnt it, and what it is not."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from empathy_core.contracts import TextSet
from empathy_core.organisms.corpus import organism_texts
from empathy_core.organisms.grammar import LAWS, Entropy
from empathy_core.organisms.score import ReplyScore
from empathy_core.organisms.templates import STYLES


@dataclass(frozen=True)
class TrainingFigures:
    """What a training run used and reached."""

    steps: int
    seed: int
    dialogues: int
    parameters: int
    corpus_hash: str
    """Of the first thousand training dialogues."""
    loss: float
    """Nats per token on held-out dialogues."""
    grammar_loss: float
    """What the grammar's own probabilities score on the same tokens: the best any model can do."""
    entropy: Entropy


@dataclass(frozen=True)
class SampleFigures:
    """What the grammar says about replies sampled at one temperature."""

    temperature: float
    n: int
    parse_share: float
    """Share of replies that end and whose sentences all parse."""
    sentence_share: float
    """Share of sentences that parse, averaged over replies."""
    on_topic: float
    """Share of mentions that fit the prompt; nan when no reply mentions anything."""
    persistence: float
    """Share of replies whose second sentence keeps the first's style, where both parse; nan where none does."""


def sample_figures(temperature: float, scores: Sequence[ReplyScore]) -> SampleFigures:
    """Summarise the scores of replies that were sampled at `temperature`."""
    topics = [score.on_topic for score in scores if not math.isnan(score.on_topic)]
    pairs = [score.styles[:2] for score in scores if len(score.styles) > 1 and None not in score.styles[:2]]
    return SampleFigures(
        temperature=temperature,
        n=len(scores),
        parse_share=float(np.mean([score.parses for score in scores])),
        sentence_share=float(np.mean([score.sentence_share for score in scores])),
        on_topic=float(np.mean(topics)) if topics else math.nan,
        persistence=float(np.mean([first == second for first, second in pairs])) if pairs else math.nan,
    )


def text_leak(texts: TextSet) -> dict[str, float]:
    """AUROC of a bag of words (TF-IDF, 1-2-grams, logistic regression, C = 10) across lexical halves, by contrast.

    Trained on one half's frames and events and tested on the other's, both ways, averaged. Contrasts: every pair of
    styles, every style against the rest, and the register.
    """
    styles, registers = texts.column("style"), texts.column("register")
    everything = np.ones(len(texts), dtype=bool)
    contrasts = {f"{a}-{b}": (np.isin(styles, (a, b)), styles == a) for a, b in combinations(STYLES, 2)}
    contrasts |= {f"{style}-rest": (everything, styles == style) for style in STYLES}
    contrasts["register"] = (everything, registers == "casual")
    return {name: _transfer_auroc(texts, rows, labels) for name, (rows, labels) in contrasts.items()}


def _transfer_auroc(texts: TextSet, rows: np.ndarray, labels: np.ndarray) -> float:
    responses, splits = texts.column("response"), texts.column("split")
    aurocs = []
    for train, test in (("train", "test"), ("test", "train")):
        fitted, scored = rows & (splits == train), rows & (splits == test)
        words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True).fit(responses[fitted])
        model = LogisticRegression(C=10, max_iter=1000).fit(words.transform(responses[fitted]), labels[fitted])
        aurocs.append(roc_auc_score(labels[scored], model.decision_function(words.transform(responses[scored]))))
    return float(np.mean(aurocs))


def write_card(path: Path, name: str, training: TrainingFigures, samples: Sequence[SampleFigures]) -> None:
    """Write the model card as Markdown."""
    leak = text_leak(organism_texts())
    low, high = (pick((value, contrast) for contrast, value in leak.items()) for pick in (min, max))
    law = LAWS[name]
    rows = [
        ("corpus, hash of its first 1000 dialogues", training.corpus_hash),
        ("steps", training.steps),
        ("dialogues", training.dialogues),
        ("seed", training.seed),
        ("parameters", training.parameters),
        ("style kept from sentence to sentence, in the texts", f"{law.keep:.2f}"),
        ("style cued by the helper's role, in the texts", f"{law.cue:.2f}"),
        ("loss, nats per token", f"{training.loss:.4f}"),
        ("grammar's own loss, nats per token", f"{training.grammar_loss:.4f}"),
        (
            "entropy of a dialogue, nats (prompt + reply)",
            f"{training.entropy.prompt:.2f} + {training.entropy.reply:.2f}",
        ),
    ]
    for sample in samples:
        suffix = f"at T = {sample.temperature:g} (n = {sample.n})"
        rows += [
            (f"replies that parse, {suffix}", f"{sample.parse_share:.3f}"),
            (f"sentences that parse, {suffix}", f"{sample.sentence_share:.3f}"),
            (f"mentions on topic, {suffix}", f"{sample.on_topic:.3f}"),
            (f"second sentence keeps the first's style, {suffix}", f"{sample.persistence:.3f}"),
        ]
    table = "\n".join(f"| {label} | {value} |" for label, value in rows)
    path.write_text(
        CARD.format(name=name, table=table, low=low[0], low_name=low[1], high=high[0], high_name=high[1]),
        encoding="utf-8",
    )


CARD = """---
license: mit
language: en
library_name: transformers
---
# {name}

A model organism: a Llama-shaped network of four blocks and width 128, trained from scratch on dialogues that a
probabilistic grammar wrote (`empathy_core/organisms/grammar.py`). The styles of its replies are planted, so what a
method should find in it is known. Made by `python -m empathy_core.organisms.train {name}`.

| figure | value |
|---|---|
{table}

A bag of words (TF-IDF, 1-2-grams) that was trained on four lexical families and tested on the other four, with other
events, tells the planted styles and registers apart with AUROC {low:.2f} ({low_name}) to {high:.2f} ({high_name}):
chance. Evidence of style across families therefore comes from the model and not from the words.

**What it is not.** It says nothing about empathy, nor about any natural language: its numbers validate instruments
and never stand beside those of a real model. The prompt and `" " + reply` are tokenised apart and one BOS stands in
front; the tokenizer adds none.
"""
