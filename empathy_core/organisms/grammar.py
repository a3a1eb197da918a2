"""A probabilistic grammar of support dialogues: exact sampling, exact log-probability, exact entropy.

A dialogue is a prompt (who speaks, what happened, how it feels, which helper answers) and a reply of three or four
sentences. Each sentence fills one of eight frames in one of five planted styles and in the reply's register. How the
style runs from sentence to sentence is the `StyleLaw`: that is all in which the organisms' training texts differ.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from empathy_core.contracts import BadInput
from empathy_core.organisms.templates import (
    EVENTS,
    FEELINGS,
    FRAMES,
    NAMES,
    PROMPT_CHOICES,
    PROMPTS,
    REGISTERS,
    RELATIVES,
    ROLES,
    STYLES,
)

Option = TypeVar("Option")

PEOPLE = ("I", *RELATIVES)
FAMILIES = tuple(range(len(FRAMES)))
"""Lexical family f of every style is frame f, filled with that style's words."""
LENGTHS = (3, 4)
"""Numbers of sentences in a reply, equally likely."""
ALL_EVENTS = tuple((domain, number) for domain, events in EVENTS.items() for number in range(len(events)))


@dataclass(frozen=True)
class StyleLaw:
    """How a style is chosen for the first sentence and carried to the next."""

    keep: float
    """Probability that a sentence keeps the style of the one before; else one of the other four, equally likely."""
    cue: float
    """Probability of the style that the helper's role cues; else one of the other four, equally likely."""


LAWS = {
    "persistent": StyleLaw(keep=1.0, cue=0.44),
    "graded": StyleLaw(keep=0.7, cue=0.44),
    "scrambled": StyleLaw(keep=1 / len(STYLES), cue=1 / len(STYLES)),
    "untrained": StyleLaw(keep=1.0, cue=0.44),
}
"""`scrambled` redraws the style in every sentence; `untrained` never sees its texts, which are the persistent ones."""


@dataclass(frozen=True)
class Piece:
    """One part of a template."""

    kind: str
    """`text`, `choice`, `register`, `gap`, or `slot` (whose only option is the slot's name)."""
    options: tuple[str, ...]


@dataclass(frozen=True)
class Scenario:
    """What a prompt is about."""

    domain: str
    event: int
    """Number of the event within its domain."""
    person: str
    """`I`, or the relative it happened to."""
    feeling: int
    """Row of the feelings table: two words for one feeling."""
    speaker: str
    helper: str
    role: str

    def slots(self) -> dict[str, tuple[str, ...]]:
        """Each slot's possible fillings, equally likely."""
        happened, *mentions = EVENTS[self.domain][self.event].split("|")
        first_person = self.person == "I"
        return {
            "who": ("I" if first_person else f"my {self.person}",),
            "you": ("you" if first_person else f"your {self.person}",),
            "event": (happened,),
            "np": tuple(mentions),
            "feel": FEELINGS[self.feeling],
        }


@dataclass(frozen=True)
class Prompt:
    """A prompt's text, and its log-probability given the scenario in nats."""

    text: str
    log_probability: float


@dataclass(frozen=True)
class Reply:
    """A reply's text, the log-probability of everything drawn for it in nats, and its planted labels."""

    text: str
    log_probability: float
    styles: tuple[str, ...]
    families: tuple[int, ...]
    register: str


@dataclass(frozen=True)
class Entropy:
    """Entropy of a dialogue in nats."""

    prompt: float
    reply: float
    """Given the prompt."""

    @property
    def dialogue(self) -> float:
        """Prompt and reply together."""
        return self.prompt + self.reply


