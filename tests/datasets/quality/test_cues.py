from itertools import pairwise

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from empathy_core.datasets.quality.cues import (
    commonest_opening,
    cue_auroc,
    first_person_gap,
    marking_ngrams,
    strongest_ngram,
    transfer_auroc,
)
from empathy_core.datasets.splits import scenario_folds
from empathy_core.datasets.surface import words

PAIR = ("warm", "cold")
NOUNS = "kettle ferry violin ladder pigeon garden letter engine bakery pillow".split()


def _replies(make_texts, n=40, seed=0, **planted):
    """Random nouns; `planted` gives a style's phrase and the share of its replies that hold it."""
    rng = np.random.default_rng(seed)

    def reply(style):
        phrase, share = planted.get(style, ("", 0.0))
        return " ".join([*rng.choice(NOUNS, 6), *([phrase] if rng.random() < share else []), *rng.choice(NOUNS, 2)])

    return make_texts({f"s{i}": {style: reply(style) for style in PAIR} for i in range(n)})


def test_the_strongest_ngram_is_the_planted_one_and_its_auroc_is_scikit_learns(make_texts):
    texts = _replies(make_texts, warm=("dear friend", 0.6))
    found = strongest_ngram(texts, PAIR, np.random.default_rng(0))
    holds = ["dear" in words(text.response) for text in texts.texts]
    assert found.estimate.value == pytest.approx(roc_auc_score(texts.column("style") == "warm", holds))
    assert found.detail.startswith("'dear'")
    assert found.estimate.low < found.estimate.value < found.estimate.high
    assert found.estimate.value > found.estimate.null


def test_the_strongest_of_many_ngrams_stays_near_its_null_when_none_is_planted(make_texts):
    found = [strongest_ngram(_replies(make_texts, seed=seed), PAIR, np.random.default_rng(seed)) for seed in range(20)]
    beyond = sum(one.estimate.value > one.estimate.null for one in found)
    assert beyond <= 4  # .05 of 20 is expected; more than four has p = .003


def test_replies_that_share_no_ngram_have_a_strongest_one_all_the_same(make_texts):
    letters = "abcdefgh"
    texts = make_texts({f"s{i}": {"warm": letters[2 * i], "cold": letters[2 * i + 1]} for i in range(4)})
    assert strongest_ngram(texts, PAIR, np.random.default_rng(0)).estimate.value == pytest.approx(0.625)


@pytest.mark.parametrize(("share", "marked"), [(1.0, True), (0.2, False)])
def test_an_ngram_marks_a_style_when_it_is_common_there_and_absent_elsewhere(make_texts, share, marked):
    found = marking_ngrams(_replies(make_texts, warm=("zephyr", share)))
    assert ("'zephyr'" in found.detail) == marked
    assert (found.estimate.value > 0) == marked


def test_a_shared_opening_of_one_style_is_counted(make_texts):
    texts = make_texts(
        {f"s{i}": {"warm": f"Oh my dear {NOUNS[i]}", "cold": f"{NOUNS[i]} is what is"} for i in range(8)}
    )
    assert (commonest_opening(texts).estimate.value, commonest_opening(texts).detail) == (1.0, "'oh my dear' in warm")


def test_who_says_i_is_told_by_words_not_letters(make_texts):
    texts = make_texts({f"s{i}": {"warm": "I'm here with it", "cold": "It is in Italy"} for i in range(8)})
    assert first_person_gap(texts, np.random.default_rng(0)).estimate.value == 1.0


def test_a_cue_learnt_on_main_replies_falls_below_chance_on_swapped_foils_and_stays_on_honest_ones(make_texts):
    main = _replies(make_texts, warm=("dear friend", 0.9), cold=("ring them", 0.9))
    swapped = _replies(make_texts, seed=1, warm=("ring them", 1.0), cold=("dear friend", 1.0))
    rng = np.random.default_rng(0)
    assert transfer_auroc(main, swapped, "tfidf", PAIR, rng).estimate.value < 0.1
    assert transfer_auroc(main, main, "tfidf", PAIR, rng).estimate.value > 0.9


@pytest.mark.parametrize(
    ("kind", "warm", "cold"),
    [
        ("first-word", "oh", "well"),
        ("person", "I you me", "it that this"),
        ("tense", "was had did", "can must will"),
        ("function-words", "although because", "before behind"),
        ("character-ngrams", "gleaming", "frosted"),
    ],
)
def test_each_cue_reads_what_it_is_named_after(make_texts, kind, warm, cold):
    rng = np.random.default_rng(0)
    rest = [" ".join(rng.choice(NOUNS, 5)) for _ in range(24)]
    texts = make_texts({f"s{i}": {"warm": f"{warm} {rest[i]}", "cold": f"{cold} {rest[i]}"} for i in range(24)})
    found = cue_auroc(texts, scenario_folds(texts), kind, PAIR, np.random.default_rng(0))
    assert (found.name, found.estimate.value) == (f"{kind}/warm-cold", 1.0)


@pytest.mark.parametrize("kind", ["first-word", "opener", "length", "person", "tense", "function-words"])
def test_cues_without_content_do_not_read_content(make_texts, kind):
    texts = make_texts({f"s{i}": {"warm": "the small blanket", "cold": "the small granite"} for i in range(24)})
    if kind == "opener":
        texts = make_texts(
            {f"s{i}": {"warm": "so the small blanket", "cold": "so the small granite"} for i in range(24)}
        )
    found = cue_auroc(texts, scenario_folds(texts), kind, PAIR, np.random.default_rng(0))
    assert found.estimate.value == 0.5


def test_neighbouring_words_are_what_makes_an_ngram(make_texts):
    texts = make_texts({f"s{i}": {"warm": "not at all", "cold": "all at not"} for i in range(8)})
    found = strongest_ngram(texts, PAIR, np.random.default_rng(0))
    assert found.estimate.value == 1.0
    assert found.detail.split("'")[1] in {" ".join(pair) for pair in pairwise("not at all".split())} | {
        "not at all",
        "all at",
        "at not",
        "all at not",
    }
