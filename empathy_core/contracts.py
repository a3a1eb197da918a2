"""The frozen records that cross a stage, and the one exception that bad input raises.

Axis names used in every signature of the package: `text`, `point`, `pool`, `dim`, `token`, `fold`, `draw`, `component`.
A *point* is a residual point: 0 is the input of block 0, l is the output of block l (1…L), raw, before the final norm.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Literal

import numpy as np
from jaxtyping import Float, Shaped

Kind = Literal["measured", "organism"]
Outcome = Literal["supported", "not supported", "not measurable"]

POOLS = ("last", "mean", "quarter_1", "quarter_2", "quarter_3", "quarter_4")
"""How a response's tokens become one vector: its last token, its mean, and the mean of each quarter."""


class BadInput(ValueError):
    """Something the user gave breaks a rule; the message is one paragraph: rule, value got, likely cause, fix."""

    def __init__(self, rule: str, got: str = "", cause: str = "", fix: str = ""):
        parts = (rule, got and f"Got: {got}.", cause and f"Likely cause: {cause}.", fix and f"What to do: {fix}.")
        super().__init__(" ".join(part for part in parts if part))


@dataclass(frozen=True)
class Text:
    """One response to one scenario."""

    # Read by `datasets.files` when it validates rows, and when it writes their JSON Schema.
    __pydantic_config__ = {"extra": "forbid", "use_attribute_docstrings": True}  # noqa: RUF012

    id: str
    scenario_id: str
    """Texts of one scenario never sit on both sides of a fold."""
    context: str
    """Domain or conversational context, for transfer between contexts and for dimensionality."""
    style: str
    scenario: str
    """What the person wrote: becomes the prompt."""
    response: str
    role: str = "main"
    """`main` for the styles under study; `foil` for the same styles in each other's words; else a control kind."""
    register: str = ""
    """`formal` or `casual`, shared by the replies to one scenario unless register is what varies."""
    family: str = ""
    """Lexical family; when a set has several, probes are scored on families that their training never saw."""
    person: str = ""
    """Grammatical person of the replies to one scenario: `first` when they say I, me or my, `second` when none does."""
    split: str = "train"
    """`train` makes directions, `test` provides held-out prompts; whole scenarios only."""
    origin: str = ""
    """Where the text came from: `hand`, `grammar`, an API model id, a file name."""

    @property
    def content_hash(self) -> str:
        """Sixteen hexadecimal digits of SHA-256 over every field."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class TextSet:
    """A data set in long form, one row a text; `datasets.schema.check` holds its rules."""

    name: str
    kind: Kind
    """`organism` when a grammar wrote the texts: such numbers never stand in one table with measured ones."""
    texts: tuple[Text, ...]

    def __len__(self) -> int:
        return len(self.texts)

    def __repr__(self) -> str:
        """Without the texts, which would fill a notebook."""
        return f"TextSet(name={self.name!r}, kind={self.kind!r}, {len(self)} texts)"

    @property
    def content_hash(self) -> str:
        """Sixteen hexadecimal digits of SHA-256 over all rows, in order."""
        return hashlib.sha256("".join(text.content_hash for text in self.texts).encode()).hexdigest()[:16]

    @property
    def main_styles(self) -> tuple[str, ...]:
        """The styles under study, in order of first appearance."""
        return tuple(dict.fromkeys(text.style for text in self.texts if text.role == "main"))

    def column(self, field: str) -> Shaped[np.ndarray, " text"]:
        """One field of every text as an array of strings."""
        return np.array([getattr(text, field) for text in self.texts])

    def rows(self, mask: Shaped[np.ndarray, " text"]) -> "TextSet":
        """The texts where `mask` is true (or the texts at these indices), in order."""
        return TextSet(self.name, self.kind, tuple(np.array(self.texts, dtype=object)[mask]))


@dataclass(frozen=True)
class ModelSpec:
    """Every fact about one model, stated once in `models.specs`."""

    name: str
    """Short name used on the command line, in keys and in tables."""
    location: str
    """Hub id, or a folder with config.json, safetensors and a tokenizer."""
    kind: Kind = "measured"
    revision: str = "main"
    n_layers: int | None = None
    """None until the checkpoint's own config has been read; checked against it when stated."""
    d_model: int | None = None
    chat_template: bool = False
    """Wrap the scenario in the tokenizer's chat template; base models get a plain prompt."""
    prompt_template: str = "{scenario}\n\n"
    """The plain prompt of a model without chat template."""
    response_prefix: str = ""
    """Stands before the response text: a space for a model whose prompts end without one."""
    gated: bool = False
    """The licence must be accepted on the hub and HF_TOKEN set."""
    licence: str = ""


