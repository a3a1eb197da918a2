"""Texts and names from outside in every card and page, drawn as Metaflow draws them and opened in a browser."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from hostile import ATTACKS, HOSTILE, LONG, NAME, stands_in, watched_browser
from metaflow.cards import Markdown
from metaflow.plugins.cards.card_modules.basic import BlankCard

from empathy_core.cards.comparison import compare, comparison_page
from empathy_core.cards.components import (
    activation_card,
    control_card,
    likelihood_card,
    live_batches,
    live_transcripts,
    plan_card,
    probe_card,
    validation_card,
)
from empathy_core.cards.serve import sealed
from empathy_core.cards.study_card import study_card
from empathy_core.cards.text_cards import collection_card, dataset_card
from empathy_core.contracts import ActivationSet, Gate, ModelSpec, Plan, Text, TextSet
from empathy_core.datasets.generation.cost import Usage
from empathy_core.datasets.generation.outcome import Generated, Missing
from empathy_core.datasets.review.reviewed import Reviewed
from empathy_core.datasets.sources import Collected
from empathy_core.results import RunResults
from empathy_core.steering.sampling import Reply

FONT = "https://fonts.googleapis.com"
"""Metaflow's own style sheet asks for it."""


# Not one for the whole session: while it runs, nothing else in this process may use asyncio.
@pytest.fixture(scope="module")
def read():
    with watched_browser() as reader:
        yield reader


def drawn(components, runtime=False):
    """The page of a blank card, as a task writes it."""
    made = BlankCard(components=[component.render() for component in components])
    return made.render(SimpleNamespace(pathspec="SomeFlow/1/step/2"), runtime=runtime)


@pytest.fixture
def written(tmp_path):
    """A function that puts a page into a file."""

    def write(page):
        path = tmp_path / "page.html"
        path.write_text(page, encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="module")
def odd(estimates):
    """A few numbers of each stage, with hostile names of texts, model, style, task, context and judge."""
    kept = (
        "/read/cognitive-affective/nested/auroc",
        "/read/cognitive-affective/text/tfidf/auroc",
        "/read/cognitive-affective/excess",
        "/control/length-residualised/nested/auroc",
        "/control/transfer/train=work/test=work/auroc",
        "/control/transfer/off-diagonal/auroc",
        "/replication/cosine/cognitive-affective",
        "/likelihood/steered-point",
        "/likelihood/diagonal/alpha=0.3",
        "/write/affective/range",
        "/write/affective/steered/alpha=0.5/coherent",
        "/write/transfer/affective/retained",
        "/ablate/affective/persistence/affective",
        "/judge/some-model/second-model/affective",
    )
    found = [one for one in estimates if one.name.endswith(kept) and "/persistent/" in one.name]
    assert len(found) == len(kept)
    names = {"grammar": NAME, "persistent": HOSTILE, "affective": NAME, "work": NAME, "some-model": NAME}
    return [replace(one, name=renamed(one.name, names), method=HOSTILE, run=HOSTILE) for one in found]


def renamed(key, names):
    for old, new in names.items():
        key = key.replace(old, new)
    return key


def hostile_texts():
    rows = [Text(f"{HOSTILE} {i}", HOSTILE, HOSTILE, style, LONG, LONG) for i, style in enumerate((NAME, "cold"))]
    return TextSet(NAME, "measured", tuple(rows))


def hostile_dataset(odd):
    return dataset_card(Reviewed(hostile_texts(), HOSTILE, {"accepted": 1}, (HOSTILE,)), hostile_gates(odd), HOSTILE)


def hostile_gates(odd):
    return [Gate("opener", replace(odd[0], name=f"{NAME}/quality/{NAME}"), HOSTILE, False, HOSTILE)]


def hostile_collection(odd):
    generated = Generated(
        texts=hostile_texts(),
        missing=(Missing(HOSTILE, HOSTILE, ((HOSTILE, "too long"),)),),
        refusals={HOSTILE: 2},
        usage=(Usage(HOSTILE, 2, 91, 1000, 2000),),
        provenance=(),
        gates=(),
        notes=(HOSTILE,),
    )
    return collection_card(Collected(HOSTILE, generated.texts, generated), [HOSTILE])


def hostile_verdicts(verdicts, odd):
    names = [replace(one, name=f"{NAME}/{HOSTILE}/read/{NAME}/excess") for one in odd[:1]]
    return names, [replace(verdicts[0], model=HOSTILE, reason=HOSTILE, evidence=(names[0].name,), expected=None)]


