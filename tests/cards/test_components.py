import base64
import itertools
from dataclasses import replace

import pytest
from metaflow.cards import Image, Markdown, ProgressBar, Table

from empathy_core.activations.progress import Progress
from empathy_core.cards.components import (
    activation_card,
    control_card,
    convergence_card,
    heading,
    is_told,
    likelihood_card,
    live_batches,
    live_extraction,
    live_progress,
    live_transcripts,
    plan_card,
    probe_card,
    table_of_models,
    validation_card,
)
from empathy_core.cards.reading import WHY_EXCESS, readings
from empathy_core.cards.study_card import ranking_table, study_card
from empathy_core.cards.tables import interval, is_summary, plan_lines, steering_lines
from empathy_core.cards.words import describe
from empathy_core.cards.writing import WHY_RANGE
from empathy_core.contracts import POOLS, ActivationSet, BadInput, Gate, ModelSpec, Plan, SteeringPlan, Verdict
from empathy_core.probes.replication import WHY_IT_MISLEADS
from empathy_core.steering.judges import NO_JUDGE
from empathy_core.steering.sampling import Reply

HOSTILE = '<script>alert(1)</script><svg onload="alert(1)">[x](javascript:alert(1)) `a` **b**'


def markdown(components):
    return [component._text for component in components if isinstance(component, Markdown)]


def cells(components):
    return [cell for part in components if isinstance(part, Table) for row in part._data for cell in row]


def test_a_heading_is_markdown_of_plain_words():
    assert markdown([heading("Read: probes")]) == ["## Read: probes"]


@pytest.mark.parametrize("outside", [HOSTILE, "[a](b)", "`a`", "**a**", "a_b_", "a\nb", "a|b", "!a", ""])
def test_a_heading_refuses_what_markdown_could_read_as_markup(outside):
    with pytest.raises(BadInput, match="plain words"):
        heading(outside)


def test_a_hostile_model_name_reaches_table_cells_and_image_labels_only(estimates, verdicts):
    own = [one for one in estimates if "/untrained/" in one.name]
    numbers = [replace(e, name=e.name.replace("untrained", HOSTILE)) for e in own]
    judged = [
        replace(v, model=v.model.replace("untrained", HOSTILE), evidence=(v.evidence[0].replace("untrained", HOSTILE),))
        for v in verdicts
        if v.model == "untrained"
    ]
    components = study_card(numbers, judged)
    assert HOSTILE in cells(components)
    assert all(type(cell) is str for cell in cells(components))
    assert all("script" not in text and "javascript" not in text for text in markdown(components))
    assert {type(component) for component in components} == {Markdown, Table, Image}


def test_hostile_replies_stand_in_plain_table_cells(one_model):
    shown = validation_card(
        [one for one in one_model if "/ablate/" in one.name], [("steered", "0.5", HOSTILE, HOSTILE)]
    )
    assert cells(shown).count(HOSTILE) == 2
    assert all(type(cell) is str for cell in cells(shown))
    assert not [text for text in markdown(shown) if "<" in text]


def test_many_hostile_replies_and_notes_stand_in_plain_cells_as_well(one_model):
    transcripts = [(f"steered {HOSTILE}", str(i), "prompt", HOSTILE) for i in range(9)]
    shown = validation_card([one for one in one_model if "/bandwidth/" in one.name], transcripts, [HOSTILE])
    assert cells(shown).count(HOSTILE) == 10
    assert not [text for text in markdown(shown) if "<" in text]


def test_a_hostile_concept_stays_out_of_markdown_and_pictures(one_model):
    odd = HOSTILE.replace("/", "|")  # a slash parts keys
    own = [replace(e, name=e.name.replace("affective", odd)) for e in one_model if "/read/" not in e.name]
    for components in (validation_card(own, [("none", "0", "p", "r")]), likelihood_card(own)):
        assert all("script" not in text and "javascript" not in text for text in markdown(components))
        pictures = [base64.b64decode(part._src.split(",")[1]) for part in components if isinstance(part, Image)]
        assert pictures and all(b"<script" not in picture and b"onload" not in picture for picture in pictures)
    assert odd in cells(validation_card(own, [("none", "0", "p", "r")]))


