"""The tables of docs/pools.md are what the code does."""

import re
from pathlib import Path

import pytest
from tiny_models import DECODERS, ENCODERS
from transformers import AutoTokenizer

from empathy_core.activations.pooling import pool_spans
from empathy_core.contracts import POOLS
from empathy_core.models.parity import TOLERANCE
from empathy_core.models.prompt import prompt_ids, response_ids
from empathy_core.models.specs import resolve

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def page():
    return (ROOT / "docs" / "pools.md").read_text()


def rows(page, heading):
    """The cells of the first table after a heading, its head and rule left out."""
    table = page.split(f"## {heading}\n", 1)[1].split("\n|", 1)[1].split("\n\n")[0]
    return [[cell.strip(" ") for cell in line.strip().strip("|").split("|")] for line in table.splitlines()[2:]]


def test_the_example_is_what_the_tokenizer_and_the_pools_give(page):
    prompt, response = re.findall(r'"(Petra[^"]+)"|"(Curious[^"]+)"', page)
    spec = resolve("persistent")
    tokenizer = AutoTokenizer.from_pretrained(ROOT / spec.location)
    before = prompt_ids(spec, tokenizer, prompt[0].replace("⏎", "\n"))
    after = response_ids(spec, tokenizer, response[1])
    spans = dict(zip(POOLS, pool_spans(len(before), len(before) + len(after)), strict=True))
    expected = [
        [str(position), f"`{tokenizer.decode([token])}`".replace("\n", "\\n")]
        + ["prompt" if position < len(before) else "response"]
        + ["×" if first <= position < past else "" for first, past in spans.values()]
        for position, token in enumerate(before + after)
    ]
    assert rows(page, "Which token enters which pool") == expected


def test_every_architecture_of_the_tests_is_listed(page):
    listed = {cells[0].split()[0].strip(",") for cells in rows(page, "Architectures")}
    assert listed == {architecture.removesuffix("_base") for architecture in DECODERS + ENCODERS}


def test_the_bounds_are_those_of_the_check(page):
    stated = re.search(r"Allowed are (.*?) with quantised", page, re.DOTALL)[1]
    assert [float(number) for number in re.findall(r"\b0\.\d+", stated)] == sorted(set(TOLERANCE.values()))
