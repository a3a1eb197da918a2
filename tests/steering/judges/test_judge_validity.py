"""Figures that say whether a judge can be believed."""

from dataclasses import replace

import pytest
from rater import RUBRICS, STYLES, known_texts
from scipy.stats import beta

from empathy_core.organisms.corpus import organism_texts
from empathy_core.steering.judges import Judge, Judgement, grammar_judge
from empathy_core.steering.judges.claude import claude_judge
from empathy_core.steering.judges.human import human_judge
from empathy_core.steering.judges.interface import NOT_ASKED, no_verdict
from empathy_core.steering.judges.settings import ClaudeSettings
from empathy_core.steering.judges.validity import missing_estimates, validity_estimates


def by_name(estimates):
    return {estimate.name: estimate for estimate in estimates}


def always(**shares):
    found = Judgement({"cognitive": 0.0, "affective": 0.0, "instrumental": 0.0} | shares, 0.0, True)
    return Judge("fixed", STYLES, lambda exchanges: [found] * len(exchanges))


def test_the_grammar_recognises_every_text_of_its_own():
    found = by_name(validity_estimates("grammar", grammar_judge, organism_texts(8)))
    assert set(found) == {
        *(f"grammar/judge/grammar/recognised/main/{style}" for style in STYLES),
        *(f"grammar/judge/grammar/{kind}/texts" for kind in ("missing", "refused")),
    }
    for name, estimate in found.items():
        assert estimate.value == float("recognised" in name) and estimate.n == 8
        assert estimate.high - estimate.low == pytest.approx(1 - 0.025 ** (1 / 8))


def test_planted_mistakes_of_a_model_come_back_by_role_and_style(tmp_path, serve):
    serve()
    judge = claude_judge(RUBRICS, ClaudeSettings(poll_seconds=0.0), tmp_path, lambda *_: None, lambda seconds: None)
    found = by_name(validity_estimates("known", judge, known_texts(20, mistaken=5)))
    stem = "known/judge/claude-opus-5-5"
    assert len(found) == 8 and found[f"{stem}/missing/texts"].value == 0.0
    for role in ("main", "foil"):
        assert found[f"{stem}/recognised/{role}/instrumental"].value == 1.0
        wrong = found[f"{stem}/recognised/{role}/affective"]
        assert (wrong.value, wrong.n, wrong.null) == (0.75, 20, pytest.approx(1 / 3))
        assert (wrong.low, wrong.high) == pytest.approx((beta(15, 6).ppf(0.025), beta(16, 5).ppf(0.975)))


def test_a_judge_that_cannot_decide_or_always_says_the_same_recognises_nothing_more():
    texts = known_texts(9)
    tied = validity_estimates("t", always(), texts)
    assert {e.value for e in tied if "recognised" in e.name} == {0.0}
    same = by_name(validity_estimates("t", always(affective=0.9), texts))
    assert [same[f"t/judge/fixed/recognised/foil/{style}"].value for style in STYLES] == [0.0, 1.0, 0.0]


def test_texts_of_one_scenario_count_as_one_unit():
    texts = organism_texts(8)
    twice = replace(texts, texts=texts.texts + tuple(replace(text, id=text.id + "b") for text in texts.texts))
    assert validity_estimates("g", grammar_judge, twice) == validity_estimates("g", grammar_judge, texts)


def test_refusals_and_unreadable_answers_are_counted_and_what_was_not_asked_is_not():
    good = Judgement(dict.fromkeys(STYLES, 0.5), 0.0, True)
    reasons = ["refusal (general_harms)", "not of the schema: literal_error at quality_2", *[NOT_ASKED] * 6]
    judgements = [good] * 8 + [no_verdict(STYLES, reason) for reason in reasons]
    scenarios = [f"s{i}" for i in range(len(judgements))]
    missing, refused = missing_estimates("t/m", "claude", "replies", judgements, scenarios)
    assert (missing.name, missing.value, missing.n) == ("t/m/judge/claude/missing/replies", 0.2, 10)
    assert (refused.name, refused.value) == ("t/m/judge/claude/refused/replies", 0.1)
    assert refused.low < 0.1 < refused.high
    assert missing_estimates("t", "human", "replies", judgements[-6:], scenarios[-6:]) == ()


def test_people_who_rated_no_texts_of_known_style_say_nothing_of_them():
    assert validity_estimates("t", human_judge(STYLES, ()), known_texts(5)) == ()
