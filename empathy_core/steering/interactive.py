"""Steering by hand: a model that stays loaded, and its replies to one prompt side by side."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

import numpy as np
import pandas

from empathy_core.activations.store import point_reader
from empathy_core.contracts import ActivationSet, BadInput, Direction, TextSet
from empathy_core.models.load import LoadedModel
from empathy_core.probes.directions import DirectionSet, make_directions
from empathy_core.steering.arms import without
from empathy_core.steering.generate import generate
from empathy_core.steering.likelihood import negative_log_likelihood
from empathy_core.steering.operators import Edits, add
from empathy_core.steering.sampling import Row, SamplingSettings

LARGEST = 10.0
"""Largest strength, in mean residual norms: beyond it the direction is all that is left of the stream."""
UNSTEERED, ABLATED = "unsteered", "ablated"


@dataclass(frozen=True)
class SteeredReply:
    """One reply, and how likely the unsteered model finds it."""

    arm: str
    """`unsteered`, `α = 0.45`, or `ablated`."""
    seed: int
    """Replies of one seed draw the same random numbers."""
    text: str
    finished: bool
    """The model ended it by itself."""
    surprise: float
    """Mean negative log-likelihood per token (nats) under the unsteered model; infinite for an empty reply.

    Far above that of the unsteered replies, a reply falls apart or says what the model would not.
    """


@dataclass(frozen=True)
class SideBySide:
    """Replies of one model to one prompt, unsteered and steered."""

    model: str
    concept: str
    point: int
    prompt: str
    replies: tuple[SteeredReply, ...]

    def table(self) -> pandas.DataFrame:
        """One row a reply."""
        return pandas.DataFrame(
            [
                (one.arm, one.seed, round(one.surprise, 2), one.text if one.finished else f"{one.text} …")
                for one in self.replies
            ],
            columns=["arm", "seed", "nats per token", "reply"],
        )

    def __repr__(self) -> str:
        rows = (f"{arm:>10}  seed {seed}  {nats:5.2f}  {text}" for arm, seed, nats, text in self.table().to_numpy())
        return "\n".join([self._title, self.prompt, *rows])

    def _repr_html_(self) -> str:
        """For a notebook: what a user or a model wrote is escaped, and no dollar sign in it is taken for a formula."""
        head = "".join(f"<th>{escape(name)}</th>" for name in self.table().columns)
        body = "".join(
            "<tr>" + "".join(f"<td style='text-align: left'>{escape(str(cell))}</td>" for cell in row) + "</tr>"
            for row in self.table().to_numpy()
        )
        return (
            "<div class='tex2jax_ignore mathjax_ignore' style='white-space: pre-wrap'>"
            f"<p><b>{escape(self._title)}</b></p><p>{escape(self.prompt)}</p>"
            f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
        )

    @property
    def _title(self) -> str:
        return f"{self.model}, {self.concept} at residual point {self.point}"


@dataclass(frozen=True, eq=False)
class Steerable:
    """A loaded model with the directions it is steered by and the texts that they were made from."""

    loaded: LoadedModel = field(repr=False)
    texts: TextSet
    """Those that have activations."""
    activations: ActivationSet
    pool: str
    directions: DirectionSet

    def steer(
        self,
        concept: str,
        alpha: float | int | Sequence[float | int],
        prompt: str,
        *,
        point: int | None = None,
        seeds: Sequence[int] = (0,),
        ablated: bool = False,
        temperature: float | int = SamplingSettings.temperature,
        max_new_tokens: int = SamplingSettings.max_new_tokens,
    ) -> SideBySide:
        """Replies to `prompt`, unsteered and pushed along `concept` at each strength, for every seed.

        `alpha` is in mean residual norms at the steering point, negative to push away; `point` is another point to
        steer at, with directions made there; `ablated` adds replies with the concept's direction projected out at
        every point.

        Raises:
            BadInput: for a concept, strength, point, prompt or sampling that makes no sense here, and for an encoder.
        """
        strengths = _strengths(alpha)
        _check_asked(prompt, seeds)
        directions = self._directions_at(point)
        direction = _direction(directions, concept)
        edits: dict[str, Edits] = {UNSTEERED: {}}
        for strength in strengths:
            vector = strength * direction.residual_norm * direction.vector
            edits[f"α = {strength:g}"] = {directions.point: add(vector)}
        if ablated:
            edits[ABLATED] = without(direction, directions)
        sampling = SamplingSettings(float(temperature), max_new_tokens)
        return SideBySide(
            self.loaded.spec.name,
            concept,
            directions.point,
            prompt,
            self._replies(edits, prompt, seeds, sampling),
        )

    def _replies(
        self, edits: dict[str, Edits], prompt: str, seeds: Sequence[int], sampling: SamplingSettings
    ) -> tuple[SteeredReply, ...]:
        asked = [(seed, arm) for seed in seeds for arm in edits]
        replies = generate(self.loaded, [Row(prompt, seed, edits=edits[arm]) for seed, arm in asked], sampling)
        texts = [reply.text for reply in replies]
        surprise = negative_log_likelihood(self.loaded, [prompt] * len(texts), texts)
        return tuple(
            SteeredReply(arm, seed, reply.text, reply.finished, float(nats))
            for (seed, arm), reply, nats in zip(asked, replies, surprise, strict=True)
        )

    def _directions_at(self, point: int | None) -> DirectionSet:
        if point in (None, self.directions.point):
            return self.directions
        read_point = point_reader(self.activations, self.pool)
        return make_directions(read_point, self.activations, self.texts, point, permutations=0)


def _strengths(alpha: float | int | Sequence[float | int]) -> list[float]:
    strengths = np.atleast_1d(np.array(alpha, dtype=float))
    # Not `abs(strength) > LARGEST`, which NaN would pass.
    wrong = [f"{one:g}" for one in strengths if not 0 < abs(one) <= LARGEST]
    if wrong or not len(strengths):
        raise BadInput(
            f"A strength is a number between −{LARGEST:g} and {LARGEST:g}, in mean residual norms, and not 0.",
            got=", ".join(wrong) or "none",
            cause="a strength in the stream's own units; or 0, which is the unsteered reply and comes by itself",
            fix="begin with 0.3",
        )
    return strengths.tolist()


def _direction(directions: DirectionSet, concept: str) -> Direction:
    found = {direction.concept: direction for direction in directions.steered}
    if concept not in found:
        raise BadInput(
            "A model is steered along a concept that its directions were made for.",
            got=repr(concept),
            cause="a misspelt style, or one of other texts",
            fix=f"choose one of {', '.join(found)}",
        )
    return found[concept]


def _check_asked(prompt: str, seeds: Sequence[int]) -> None:
    if not prompt.strip():
        raise BadInput("A reply needs something to reply to.", got="an empty prompt", fix="say what the person wrote")
    if not len(seeds):
        raise BadInput(
            "There is a reply for every seed, and so at least one seed.", got="none", fix="give `seeds=(0,)`"
        )