def split_template(template: str) -> tuple[Piece, ...]:
    """Cut a template of `templates.py` into its pieces."""
    pieces = []
    for slot, choice, register, gap, text in re.findall(r"\{(\w+)\}|\((.*?)\)|<(.*?)>|(_)|([^{(<_]+)", template):
        if slot:
            pieces.append(Piece("slot", (slot,)))
        elif choice:
            pieces.append(Piece("choice", tuple(choice.split("|"))))
        elif register:
            pieces.append(Piece("register", tuple(register.split("//"))))
        else:
            pieces.append(Piece("gap", ()) if gap else Piece("text", (text,)))
    return tuple(pieces)


SKELETONS = tuple(split_template(skeleton) for skeleton, _ in FRAMES)
"""The frames' pieces, gaps still open."""

GAP_WORDS = {
    style: tuple(tuple(tuple(gap.split("|")) for gap in words[style].split()) for _, words in FRAMES)
    for style in STYLES
}
"""The alternatives of each gap, by style, then family, then gap."""


def _close_gaps(skeleton: tuple[Piece, ...], gaps: Sequence[tuple[str, ...]]) -> tuple[Piece, ...]:
    words = iter(gaps)
    return tuple(Piece("choice", next(words)) if piece.kind == "gap" else piece for piece in skeleton)


SENTENCES = {
    style: tuple(_close_gaps(skeleton, gaps) for skeleton, gaps in zip(SKELETONS, GAP_WORDS[style], strict=True))
    for style in STYLES
}
PROMPT_TEMPLATES = tuple(split_template(template) for template in PROMPTS)


def _pick(options: Sequence[Option], rng: np.random.Generator) -> Option:
    return options[int(rng.integers(len(options)))]


