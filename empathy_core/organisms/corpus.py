"""Texts from the grammar: the labelled set that probes and steering use, and the stream that trains an organism."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from empathy_core.contracts import Text, TextSet
from empathy_core.organisms.grammar import (
    ALL_EVENTS,
    FAMILIES,
    LAWS,
    SCENARIO_ENTROPY,
    StyleLaw,
    sample_scenario,
    write_prompt,
    write_reply,
)
from empathy_core.organisms.templates import REGISTERS, ROLES, STYLES

ROLE_OF_STYLE = {style: "main" for style in STYLES[:3]} | {style: style for style in STYLES[3:]}
FLAT_ROLES = tuple(role for role, cued in ROLES.items() if cued is None)
"""Helpers who cue no style, so that a prompt says nothing about the reply that follows."""
HALVES = {
    "train": ("A", FAMILIES[:4], tuple(event for event in ALL_EVENTS if event[1] % 2 == 0)),
    "test": ("B", FAMILIES[4:], tuple(event for event in ALL_EVENTS if event[1] % 2 == 1)),
}
"""Each split's lexical half: its name, its frames, and its events, half of every domain's."""
SENTENCES = 3


def organism_texts(n_scenarios: int = 96, seed: int = 0) -> TextSet:
    """Write every scenario's reply in each of the five styles: 5 rows a scenario, three sentences of one register each.

    The first half of the scenarios is the split `train` and uses frames 0-3 and half of every domain's events; the
    second is `test` and uses the other frames and events. A scenario's five replies use the same three frames, and
    registers are balanced within every style, so neither tells the styles apart.
    """
    rng = np.random.default_rng(seed)
    texts = []
    for split, count in (("train", n_scenarios - n_scenarios // 2), ("test", n_scenarios // 2)):
        registers = _balanced_registers(count, rng)
        for number in range(count):
            texts += _scenario_texts(split, number, registers[number], rng)
    return TextSet("grammar", "organism", tuple(texts))


def _balanced_registers(count: int, rng: np.random.Generator) -> np.ndarray:
    """Register index of every (scenario, style): each pair of scenarios holds each style once in either register."""
    first = rng.integers(2, size=(-(-count // 2), 1, len(STYLES)))
    return np.concatenate([first, 1 - first], axis=1).reshape(-1, len(STYLES))


def _scenario_texts(split: str, number: int, registers: np.ndarray, rng: np.random.Generator) -> list[Text]:
    half, frames, events = HALVES[split]
    scenario = sample_scenario(rng, events, FLAT_ROLES)
    prompt = write_prompt(scenario, rng).text
    families = [family for family in frames if family != frames[number % len(frames)]]
    texts = []
    for style, index in zip(STYLES, registers, strict=True):
        reply = write_reply(scenario, rng, LAWS["persistent"], style, REGISTERS[index], families, SENTENCES)
        texts.append(
            Text(
                id=f"{split}-{number:03d}-{style}",
                scenario_id=f"{split}-{number:03d}",
                context=scenario.domain,
                style=style,
                scenario=prompt,
                response=reply.text,
                role=ROLE_OF_STYLE[style],
                register=reply.register,
                family=half,
                person=scenario.person,
                split=split,
                origin="organism grammar",
            )
        )
    return texts


@dataclass(frozen=True)
class Dialogue:
    """One training text."""

    prompt: str
    reply: str
    log_probability: float
    """Of the whole dialogue, in nats."""


def training_dialogues(law: StyleLaw, seed: int, n: int) -> list[Dialogue]:
    """Draw the first `n` dialogues of this law's stream."""
    rng = np.random.default_rng(seed)
    return [_dialogue(law, rng) for _ in range(n)]


def _dialogue(law: StyleLaw, rng: np.random.Generator) -> Dialogue:
    scenario = sample_scenario(rng)
    prompt = write_prompt(scenario, rng)
    reply = write_reply(scenario, rng, law)
    return Dialogue(prompt.text, reply.text, prompt.log_probability + reply.log_probability - SCENARIO_ENTROPY)


def dialogues_hash(dialogues: Iterable[Dialogue]) -> str:
    """Sixteen hexadecimal digits of SHA-256 over prompts and replies, in order."""
    text = "\0".join(f"{dialogue.prompt} {dialogue.reply}" for dialogue in dialogues)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
