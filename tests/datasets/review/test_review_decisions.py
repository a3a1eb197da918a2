import json
from dataclasses import replace

import pytest

from empathy_core.contracts import BadInput, TextSet
from empathy_core.datasets.review.decisions import rated, read_decisions
from empathy_core.datasets.review.reviewed import apply


def written(folder, *decisions, name="decisions.jsonl"):
    path = folder / name
    path.write_text("".join(decision.model_dump_json() + "\n" for decision in decisions), encoding="utf-8")
    return path


def test_decisions_come_back_from_their_files_as_they_were_written(texts, decide, tmp_path):
    one = decide(texts.texts[0])
    two = decide(texts.texts[1], "ben", decision="edit", edited_text="Two\u2028lines of <b>text</b>.")
    paths = [written(tmp_path, one, name="a.jsonl"), written(tmp_path, two, name="b.jsonl")]
    assert read_decisions(paths) == (one, two)
    paths[1].write_text(json.dumps(json.loads(paths[1].read_text()), ensure_ascii=False) + "\n", encoding="utf-8")
    assert "\u2028" in paths[1].read_text() and read_decisions(paths)[1] == two


def test_malformed_json_is_named_by_line_and_column(texts, decide, tmp_path):
    path = written(tmp_path, decide(texts.texts[0]))
    path.write_text(path.read_text() + '{"item_id": "a",, }\n')
    with pytest.raises(BadInput, match=r"decisions\.jsonl, line 2, column 17"):
        read_decisions([path])


@pytest.mark.parametrize(
    "change, message",
    [
        ({"colour": "red"}, "extra inputs are not permitted at .*line 1, field colour"),
        ({"rater": ""}, "at least 1 character .* field rater"),
        ({"answers": {"naturalness": True}}, "field answers.naturalness"),
        ({"seconds": -1}, "field seconds"),
        ({"time": "yesterday"}, "field time"),
        ({"decision": "maybe"}, "field decision"),
        ({"decision": "reject"}, "a rejection, and nothing else, has a reason"),
        ({"reason": "style"}, "a rejection, and nothing else, has a reason"),
        ({"decision": "edit", "edited_text": " "}, "an edit, and nothing else, has an edited text"),
        ({"edited_text": "Better."}, "an edit, and nothing else, has an edited text"),
    ],
)
def test_a_line_that_breaks_the_record_is_named_by_line_and_field(texts, decide, tmp_path, change, message):
    path = tmp_path / "decisions.jsonl"
    path.write_text(json.dumps(decide(texts.texts[0]).model_dump(mode="json") | change))
    with pytest.raises(BadInput, match=message):
        read_decisions([path])


def test_files_that_are_missing_or_hold_no_objects_are_refused(tmp_path):
    with pytest.raises(BadInput, match=r"can be read as UTF-8 text.*none\.jsonl"):
        read_decisions([tmp_path / "none.jsonl"])
    (tmp_path / "list.jsonl").write_text("[1]\n")
    with pytest.raises(BadInput, match="line 1, field the line"):
        read_decisions([tmp_path / "list.jsonl"])


@pytest.mark.parametrize(
    "fields, message",
    [
        ({"item_id": "0" * 12}, "Decisions are about main texts of jokes.*'000000000000', rated by anna"),
        ({"style": "sarcasm"}, "style = 'sarcasm' for 's0-wordplay', rated by anna.*wordplay, irony, absurd"),
        ({"naturalness": 6}, "naturalness = 6 for 's0-wordplay'.*1, 2, 3, 4, 5"),
        ({"answers": {"style": "irony"}}, "naturalness = None"),
        ({"answers": {"style": "irony", "naturalness": 3, "empathy": 3}}, "empathy = 3"),
        ({"decision": "reject", "reason": "boring"}, "reason = 'boring'"),
        ({"decision": None}, "no decision on 's0-wordplay' by anna"),
    ],
)
def test_answers_that_the_page_does_not_offer_are_refused(texts, decide, fields, message):
    with pytest.raises(BadInput, match=message):
        rated(texts, [decide(texts.texts[0], **fields)])


