"""Choice of the steering point: a planted point is found, noise leaves the middle one, test texts are not looked at."""

from dataclasses import replace

import numpy as np
import pytest
from toy import toy_texts

from empathy_core.activations.extract import extract
from empathy_core.activations.settings import ExtractionSettings
from empathy_core.activations.store import point_reader
from empathy_core.contracts import ActivationSet, BadInput, TextSet
from empathy_core.datasets.sources import read_source
from empathy_core.models.load import load_model
from empathy_core.models.specs import resolve
from empathy_core.steering.likelihood import negative_log_likelihood
from empathy_core.steering.operators import add
from empathy_core.steering.point_choice import PointSettings, best_point, choose_point

NINE = tuple(range(9))
SETTINGS = PointSettings(strength=0.2, random_directions=6, random_scenarios=4)
WORDS = {"warm": "sorry sorry sorry sorry", "cold": "call call call call"}


def random_shifts(rng, scale):
    """By point, direction, scenario and style."""
    of_direction = rng.standard_normal((1, 20, 1, 3))
    return scale[:, None, None, None] * (of_direction + 0.5 * rng.standard_normal((len(scale), 20, 8, 3)))


def test_where_points_do_not_differ_the_middle_one_is_chosen():
    rng = np.random.default_rng(0)
    chosen = [
        best_point(NINE, 1 + rng.standard_normal((9, 40)), random_shifts(rng, np.ones(9)), rng) for _ in range(100)
    ]
    assert np.mean(np.array(chosen) == 5) >= 0.93


def test_a_clearly_better_point_is_chosen_and_one_as_good_but_nearer_the_middle_before_it():
    rng = np.random.default_rng(1)
    curve = 1 + 0.5 * rng.standard_normal((9, 40))
    curve[2] += 3
    assert best_point(NINE, curve, random_shifts(rng, np.ones(9)), rng) == 2
    curve[3] += 3
    assert best_point(NINE, curve, random_shifts(rng, np.ones(9)), rng) == 3
    curve[7] += 3
    assert best_point(NINE, curve, random_shifts(rng, np.ones(9)), rng) == 3


def test_a_point_where_every_direction_does_more_is_no_better_for_that():
    rng = np.random.default_rng(2)
    scale = 2.0 ** np.arange(9)
    curve = scale[:, None] * (1 + 0.3 * rng.standard_normal((9, 40)))
    assert best_point(NINE, curve, random_shifts(rng, scale), rng) == 5
    curve[1] *= 3
    assert best_point(NINE, curve, random_shifts(rng, scale), rng) == 1
    assert best_point((4,), curve[:1], random_shifts(rng, scale[:1]), rng) == 4


def activations_of(loaded, texts):
    points = tuple(range(len(loaded.blocks) + 1))
    return ActivationSet(
        loaded.spec,
        "",
        "",
        "",
        tuple(text.id for text in texts.texts),
        points,
        ("mean",),
        32,
        "float32",
        (4.0,) * 4,
        (),
        1.0,
    )


@pytest.fixture(scope="module")
def llama(tiny_llama_folder):
    return load_model(resolve(tiny_llama_folder))


@pytest.fixture(scope="module")
def worded():
    """Replies of one style are one word over and over, so that its token is known."""
    texts = toy_texts(32)
    return replace(texts, texts=tuple(replace(text, response=WORDS[text.style]) for text in texts.texts))


def features_of(texts: TextSet, rng, at_last=None):
    found = rng.standard_normal((4, len(texts), 32))
    if at_last is not None:
        found[-1] += at_last
    return found


def test_the_point_whose_directions_raise_the_styles_own_tokens_is_found(llama, worded):
    """Planted: at the last point, features are the unembedding rows of each reply's tokens; elsewhere, noise."""
    weight = llama.model.lm_head.weight.detach().numpy()
    own = {style: weight[llama.tokenizer.encode(words)].mean(axis=0) for style, words in WORDS.items()}
    planted = np.array([20 * own[text.style] for text in worded.texts])
    features = features_of(worded, np.random.default_rng(0), planted)
    choice = choose_point(llama, worded, lambda point: features[point], activations_of(llama, worded), SETTINGS, 0)
    assert choice.point == 3
    *others, last = choice.estimates
    assert last.low > last.null > 0 and all(last.low > abs(other.value) for other in others)
    assert [e.name.rsplit("/", 2)[1] for e in choice.estimates] == ["point=0", "point=1", "point=2", "point=3"]


def test_the_curve_equals_a_naive_loop_over_texts_with_directions_of_the_other_half(llama):
    texts = toy_texts(12, styles=("warm", "cold", "brisk"))
    features = features_of(texts, np.random.default_rng(1))
    found = choose_point(llama, texts, lambda point: features[point], activations_of(llama, texts), SETTINGS, 5)
    names = np.unique([text.scenario_id for text in texts.texts if text.split == "train"])
    halves = np.array_split(np.random.default_rng(5).permutation(names), 2)
    place = {(text.scenario_id, text.style): row for row, text in enumerate(texts.texts)}

    def likelihood(row, edits):
        text = texts.texts[row]
        return -negative_log_likelihood(llama, [text.scenario], [text.response], [edits])[0]

    diagonals = []
    for fitted, scored in (halves, halves[::-1]):
        means = {s: np.mean([features[2, place[name, s]] for name in fitted], axis=0) for s in texts.main_styles}
        for scenario in scored:
            for style in texts.main_styles:
                vector = means[style] - np.mean([means[other] for other in means if other != style], axis=0)
                push = {2: add(0.2 * 4.0 * vector / np.linalg.norm(vector))}
                change = {s: likelihood(place[scenario, s], push) - likelihood(place[scenario, s], {}) for s in means}
                diagonals.append(change.pop(style) - np.mean(list(change.values())))
    assert found.estimates[2].n == 9
    # The shifts of a push add up to 0: those off the diagonal average to minus half of that on it.
    assert found.estimates[2].value == pytest.approx(1.5 * np.mean(diagonals), abs=1e-5)


def test_test_texts_are_not_looked_at_and_equal_seeds_give_equal_choices(llama, worded):
    features = features_of(worded, np.random.default_rng(2))
    activations = activations_of(llama, worded)
    first = choose_point(llama, worded, lambda point: features[point], activations, SETTINGS, 0)
    spoilt = np.where((worded.column("split") == "test")[:, None], np.nan, features)
    altered = tuple(replace(t, response="Other words.") if t.split == "test" else t for t in worded.texts)
    other = replace(worded, texts=altered)
    assert choose_point(llama, other, lambda point: spoilt[point], activations, SETTINGS, 0) == first


def test_too_few_styles_or_scenarios_to_choose_by_are_refused(llama):
    for texts, rule in ((toy_texts(8, styles=("warm",)), "two styles or more"), (toy_texts(4), "4 training scenarios")):
        with pytest.raises(BadInput, match=rule):
            choose_point(llama, texts, lambda point: np.zeros((1, 1)), activations_of(llama, texts), SETTINGS, 0)


def test_every_point_of_the_persistent_organism_carries_style(tmp_path):
    texts = read_source("organism")
    loaded = load_model(resolve("persistent"))
    activations = extract(loaded, texts, tmp_path, ExtractionSettings(pools="mean"))
    settings = PointSettings(scenarios=32, random_directions=12)
    choice = choose_point(loaded, texts, point_reader(activations, "mean"), activations, settings, 0)
    assert all(estimate.low > estimate.null > 0 for estimate in choice.estimates)
    assert choice.point in activations.points[1:]