def _options(piece: Piece, slots: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    return slots[piece.options[0]] if piece.kind == "slot" else piece.options


def _fill(
    pieces: Sequence[Piece], slots: Mapping[str, tuple[str, ...]], register: int, rng: np.random.Generator
) -> tuple[str, float]:
    words, log_probability = [], 0.0
    for piece in pieces:
        if piece.kind == "register":
            words.append(piece.options[register])
            continue
        options = _options(piece, slots)
        words.append(_pick(options, rng))
        log_probability -= math.log(len(options))
    text = "".join(words)
    return text[0].upper() + text[1:], log_probability


def sample_scenario(
    rng: np.random.Generator, events: Sequence[tuple[str, int]] = ALL_EVENTS, roles: Sequence[str] = tuple(ROLES)
) -> Scenario:
    """Draw every field uniformly, the event from `events` (domain, number) and the helper's role from `roles`.

    Speaker and helper have different names.
    """
    domain, event = _pick(events, rng)
    speaker, helper = rng.choice(len(NAMES), size=2, replace=False)
    return Scenario(
        domain=domain,
        event=event,
        person=_pick(PEOPLE, rng),
        feeling=int(rng.integers(len(FEELINGS))),
        speaker=NAMES[speaker],
        helper=NAMES[helper],
        role=_pick(roles, rng),
    )


def write_prompt(scenario: Scenario, rng: np.random.Generator) -> Prompt:
    """Word a scenario as the prompt `Speaker: what happened.` and, on the next line, `Helper the role:`."""
    template = _pick(PROMPT_TEMPLATES, rng)
    body, log_probability = _fill(template, PROMPT_CHOICES | scenario.slots(), 0, rng)
    text = f"{scenario.speaker}: {body}\n{scenario.helper} the {scenario.role}:"
    return Prompt(text, log_probability - math.log(len(PROMPT_TEMPLATES)))


def _style_weights(style: str | None, probability: float) -> list[float]:
    """Probabilities over the styles: `probability` for this one and equal shares for the others; uniform without."""
    if style is None:
        return [1 / len(STYLES)] * len(STYLES)
    return [probability if other == style else (1 - probability) / (len(STYLES) - 1) for other in STYLES]


def _draw_styles(
    law: StyleLaw, role: str, first: str | None, sentences: int, rng: np.random.Generator
) -> tuple[tuple[str, ...], float]:
    styles, log_probability = [], 0.0
    if first is not None:
        styles.append(first)
    while len(styles) < sentences:
        weights = _style_weights(styles[-1], law.keep) if styles else _style_weights(ROLES[role], law.cue)
        drawn = int(rng.choice(len(STYLES), p=weights))
        styles.append(STYLES[drawn])
        log_probability += math.log(weights[drawn])
    return tuple(styles), log_probability


def write_reply(
    scenario: Scenario,
    rng: np.random.Generator,
    law: StyleLaw,
    style: str | None = None,
    register: str | None = None,
    families: Sequence[int] = FAMILIES,
    sentences: int | None = None,
) -> Reply:
    """Draw a reply; what is given (the first sentence's `style`, the `register`, the number of sentences) is not drawn.

    Frames are drawn from `families` without replacement. Raises BadInput when there are fewer families than sentences.
    """
    log_probability = 0.0
    if register is None:
        register = _pick(REGISTERS, rng)
        log_probability -= math.log(len(REGISTERS))
    if sentences is None:
        sentences = _pick(LENGTHS, rng)
        log_probability -= math.log(len(LENGTHS))
    if sentences > len(families):
        raise BadInput(
            "a reply uses each lexical family once at most",
            got=f"{sentences} sentences from {len(families)} families",
            fix="give more families or ask for fewer sentences",
        )
    styles, log_styles = _draw_styles(law, scenario.role, style, sentences, rng)
    order = tuple(int(family) for family in rng.permutation(families)[:sentences])
    log_probability += log_styles - math.log(math.perm(len(families), sentences))
    slots, texts = scenario.slots(), []
    for sentence_style, family in zip(styles, order, strict=True):
        text, log_sentence = _fill(SENTENCES[sentence_style][family], slots, REGISTERS.index(register), rng)
        texts.append(text)
        log_probability += log_sentence
    return Reply(" ".join(texts), log_probability, styles, order, register)


def _choice_entropy(weights: Sequence[float]) -> float:
    return -sum(weight * math.log(weight) for weight in weights if weight > 0)


def _template_entropy(pieces: Sequence[Piece], slots: Mapping[str, tuple[str, ...]]) -> float:
    return sum(math.log(len(_options(piece, slots))) for piece in pieces if piece.kind != "register")


SCENARIO_ENTROPY = math.log(len(ALL_EVENTS) * len(PEOPLE) * len(FEELINGS) * len(NAMES) * (len(NAMES) - 1) * len(ROLES))
"""Every scenario is equally likely: the entropy of its draw in nats, and minus its log-probability."""


def entropy(law: StyleLaw) -> Entropy:
    """Exact entropy of a dialogue in nats.

    No two derivations give one text (a test parses samples back), so the derivations' entropy is the text's. Slots
    have equally many fillings in every scenario and gaps in every style, so one scenario stands for all.
    """
    slots = PROMPT_CHOICES | Scenario("work", 0, "I", 0, NAMES[0], NAMES[1], "friend").slots()
    prompts = [_template_entropy(template, slots) for template in PROMPT_TEMPLATES]
    sentence = np.mean([_template_entropy(pieces, slots) for style in STYLES for pieces in SENTENCES[style]])
    first = np.mean([_choice_entropy(_style_weights(cued, law.cue)) for cued in ROLES.values()])
    carried = _choice_entropy(_style_weights(STYLES[0], law.keep))
    frames = [math.log(math.perm(len(FAMILIES), sentences)) for sentences in LENGTHS]
    reply = (
        math.log(len(REGISTERS))
        + math.log(len(LENGTHS))
        + first
        + np.mean(frames)
        + np.mean(LENGTHS) * sentence
        + (np.mean(LENGTHS) - 1) * carried
    )
    prompt = SCENARIO_ENTROPY + math.log(len(PROMPT_TEMPLATES)) + np.mean(prompts)
    return Entropy(prompt=float(prompt), reply=float(reply))
