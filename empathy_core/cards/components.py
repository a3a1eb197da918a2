"""Tables and figures as Metaflow card components: the only metaflow import of the cards.

Metaflow renders Markdown as live HTML, so Markdown here holds words of our own only. Whatever a user or a model wrote
(names, texts, replies) stands in table cells and image labels, which Metaflow escapes.
"""

import base64
import re
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from metaflow.cards import Image, Markdown, ProgressBar, Table

from empathy_core.activations.progress import Progress
from empathy_core.cards.keys import STAGES, parse_key
from empathy_core.cards.read_tables import (
    EXCESS_HEADERS,
    FOIL_HEADERS,
    READING_HEADERS,
    REPLICATION_HEADERS,
    excess_rows,
    foil_rows,
    reading_rows,
    replication_rows,
)
from empathy_core.cards.reading import WHY_EXCESS, readings
from empathy_core.cards.tables import (
    ABSENT,
    NUMBER_HEADERS,
    PLAN_HEADERS,
    Rows,
    activation_rows,
    duration,
    gibibytes,
    is_summary,
    models_of,
    norm_rows,
    number_rows,
    plan_rows,
)
from empathy_core.cards.words import reading_order
from empathy_core.cards.write_tables import (
    LIKELIHOOD_HEADERS,
    WRITING_HEADERS,
    likelihood_rows,
    transcript_table,
    writing_rows,
)
from empathy_core.cards.writing import WHY_RANGE, steerings
from empathy_core.contracts import ActivationSet, BadInput, Estimate, Plan
from empathy_core.steering.judges import NO_JUDGE
from empathy_core.steering.sampling import Reply

Components = list[Any]

EXAMPLE_HEADERS = ("best feature of", "feature", "fires on the style", "mean code", "style of the reply", "reply")

LATEST = 5
"""Replies that a running generation shows."""
SECONDS_APART = 3.0
"""Between two changes of them."""


def heading(text: str) -> Markdown:
    """A heading in fixed words of ours; raises BadInput for anything that Markdown or HTML could read as markup."""
    if not re.fullmatch(r"[\w ,.:;()?α-]+", text) or "_" in text:
        raise BadInput(
            "A heading holds plain words, for Metaflow renders Markdown as live HTML.",
            got=repr(text),
            cause="a name or a text from outside",
            fix="put it into a table cell",
        )
    return Markdown(f"## {text}")


def table(headers: Sequence[str], rows: Rows) -> Table:
    """A table of plain strings, which Metaflow escapes."""
    return Table([[*row] for row in rows], headers=list(headers))


def table_of_models(headers: Sequence[str], rows: Rows) -> Table:
    """A table whose rows begin with a model; where there is only one, that column is left out."""
    if len({row[0] for row in rows}) == 1:
        return table(headers, [row[1:] for row in rows])
    return table(("model", *headers), rows)


def figures(estimates: Sequence[Estimate], only_controls: bool = False) -> Components:
    """Every figure that these numbers can draw, or those of the controls, each with its caption as label."""
    # Imported here: matplotlib costs a second, which steps that draw nothing need not pay.
    from empathy_core.cards.figures import control_drawings, drawings

    return [
        Image("data:image/svg+xml;base64," + base64.b64encode(drawing.svg).decode(), label=drawing.caption)
        for drawing in (control_drawings if only_controls else drawings)(estimates)
    ]