def test_a_decision_for_a_changed_text_is_refused_by_name(texts, decide):
    decision = decide(texts.texts[4])
    changed = tuple(replace(t, response="New.") if t.id == "s1-irony" else t for t in texts.texts)
    with pytest.raises(BadInput, match=r"'s1-irony' had the hash .* when anna rated it"):
        apply(TextSet(texts.name, texts.kind, changed), [decision])


def test_a_foil_is_no_main_text(texts, decide):
    with pytest.raises(BadInput, match="Decisions are about main texts"):
        rated(texts, [decide(texts.texts[-1])])


def test_the_last_decision_of_a_rater_counts_whatever_the_order_of_files(texts, decide):
    early = decide(texts.texts[0], decision="reject", reason="style")
    late = decide(texts.texts[0], time="2025-01-01T10:00:00.001Z")
    other = decide(texts.texts[0], "ben")
    assert rated(texts, [late, other, early]) == {texts.texts[0]: (late, other)}


def test_without_decisions_the_texts_await_review(texts):
    reviewed = apply(texts, [])
    assert reviewed.status == "awaiting review" and reviewed.texts == texts and not reviewed.dropped
    assert reviewed.counts == {"accepted": 0, "edited": 0, "rejected": 0, "not rated": 18}


def test_the_status_counts_replies_that_someone_rated(texts, decide):
    main = texts.texts[:-1]
    some = [decide(text, rater) for text in main[:5] for rater in ("anna", "ben")]
    assert apply(texts, some).status == "partly reviewed 5 of 18"
    assert apply(texts, [decide(text) for text in main]).status == "reviewed"


def test_a_rejected_reply_takes_its_scenario_out_of_the_main_texts_only(texts, decide):
    reviewed = apply(texts, [decide(texts.texts[1], decision="reject", reason="facts"), decide(texts.texts[3])])
    assert reviewed.dropped == ("s0",) and reviewed.counts["rejected"] == 1
    assert [text.id for text in reviewed.texts.texts if text.scenario_id == "s0"] == ["f"]
    assert len(reviewed.texts) == len(texts) - 3


@pytest.mark.parametrize("rejecting, raters, dropped", [(1, 1, True), (1, 2, True), (1, 3, False), (2, 3, True)])
def test_the_majority_rejects_and_a_tie_rejects(texts, decide, rejecting, raters, dropped):
    choices = [{"decision": "reject", "reason": "other"}] * rejecting + [{}] * (raters - rejecting)
    decisions = [decide(texts.texts[0], f"rater {i}", **choice) for i, choice in enumerate(choices)]
    assert bool(apply(texts, decisions).dropped) is dropped


def test_an_edit_replaces_the_reply_and_its_hash(texts, decide):
    edits = [decide(texts.texts[0], rater, decision="edit", edited_text="A better one.") for rater in ("anna", "ben")]
    reviewed = apply(texts, [*edits, decide(texts.texts[0], "cleo")])
    [text] = [text for text in reviewed.texts.texts if text.id == texts.texts[0].id]
    assert text.response == "A better one." and text.content_hash != texts.texts[0].content_hash
    assert reviewed.counts["edited"] == 1 and reviewed.texts.content_hash != texts.content_hash
    with pytest.raises(BadInput, match="had the hash"):
        apply(reviewed.texts, edits)


def test_two_different_edits_of_one_text_are_both_named(texts, decide):
    edits = [
        decide(texts.texts[0], rater, decision="edit", edited_text=text)
        for rater, text in (("anna", "One."), ("ben", "Two."))
    ]
    with pytest.raises(BadInput, match=r"'s0-wordplay' as 'One.' by anna and as 'Two.' by ben"):
        apply(texts, edits)


def test_nothing_is_left_when_every_scenario_has_a_rejected_reply(texts, decide):
    decisions = [decide(text, decision="reject", reason="style") for text in texts.texts[:-1]]
    with pytest.raises(BadInput, match="at least two main styles"):
        apply(texts, decisions)