def test_the_validation_card_says_in_words_what_can_be_steered_before_any_figure(one_model):
    own = [one for one in one_model if any(f"/{stage}/" in one.name for stage in ("write", "ablate", "bandwidth"))]
    components = validation_card(own, [("none", "0", "p", "r")], ["no words ask for casual"])
    first = next(number for number, part in enumerate(components) if isinstance(part, Image))
    said = cells(components[:first])
    assert WHY_RANGE in said and "no words ask for casual" in said
    assert sum(cell.startswith("Steerable: ") for cell in said) == 3
    assert sum(cell.startswith("Bandwidth 1.52") for cell in said) == 1
    assert sum(isinstance(component, Image) for component in components) == 6
    shown = " ".join(cells(components))
    assert all(interval(one) in shown for one in own if is_summary(one))
    assert "Coherence alone" not in shown


def test_without_a_judge_the_validation_card_prints_coherence_and_says_why_there_is_no_more(one_model):
    own = [one for one in one_model if one.name.endswith("/coherent") or "/likelihood/" in one.name]
    shown = cells(validation_card(own, [("none", "0", "p", "r")]))
    assert f"Coherence alone: {NO_JUDGE}." in shown
    assert shown.count("Not measurable: no judge.") == 4
    assert all(interval(one) in shown for one in own if one.name.endswith("/coherent"))


def test_the_likelihood_card_tells_what_a_push_does_and_where_the_model_is_steered(one_model):
    components = likelihood_card(one_model)
    assert markdown(components) == ["## Likelihood shift", "## Write: likelihood shift"]
    assert sum(isinstance(component, Image) for component in components) == 2
    assert [cell for cell in cells(components) if cell.endswith("in its own style likelier than the others.")]
    curve = [one for one in one_model if "/likelihood/point=" in one.name]
    assert [type(component) for component in likelihood_card(curve)] == [Markdown, Image]


def test_the_probe_card_draws_what_can_be_read_and_prints_every_summary_number(estimates):
    own = [one for one in estimates if one.name.startswith("grammar/persistent/read/")]
    components = probe_card(own)
    assert sum(isinstance(component, Image) for component in components) == 4
    shown = " ".join(cells(components))
    assert all(describe(one.name) in shown or is_told(one) for one in own if "point=" not in one.name)
    assert all(interval(one) in shown for one in own if "point=" not in one.name)


def test_the_probe_card_says_in_words_what_each_task_shows_before_any_figure(estimates):
    own = [one for one in estimates if one.name.startswith("grammar/persistent/read/")]
    components = probe_card(own)
    first = next(number for number, part in enumerate(components) if isinstance(part, Image))
    said = cells(components[:first])
    assert WHY_EXCESS in said
    assert said.count("Reads more than the text gives away.") == len(readings(own))
    assert said.count("Follows the stance where words mislead.") == sum(one.foils is not None for one in readings(own))


def test_fits_that_are_not_exact_are_named_on_the_card_and_only_then(one_model):
    own = [one for one in one_model if "/read/register/" in one.name]
    components = probe_card(own, [HOSTILE])
    assert HOSTILE in cells(components)
    assert "## Fits that are not exact" in markdown(components)
    assert "## Fits that are not exact" not in markdown(probe_card(own))


def test_texts_without_foils_have_no_table_of_them(one_model):
    own = [one for one in one_model if "/read/three-way/" in one.name and "/foils/" not in one.name]
    assert "## Where words mislead" not in markdown(probe_card(own))


def test_the_control_card_draws_the_controls_and_says_why_the_earlier_numbers_mislead(estimates):
    own = [one for one in estimates if one.name.startswith("grammar/persistent/")]
    components = control_card(own)
    assert sum(isinstance(component, Image) for component in components) == 5
    assert markdown(components) == [
        "## What is left under controls",
        "## Read: controls",
        "## Replication: numbers of the earlier study",
    ]
    assert set(WHY_IT_MISLEADS.values()) <= set(cells(components))
    assert not [cell for cell in cells(components) if "taught on" in cell], "the matrix is drawn and not tabled"


def test_the_card_of_dictionaries_shows_replies_of_any_text_in_plain_cells_only(estimates):
    own = [one for one in estimates if "/sae/" in one.name and "/persistent/" in one.name]
    components = convergence_card(own, [("affective", "7", "yes", "1.2", "affective", HOSTILE)], [HOSTILE])
    assert cells(components).count(HOSTILE) == 2
    assert not any("script" in text for text in markdown(components))
    assert sum(isinstance(part, Image) for part in components) == 3


