import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics.pairwise import cosine_similarity

from empathy_core.datasets.quality.wording import diversity, nearest_scenarios, scenario_echo, shared_passages

ONE = {"warm": "x", "cold": "y"}
WORDINGS = {
    "s0": "The kettle broke on the morning of the wedding and nobody had a spare one.",
    "s1": "My neighbour plays the violin at night, which I used to love.",
    "s2": "The kettle broke on the evening of the wedding and nobody had a spare one.",
    "s3": "Ferries stopped running last week.",
}


def _by_name(found):
    return {one.name: one for one in found}


def test_the_nearest_scenarios_are_those_of_scikit_learns_cosines(make_texts):
    found = _by_name(nearest_scenarios(make_texts({name: ONE for name in WORDINGS}, WORDINGS)))
    cosines = cosine_similarity(TfidfVectorizer().fit_transform(WORDINGS.values()))
    np.fill_diagonal(cosines, 0)
    nearest = found["nearest-scenarios/words"]
    assert nearest.estimate.value == pytest.approx(cosines.max())
    assert nearest.detail == "s0 and s2"
    assert found["nearest-scenarios/content-pairs"].estimate.value < nearest.estimate.value


def test_a_passage_of_eight_words_in_two_scenarios_is_found(make_texts):
    found = _by_name(shared_passages(make_texts({name: ONE for name in WORDINGS}, WORDINGS)))
    assert found["shared-passages"].estimate.value == 2  # ten words in a row hold eight of them twice, less one
    assert found["contained-passages"].detail in ("s0 in s2", "s2 in s0")
    assert found["contained-passages"].estimate.value == pytest.approx(6 / 11)


def test_scenarios_shorter_than_a_passage_contain_nothing(make_texts):
    texts = make_texts({"a": ONE, "b": ONE}, {"a": "Too short.", "b": "Too short."})
    assert {name: one.estimate.value for name, one in _by_name(shared_passages(texts)).items()} == {
        "shared-passages": 0,
        "contained-passages": 0,
    }


def test_a_style_that_repeats_itself_is_the_poorest_and_the_dullest(make_texts):
    varied = "one two three four,five six seven eight,nine ten eleven twelve".split(",")
    texts = make_texts({f"s{i}": {"warm": "again and again and again", "cold": varied[i]} for i in range(3)})
    found = _by_name(diversity(texts))
    # 4 pairs a reply, of which "again and" and "and again" are all there are.
    assert (found["distinct-pairs"].detail, found["distinct-pairs"].estimate.value) == ("warm", 2 / 12)
    assert (found["alike-replies"].detail, found["alike-replies"].estimate.value) == ("warm", pytest.approx(1.0))


def test_a_style_that_copies_its_scenario_shows_and_function_words_do_not_count(make_texts):
    wordings = {f"s{i}": "The kettle broke at the wedding." for i in range(6)}
    texts = make_texts(
        {name: {"warm": "The kettle broke.", "cold": "The ferry at the pier."} for name in wordings}, wordings
    )
    assert scenario_echo(texts, np.random.default_rng(0)).estimate.value == 1.0