def hostile_activations():
    spec = ModelSpec(HOSTILE, HOSTILE, revision=HOSTILE)
    return ActivationSet(
        spec, HOSTILE, HOSTILE, HOSTILE, ("a",), (0,), (HOSTILE,), 8, "float32", (0.5,), (9,), 1.0, notes=(HOSTILE,)
    )


@pytest.fixture(scope="module")
def cards(odd, verdicts):
    """Every card that shows a text or a name from outside."""
    transcripts = [("steered", "0.5", LONG, LONG), (HOSTILE, "0", LONG, HOSTILE)]
    many = [(f"{HOSTILE} {i}", str(i), HOSTILE, LONG) for i in range(6)]
    plan = Plan(ModelSpec(HOSTILE, HOSTILE), 1, 1, 1, 1, 1, 1, 1, 1.0)
    return {
        "dataset": hostile_dataset(odd),
        "collection": hostile_collection(odd),
        "plan": plan_card([plan]),
        "activations": activation_card(hostile_activations(), 2),
        "probe": probe_card(odd, [HOSTILE]),
        "control": control_card(odd),
        "likelihood": likelihood_card(odd),
        "validation": validation_card(odd, transcripts, [HOSTILE]),
        "replies": validation_card([], many),
        "study": study_card(*hostile_verdicts(verdicts, odd), [[HOSTILE]], hostile_gates(odd)),
    }


CARDS = "dataset collection plan activations probe control likelihood validation replies study".split()


@pytest.mark.parametrize("name", CARDS)
def test_every_card_shows_texts_and_names_from_outside_as_they_are_and_nothing_in_them_acts(read, cards, name, written):
    shown = read(written(drawn(cards[name])), "table", known=(FONT,))
    assert stands_in(HOSTILE, shown) or stands_in(NAME, shown)
    if name in ("dataset", "validation", "replies"):
        assert stands_in(LONG, shown)


class LiveCard(list):
    """Stands in for `current.card`, and keeps what a refresh sends to the page."""

    def refresh(self):
        self.sent = {component.component_id: component.render() for component in self if component.component_id}


def test_replies_and_names_that_reach_a_card_while_it_is_open_do_not_act_either(read, written):
    card = LiveCard()
    _, stream = live_transcripts(card, iter(range(0, 100, 10)).__next__)
    live_batches(card)(HOSTILE, 1, 2)
    for number, component in enumerate(card):
        component.component_id = f"live{number}"
    path = written(drawn(card, runtime=True))
    stream(0, Reply(LONG, True))
    shown = read(path, "table", update=card.sent, known=(FONT,))
    assert stands_in(LONG, shown) and stands_in(HOSTILE, shown.replace(LONG, ""))


def test_the_page_that_compares_two_runs_shows_names_from_outside_as_they_are(read, odd, verdicts, written):
    numbers, judged = hostile_verdicts(verdicts, odd)
    before = RunResults(
        runs={HOSTILE: HOSTILE},
        settings={HOSTILE: {HOSTILE: LONG}},
        versions={HOSTILE: HOSTILE},
        texts=hostile_texts(),
        manifests={HOSTILE: hostile_activations()},
        numbers=(*numbers, *odd),
        verdicts=tuple(judged),
        criteria=HOSTILE,
    )
    moved = [replace(one, value=one.value + 9, low=one.low + 9, high=one.high + 9) for one in odd]
    after = replace(before, settings={}, versions={}, manifests=None, numbers=tuple(moved), verdicts=(), criteria="")
    shown = read(written(comparison_page(compare(before, after))))
    assert all(stands_in(text, shown) for text in (HOSTILE, LONG, NAME))


@pytest.mark.parametrize("attack", ["svg", "picture", "link"])
def test_the_browser_notices_what_acts_where_it_is_taken_for_markup(read, attack, written):
    with pytest.raises(AssertionError):
        read(written(drawn([Markdown(ATTACKS[attack])])), known=(FONT,))


def test_the_browser_notices_a_script_that_runs(read, written):
    with pytest.raises(AssertionError, match="broken into"):
        read(written(f"<!doctype html><title>quiet</title><body>here {ATTACKS['script']}"))


def test_a_sealed_card_asks_no_machine_for_a_font_and_is_drawn_all_the_same(read, cards, written):
    with pytest.raises(AssertionError, match=FONT):
        read(written(drawn(cards["plan"])), "table")
    assert stands_in(HOSTILE, read(written(sealed(drawn(cards["plan"]))), "table"))