def live_progress(card: Any, label: str) -> Callable[[int, int], None]:
    """Put a progress bar on a card; call the result with the number done and the number in all."""
    bar = ProgressBar(max=100, label=label, metadata="loading")
    card.append(bar)
    card.refresh()

    def report(done: int, total: int) -> None:
        bar.update(100 * done // total, metadata=f"{done} of {total}")
        card.refresh()

    return report


def live_transcripts(
    card: Any, clock: Callable[[], float] = time.monotonic
) -> tuple[Callable[[int, int], None], Callable[[int, Reply], None]]:
    """A progress bar and the latest replies; gives what generation takes as `progress` and as `stream`."""
    progress = live_progress(card, "Replies")
    # Metaflow draws a table from the list that it was given: what is put into the list shows at the next refresh.
    shown = [[ABSENT, ABSENT]]
    card.append(Table(shown, headers=["number", "latest replies"]))
    card.refresh()
    latest: deque[list[str]] = deque(maxlen=LATEST)
    drawn = clock()

    def stream(number: int, reply: Reply) -> None:
        nonlocal drawn
        latest.append([str(number + 1), reply.text or "(empty)"])
        if clock() - drawn >= SECONDS_APART:
            drawn, shown[:] = clock(), latest
            card.refresh()

    return progress, stream


def live_extraction(card: Any) -> Callable[[Progress], None]:
    """A progress bar for an extraction, with its speed, the time left and the memory in use."""
    bar = ProgressBar(max=100, label="Texts", metadata="loading")
    card.append(bar)
    card.refresh()

    def report(progress: Progress) -> None:
        said = (
            f"{progress.texts_done} of {progress.texts}",
            f"{progress.tokens_per_second:,.0f} tokens/s",
            f"{duration(progress.seconds_left)} left",
            gibibytes(progress.memory_bytes),
        )
        bar.update(100 * progress.texts_done // progress.texts, metadata=", ".join(said))
        card.refresh()

    return report


def plan_card(plans: Sequence[Plan]) -> Components:
    """What an extraction will take, model by model."""
    return [heading("What this run would take"), table(PLAN_HEADERS, plan_rows(plans))]


def live_batches(card: Any) -> Callable[[str, int, int], None]:
    """A progress bar for each batch of requests; call the result with its name, the number done and in all."""
    bars: dict[str, Callable[[int, int], None]] = {}

    def report(name: str, done: int, total: int) -> None:
        if name not in bars:
            bars[name] = live_progress(card, name)
        bars[name](done, total)

    return report


def activation_card(activations: ActivationSet, n_texts: int) -> Components:
    """What was extracted, how fast, and the residual norms that are the unit of steering."""
    return [
        heading("Activations"),
        table(["what", "value"], [["texts", str(n_texts)], *activation_rows(activations)]),
        heading("Mean residual norm over response tokens"),
        table(["residual point", "norm"], norm_rows(activations)),
    ]


def probe_card(estimates: Sequence[Estimate], inexact: Sequence[str] = ()) -> Components:
    """What can be read: in sentences, as figures, and then in numbers.

    `inexact` names tasks and points whose fits did not reach the accuracy promised.
    """
    read = [one for one in estimates if parse_key(one.name).stage == "read"]
    found = readings(read)
    foils = [heading("Where words mislead"), table_of_models(FOIL_HEADERS, rows)] if (rows := foil_rows(found)) else []
    doubts = [heading("Fits that are not exact"), table(["task and point"], [[one] for one in inexact])]
    return [
        *reading_sentences(read),
        *(doubts if inexact else []),
        *figures(read),
        heading("How much the probe adds to the text"),
        table_of_models(EXCESS_HEADERS, excess_rows(found)),
        *foils,
        *number_tables([one for one in read if not is_told(one)]),
    ]


def reading_sentences(estimates: Sequence[Estimate]) -> Components:
    """What the probe and the text alone read of every task, and in words what that shows."""
    found = readings(estimates)
    if not found:
        return []
    return [
        heading("What can be read"),
        table(["model", "why a probe is held against the text"], [[", ".join(models_of(estimates)), WHY_EXCESS]]),
        table_of_models(READING_HEADERS, reading_rows(found)),
    ]


def is_told(estimate: Estimate) -> bool:
    """Whether a number stands in the tables of sentences, excess and foils."""
    what = parse_key(estimate.name).what
    return what[-1] == "excess" or what[-2:] == ("nested", "auroc")


def control_card(estimates: Sequence[Estimate]) -> Components:
    """What is left of the deciding task under each control, and what the earlier study's numbers are worth.

    The read-outs among the estimates are drawn for comparison and stand in no table.
    """
    added = [one for one in estimates if parse_key(one.name).stage in ("control", "replication")]
    return [heading("What is left under controls"), *figures(estimates, only_controls=True), *number_tables(added)]


def convergence_card(
    estimates: Sequence[Estimate], examples: Sequence[Sequence[str]], notes: Sequence[str] = ()
) -> Components:
    """What the features of sparse dictionaries read, and where they fire; says so where no dictionary was made."""
    if not estimates:
        return [heading("Sparse autoencoders"), table(["note"], [["No dictionary was asked for."]])]
    return [
        heading("Sparse autoencoders"),
        *([table(["note"], [[note] for note in notes])] if notes else []),
        *figures(estimates),
        *number_tables(estimates),
        heading("Held-out replies in which the best features fire most"),
        table(EXAMPLE_HEADERS, [list(row) for row in examples]),
    ]


def likelihood_card(estimates: Sequence[Estimate]) -> Components:
    """Where pushes favour replies in their own style: in a sentence a model, as figures, and then in numbers."""
    shifted = [one for one in estimates if parse_key(one.name).stage == "likelihood"]
    return [heading("Likelihood shift"), *likelihood_sentences(shifted), *figures(shifted), *number_tables(shifted)]


def likelihood_sentences(estimates: Sequence[Estimate]) -> Components:
    """In words, whether a push favours given replies in its own style; nothing where that was not measured."""
    rows = likelihood_rows(estimates)
    return [table_of_models(LIKELIHOOD_HEADERS, rows)] if rows else []


def validation_card(
    estimates: Sequence[Estimate], transcripts: Sequence[Sequence[str]], notes: Sequence[str] = ()
) -> Components:
    """What can be written: in sentences, as figures, in numbers, and in replies to the same prompts side by side.

    `transcripts` are rows of (arm, α, prompt, reply); `notes` say what was left out. Without a judge there is coherence
    alone, which no figure draws, and the card says so.
    """
    judged = any(one.shares for one in steerings(estimates))
    unjudged = [
        table(["note"], [[f"Coherence alone: {NO_JUDGE}."]]),
        table(NUMBER_HEADERS, number_rows([one for one in estimates if one.name.endswith("/coherent")])),
    ]
    return [
        heading("Write"),
        *writing_sentences(estimates),
        *([table(["left out"], [[note] for note in notes])] if notes else []),
        *figures(estimates),
        *([] if judged else unjudged),
        *number_tables(estimates),
        heading("Replies to the same prompts"),
        table(*transcript_table(transcripts)),
    ]


def writing_sentences(estimates: Sequence[Estimate]) -> Components:
    """In words, whether each concept can be steered, whether there is bandwidth, and what a push does to likelihood."""
    rows = writing_rows(estimates)
    if not rows:
        return likelihood_sentences(estimates)
    return [
        heading("What can be steered"),
        table(["model", "what counts as control"], [[", ".join(models_of(estimates)), WHY_RANGE]]),
        table_of_models(WRITING_HEADERS, rows),
        *likelihood_sentences(estimates),
    ]


def number_tables(estimates: Sequence[Estimate]) -> Components:
    """A table for each stage, of the numbers that are not drawn as curves, in reading order."""
    components = []
    for stage, title in STAGES.items():
        found = [one for one in estimates if is_summary(one) and parse_key(one.name).stage == stage]
        found.sort(key=lambda one: reading_order(parse_key(one.name).what))
        if found and stage == "replication":
            components += [heading(title), table_of_models(REPLICATION_HEADERS, replication_rows(found))]
        elif found:
            components += [heading(title), table(NUMBER_HEADERS, number_rows(found))]
    return components
