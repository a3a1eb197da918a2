"""An experiment becomes estimates without a model: complete, named once, and honest about what is missing."""

from dataclasses import replace

import numpy as np
import pytest
from planted_sweep import direction

from empathy_core.contracts import BadInput
from empathy_core.geometry.dimensionality import Dimensionality
from empathy_core.organisms.corpus import organism_texts
from empathy_core.probes.directions import DirectionSet
from empathy_core.steering.analysis import analyse
from empathy_core.steering.judges import Judge, Judgement, grammar_judge
from empathy_core.steering.judges.interface import no_verdict
from empathy_core.steering.persistence import opened_rows
from empathy_core.steering.sampling import Reply
from empathy_core.steering.sweep import Experiment, SweepSettings, held_out_prompts, plan

TEXTS = organism_texts(16)
SETTINGS = SweepSettings(prompts=8, random_directions=2)
CONCEPTS = ("cognitive", "affective", "instrumental", "casual")
DIRECTIONS = DirectionSet(tuple(direction(c, axis) for axis, c in enumerate(CONCEPTS)), (), {})
ONE = Dimensionality(1, 1.0, np.ones(2), np.zeros(2), 2, np.ones(4), np.ones(4, dtype=int), np.zeros(4), 8)


def experiment(texts, reply, judged=True):
    """Every arm replies the same to a scenario."""
    prompts = held_out_prompts(texts, SETTINGS)
    trials = plan(DIRECTIONS, prompts, SETTINGS, judged)
    replies = tuple(Reply(reply(prompts[trial.prompt].scenario_id), True) for trial in trials)
    opened, openings = opened_rows(texts, prompts) if judged else ([], ())
    surprise = np.array([1.0 if said.text else np.inf for said in replies])
    scored = np.isin([trial.arm for trial in trials], ["none", "steered", "opposed", "random"])
    same = tuple(Reply("", True) for _ in opened)
    return Experiment(
        SETTINGS,
        prompts,
        trials,
        replies,
        np.where(scored, surprise, np.nan),
        tuple(opened),
        openings,
        {"none": same, "style": same, "random": same * 2} if judged else {},
        dict.fromkeys(CONCEPTS[:3], same) if judged else {},
        ("a note",),
    )


def affective_reply(scenario_id):
    return next(t.response for t in TEXTS.texts if (t.scenario_id, t.style) == (scenario_id, "affective"))


def test_where_nothing_does_anything_every_effect_is_at_its_null():
    written = analyse(
        experiment(TEXTS, affective_reply), TEXTS, DIRECTIONS, {"empathy": ONE, "register": ONE}, grammar_judge, seed=0
    )
    found = {e.name.removeprefix("grammar/m/"): e for e in written.estimates}
    assert len(found) == len(written.estimates)
    assert found["write/affective/steered/alpha=0.3/share"].value == 1.0
    for concept in CONCEPTS:
        assert found[f"write/{concept}/range"].high == 0.0
        assert found[f"write/{concept}/slope"].value == pytest.approx(0)
        assert found[f"write/{concept}/wrong-way"].value == 0.5
    assert found["write/selectivity/diagonal"].value == pytest.approx(0)
    assert found["bandwidth/empathy"].value == found["bandwidth/empathy-raw"].high == 0.0
    assert found["write/coherence/accuracy"].value == 1.0 and "write/coherence/caught" not in found
    assert not any(name.startswith("write/transfer") for name in found)
    assert [b.concept for b in written.bandwidths] == ["empathy", "register"] and written.notes == ("a note",)


def test_without_a_judge_coherence_alone_is_measured():
    natural = replace(TEXTS, kind="measured")
    written = analyse(
        experiment(natural, affective_reply, judged=False), natural, DIRECTIONS, {"empathy": ONE}, None, seed=0
    )
    assert {e.name.rpartition("/")[2] for e in written.estimates} == {"coherent"}
    assert written.bandwidths == ()


def test_a_judge_of_some_styles_that_reads_no_sentences_and_refuses_an_arm_gives_what_it_can():
    def judge(exchanges):
        # The two random directions are read by nobody.
        read = [Judgement({"affective": 1.0}, 0.5, True) for _ in exchanges]
        return [no_verdict(("affective",), "refused") if unread(i) else said for i, said in enumerate(read)]

    done = experiment(TEXTS, affective_reply)
    random = [trial.arm == "random" for trial in done.trials]

    def unread(i):
        return i < len(random) and random[i]

    written = analyse(done, TEXTS, DIRECTIONS, {"empathy": ONE}, Judge("some", ("affective",), judge), seed=0)
    names = {e.name.removeprefix("grammar/m/") for e in written.estimates}
    assert "write/affective/prompted/share" not in names and "write/affective/ablated/share" in names
    assert not any(name.startswith(("ablate", "write/affective/range", "bandwidth")) for name in names)
    assert not any("cognitive" in name and not name.endswith("coherent") for name in names)
    assert any("for want of verdicts" in note for note in written.notes) and written.bandwidths == ()
    assert all(e.null is None or np.isfinite(e.null) for e in written.estimates)


def test_a_model_that_says_nothing_is_refused_after_generation():
    with pytest.raises(BadInput, match="unsteered replies that are not empty"):
        analyse(experiment(TEXTS, lambda scenario_id: ""), TEXTS, DIRECTIONS, {"empathy": ONE}, grammar_judge, seed=0)


def test_transcripts_show_both_signs_beside_the_untouched_reply():
    written = analyse(experiment(TEXTS, affective_reply), TEXTS, DIRECTIONS, {"empathy": ONE}, grammar_judge, seed=0)
    shown = {(arm, strength) for arm, strength, _, _ in written.transcripts}
    assert {("none", "0"), ("steered affective", "0.6"), ("opposed affective", "-0.6"), ("random", "0.15")} <= shown