def test_without_dictionaries_the_card_says_that_none_was_asked_for():
    assert cells(convergence_card((), ())) == ["No dictionary was asked for."]


def test_a_hostile_context_or_model_stays_out_of_the_markdown_of_the_control_card(estimates):
    def odd(name):
        return (
            name.replace("persistent", HOSTILE).replace("=grief", f"={HOSTILE}").replace("cognitive-affective", HOSTILE)
        )

    own = [replace(one, name=odd(one.name)) for one in estimates if "/persistent/" in one.name]
    for components in (probe_card(own), control_card(own)):
        assert all("script" not in text and "javascript" not in text for text in markdown(components))
        assert {type(component) for component in components} == {Markdown, Table, Image}
        pictures = [base64.b64decode(part._src.split(",")[1]) for part in components if isinstance(part, Image)]
        assert all(b"<script" not in picture and b"onload" not in picture for picture in pictures)


def test_several_models_in_one_table_are_named_in_it_and_one_model_is_not():
    assert table_of_models(["task"], [["a", "t"], ["b", "t"]])._headers == ["model", "task"]
    assert table_of_models(["task"], [["a", "t"], ["a", "u"]])._data == [["t"], ["u"]]


def test_the_study_card_stands_in_the_order_of_the_page_and_ranks_models_with_intervals(estimates, verdicts):
    wide = [one for one in estimates if "/bandwidth/" in one.name]
    evidence = {name for verdict in verdicts for name in verdict.evidence}
    numbers = [one for one in estimates if one.name in evidence or one in wide]
    over = Verdict("separation", "all organisms", "not supported", "supported in 2 of 4", verdicts[0].evidence)
    missing = Verdict("emergence", "persistent", "not measurable", "no judge", ("grammar/persistent/write/x/range",))
    gates = [Gate(str(passed), wide[0], "≤ 1", passed, "look here") for passed in (True, False, None)]
    shown = cells(study_card(numbers, [*verdicts, over, missing], [["persistent"], ["graded", "scrambled"]], gates))
    parts = ("20 of 20 verdicts", "None of 1 criteria is supported in all organisms.", "not measurable. no judge")
    places = [next(i for i, cell in enumerate(shown) if part in cell) for part in parts]
    assert places[0] < places[1] < places[2]
    best = next(one for one in wide if one.name == "grammar/persistent/bandwidth/empathy")
    ranked = shown.index("1", places[2])
    assert shown[ranked + 1 : ranked + 4] == ["persistent", interval(best), "0.20"]
    assert shown[ranked + 5] == shown[ranked + 10] == "2"
    assert shown[-1] == "look here" and shown.count("look here") == 1


def test_models_without_bandwidth_have_no_place(one_model):
    assert ranking_table([["someone"]], one_model) == [] and ranking_table([], one_model) == []


def test_the_study_card_puts_planted_and_measured_numbers_in_different_tables(estimates, deciding, verdicts):
    quality = [one for one in estimates if "/quality/" in one.name]
    tables = [part._data for part in study_card([*deciding, *quality], verdicts) if isinstance(part, Table)]
    for rows in tables:
        stages = {row[1] for row in rows if len(row) == 6}
        assert "Texts: quality gates" not in stages or len(stages) == 1


def test_the_activation_card_gives_the_unit_of_steering_for_every_point():
    spec = ModelSpec("m", "here")
    activations = ActivationSet(
        spec, "key", "folder", "hash", ("a", "b"), (0, 1, 2), POOLS, 8, "float32", (0.5, 1.25, 2.0), (9, 11), 123.4
    )
    shown = cells(activation_card(activations, 2))
    assert ["0", "0.50", "1", "1.25", "2", "2.00"] == shown[-6:]
    assert "20" in shown and "123" in shown


class Card:
    """Stands in for `current.card`: keeps what it is given and counts refreshes."""

    def __init__(self):
        self.components, self.refreshed = [], 0

    def append(self, component):
        self.components.append(component)

    def refresh(self):
        self.refreshed += 1