@dataclass(frozen=True)
class Plan:
    """What extracting one model's activations over a text set takes."""

    model: ModelSpec
    """With the hub's commit, layer count, width and chat template."""
    parameters: int
    weight_bytes: int
    memory_bytes: int
    """Memory of the device or devices, weights and working space."""
    tokens: int
    """Over all texts, prompt and response; replies that share a prompt can take fewer."""
    longest: int
    """Tokens of the longest text."""
    context: int
    """Longest text the model can read, in tokens."""
    store_bytes: int
    gpu_seconds: float
    """Two operations for each weight of the blocks and token, on one A100 in half precision at half its peak."""


@dataclass(frozen=True)
class SteeringPlan:
    """What generating one model's replies takes."""

    model: str
    replies: int
    """Of every arm, those that continue a given sentence included."""
    new_tokens: int
    """At most: a reply that ends by itself has fewer."""
    gpu_seconds: float
    """Of writing them: every token of a batch reads all weights once, at half of one A100's memory bandwidth."""


@dataclass(frozen=True)
class Bill:
    """What all models of a run take together."""

    tasks: int
    """That need a GPU."""
    gpu_hours: float
    """Of computing; starting machines and reading weights come on top."""
    price: float | None
    """Money per GPU hour, as the user gave it; None if it is not known."""

    @property
    def money(self) -> float | None:
        """What the GPU hours cost, in the unit of the price."""
        return None if self.price is None else self.gpu_hours * self.price


@dataclass(frozen=True)
class ActivationSet:
    """Manifest of one model's activations `[point, text, pool, dim]`; the arrays stay in the store at `folder`."""

    model: ModelSpec
    key: str
    """Content address: model and revision, data set, template, pools, dtype."""
    folder: str
    dataset_hash: str
    text_ids: tuple[str, ...] = field(repr=False)
    points: tuple[int, ...]
    pools: tuple[str, ...]
    dim: int
    dtype: str
    residual_norms: tuple[float, ...]
    """Mean norm of the residual stream over response tokens, one per point: the unit of steering strength."""
    response_tokens: tuple[int, ...] = field(repr=False)
    """Number of response tokens of each text."""
    tokens_per_second: float
    parity: float = 0.0
    """Largest relative difference between the hooked residual points and the library's own hidden states."""
    notes: tuple[str, ...] = ()
    """What a reader must know of this extraction: rows left out, batches that had to shrink."""

    def kept(self, texts: TextSet) -> TextSet:
        """The texts that have activations, in the order of their rows: all but those left out as too long."""
        return texts.rows(np.isin(texts.column("id"), self.text_ids))


@dataclass(frozen=True)
class Direction:
    """A unit vector at one residual point that stands for a concept."""

    concept: str
    model: str
    point: int
    vector: Float[np.ndarray, " dim"] = field(repr=False)
    """Unit norm."""
    norm: float
    """Norm of the vector before it was scaled to one, in units of the residual stream."""
    residual_norm: float
    """Mean residual norm at this point over response tokens: strength 1 moves the stream by this much."""
    n: int
    """Number of texts the direction was made from."""
    method: str


@dataclass(frozen=True)
class Estimate:
    """A number with its interval, its sample size, its null and the function that computed it."""

    name: str
    """Key: texts/model/stage/what, for example `grammar/persistent/read/cognitive-affective/excess`."""
    value: float
    low: float
    high: float
    n: int
    """Number of independent units behind the interval (scenarios or prompts)."""
    null: float | None
    """What the same procedure gives when there is nothing to find: its 95 % bound where the null has a distribution."""
    method: str
    """Dotted name, inside `empathy_core`, of the function that computed it."""
    run: str = ""
    """Pathspec of the Metaflow task that computed it."""


@dataclass(frozen=True)
class Gate:
    """One property of a set of texts beside the threshold it was meant to keep."""

    name: str
    estimate: Estimate
    threshold: str
    passed: bool | None
    """None when the gate has no threshold."""
    detail: str = ""
    """What to look at first, for example the two most similar scenarios."""


@dataclass(frozen=True)
class Verdict:
    """What one criterion says about one model, and the estimates that decided it."""

    criterion: str
    model: str
    outcome: Outcome
    reason: str
    evidence: tuple[str, ...]
    """Names of the deciding estimates."""
    expected: Outcome | None = None
    """What was planted, where the truth is known."""
