"""Steering by hand: what is shown is what the library generates, and what makes no sense is refused."""

import re

import numpy as np
import pytest

from empathy_core.activations.extract import extract
from empathy_core.activations.store import point_reader
from empathy_core.contracts import BadInput
from empathy_core.models.load import load_model
from empathy_core.models.specs import resolve
from empathy_core.organisms.corpus import organism_texts
from empathy_core.probes.directions import make_directions
from empathy_core.results import RunResults
from empathy_core.steering.generate import generate
from empathy_core.steering.interactive import SideBySide, Steerable, SteeredReply
from empathy_core.steering.judges import grammar_judge, judge_replies
from empathy_core.steering.likelihood import negative_log_likelihood
from empathy_core.steering.operators import ablate, add
from empathy_core.steering.sampling import Row, SamplingSettings


@pytest.fixture(scope="module")
def organism(tmp_path_factory):
    texts, loaded = organism_texts(n_scenarios=24), load_model(resolve("persistent"))
    activations = extract(loaded, texts, tmp_path_factory.mktemp("store"))
    directions = make_directions(point_reader(activations, "mean"), activations, texts, point=3)
    return Steerable(loaded, texts, activations, "mean", directions)


@pytest.fixture(scope="module")
def prompt(organism):
    return organism.texts.texts[-1].scenario


def test_replies_are_those_that_the_library_generates_under_the_same_edits(organism, prompt):
    shown = organism.steer("affective", (0.45, -0.3), prompt, seeds=(0, 5), ablated=True, max_new_tokens=40)
    direction = next(one for one in organism.directions.steered if one.concept == "affective")
    vector, out = direction.residual_norm * direction.vector, ablate(direction.vector[:, None])
    edits = [{}, {3: add(0.45 * vector)}, {3: add(-0.3 * vector)}, dict.fromkeys(range(5), out)]
    rows = [Row(prompt, seed, edits=one) for seed in (0, 5) for one in edits]
    replies = generate(organism.loaded, rows, SamplingSettings(max_new_tokens=40))
    assert [(one.text, one.finished) for one in shown.replies] == [(one.text, one.finished) for one in replies]
    assert [one.arm for one in shown.replies] == ["unsteered", "α = 0.45", "α = -0.3", "ablated"] * 2
    surprise = negative_log_likelihood(organism.loaded, [prompt] * 8, [one.text for one in replies])
    np.testing.assert_allclose([one.surprise for one in shown.replies], surprise)


def test_a_push_along_a_planted_style_is_heard_by_the_grammar(organism, prompt):
    def share(style, alpha):
        shown = organism.steer(style, alpha, prompt, seeds=range(12))
        replies = [one for one in shown.replies if one.arm != "unsteered"]
        judged = judge_replies(
            grammar_judge, [prompt] * 12, [one.text for one in replies], [one.finished for one in replies]
        )
        return np.mean([one.shares[style] for one in judged])

    assert share("affective", 0.45) > share("affective", -0.45) + 0.5


def test_another_point_has_directions_of_its_own(organism, prompt):
    shown = organism.steer("affective", 0.3, prompt, point=2, max_new_tokens=20)
    made = make_directions(point_reader(organism.activations, "mean"), organism.activations, organism.texts, point=2)
    direction = next(one for one in made.steered if one.concept == "affective")
    row = Row(prompt, 0, edits={2: add(0.3 * direction.residual_norm * direction.vector)})
    assert shown.point == 2
    assert shown.replies[1].text == generate(organism.loaded, [row], SamplingSettings(max_new_tokens=20))[0].text


@pytest.mark.parametrize(
    "arguments, options, sentence",
    [
        (("angry", 0.3, "I lost my job."), {}, "choose one of cognitive, affective, instrumental, casual"),
        (("affective", float("nan"), "I lost my job."), {}, "Got: nan"),
        (("affective", [0.3, 0], "I lost my job."), {}, "Got: 0"),
        (("affective", 45, "I lost my job."), {}, "Got: 45"),
        (("affective", [], "I lost my job."), {}, "Got: none"),
        (("affective", 0.3, " "), {}, "an empty prompt"),
        (("affective", 0.3, "I lost my job."), {"point": 9}, "The steering point is one that was extracted"),
        (("affective", 0.3, "I lost my job."), {"temperature": -1}, "at least 0"),
        (("affective", 0.3, "I lost my job."), {"seeds": ()}, "at least one seed"),
    ],
)
def test_what_makes_no_sense_is_refused(organism, arguments, options, sentence):
    with pytest.raises(BadInput, match=sentence):
        organism.steer(*arguments, **options)


def test_a_run_s_model_is_loaded_with_the_run_s_directions_and_steers_alike(organism, prompt):
    run = RunResults(
        runs={"ProbeFlow": "ProbeFlow/7", "ActivationFlow": "ActivationFlow/6"},
        settings={"ProbeFlow": {"pool": "mean"}},
        versions={},
        texts=organism.texts,
        manifests={"persistent": organism.activations},
        directions={"persistent": organism.directions},
    )
    asked = ("affective", 0.45, prompt)
    assert run.load().steer(*asked) == run.load("persistent").steer(*asked) == organism.steer(*asked)
    with pytest.raises(BadInput, match="'graded' among persistent in ProbeFlow/7"):
        run.load("graded")
    with pytest.raises(BadInput, match="load a later run"):
        RunResults({"DatasetFlow": "DatasetFlow/5"}, {}, {}, organism.texts).load()


def test_what_a_person_or_a_model_wrote_is_escaped_and_a_cut_reply_is_marked():
    wrote = "<script>alert(1)</script> $x$"
    reply = SteeredReply("unsteered", 0, wrote, False, float("inf"))
    shown = SideBySide("<b>m", "<i>", 3, wrote, (reply,))
    page = shown._repr_html_()
    assert not re.search(r"<(script|i>|b>m)", page)
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt; $x$") == 2 and "mathjax_ignore" in page
    assert f"{wrote} …" in repr(shown) and "inf" in repr(shown)