def test_progress_moves_the_bar_and_refreshes_the_card():
    card = Card()
    report = live_progress(card, HOSTILE)
    report(3, 12)
    (bar,) = card.components
    assert isinstance(bar, ProgressBar)
    assert (bar.render()["value"], bar.render()["max"], bar.render()["details"]) == (25, 100, "3 of 12")
    assert card.refreshed == 2


def test_the_latest_replies_show_at_most_every_few_seconds_in_plain_cells():
    card, seconds = Card(), iter([0.0, 1.0, 3.0, 3.0, 4.0, 9.0, 9.0])
    progress, stream = live_transcripts(card, lambda: next(seconds))
    bar, replies = card.components
    progress(3, 12)
    assert bar.render()["value"] == 25
    stream(0, Reply(HOSTILE, True))
    assert replies.render()["data"] == [["–", "–"]]
    stream(1, Reply("", True))
    assert replies.render()["data"] == [["1", HOSTILE], ["2", "(empty)"]]
    refreshed = card.refreshed
    stream(2, Reply("too soon", True))
    assert card.refreshed == refreshed and len(replies.render()["data"]) == 2
    stream(3, Reply("late", True))
    assert replies.render()["data"][-2:] == [["3", "too soon"], ["4", "late"]]


def test_no_more_than_the_latest_replies_are_kept():
    card = Card()
    _, stream = live_transcripts(card, itertools.count(step=10).__next__)
    for number in range(40):
        stream(number, Reply("text", True))
    assert [row[0] for row in card.components[1].render()["data"]] == ["36", "37", "38", "39", "40"]


def test_every_batch_has_a_bar_of_its_own():
    card = Card()
    report = live_batches(card)
    for name, done in (("write-1", 1), ("judge-1", 4), ("write-1", 9)):
        report(name, done, 10)
    assert [(bar.render()["label"], bar.render()["value"]) for bar in card.components] == [
        ("write-1", 90),
        ("judge-1", 40),
    ]


def test_an_extraction_shows_its_speed_the_time_left_and_its_memory():
    card = Card()
    live_extraction(card)(Progress(30, 120, 1234.5, 90.0, 3 * 2**30))
    (bar,) = card.components
    assert (bar.render()["value"], bar.render()["details"]) == (25, "30 of 120, 1,234 tokens/s, 1.5 min left, 3.0 GiB")


def test_a_plan_gives_sizes_and_times_in_units_that_suit_them():
    plan = Plan(ModelSpec("m", "here"), 8_030_261_248, 0, 18 * 2**30, 264_000, 300, 8192, 5 * 2**20, 7200.0)
    shown = cells(plan_card([plan]))
    assert shown == ["m", "8,030,261,248", "18.0 GiB", "264,000", "300 of 8192", "5.0 MiB", "2.0 h"]
    assert cells(plan_card([replace(plan, gpu_seconds=0.25)]))[-1] == "0.2 s"


def test_what_all_models_take_together_is_summed_and_costs_what_the_user_says_an_hour_does():
    plan = Plan(ModelSpec("m", "here"), 8, 0, 2**30, 264_000, 300, 8192, 3 * 2**30, 5400.0)
    *_, total = plan_lines([plan, plan], 4.0)
    assert total == (
        "stored in all 6.0 GiB; tasks with a GPU 2; GPU time in all 3.0 h, starting machines not counted; "
        "cost 12.00 at 4.00 a GPU hour"
    )
    assert plan_lines([plan], 0.0)[-1].endswith("give --price-per-gpu-hour for its cost")
    with pytest.raises(BadInput, match="-1"):
        plan_lines([plan], -1.0)
    generated, total = steering_lines([SteeringPlan("m", 1200, 86400, 3600.0)], 4.0)
    assert generated == "model m; replies to generate 1,200; new tokens, at most 86,400; GPU time, estimated 1.0 h"
    assert total.startswith("tasks with a GPU 1; GPU time in all 1.0 h") and "cost 4.00" in total


def test_what_an_extraction_left_out_stands_on_its_card():
    spec, notes = ModelSpec("m", "here"), ("left out: a, b", HOSTILE)
    activations = ActivationSet(
        spec, "key", "folder", "hash", ("a",), (0,), POOLS, 8, "float32", (0.5,), (9,), 1.0, 2e-7, notes
    )
    shown = cells(activation_card(activations, 3))
    assert set(notes) <= set(shown) and "2.0e-07" in shown
