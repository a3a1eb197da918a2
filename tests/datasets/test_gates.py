from dataclasses import replace

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics import roc_auc_score
from sklearn.metrics.pairwise import cosine_similarity

from empathy_core.contracts import BadInput, Gate, Text, TextSet
from empathy_core.datasets.gates import gates
from empathy_core.datasets.lexical import lexical_scores
from empathy_core.datasets.splits import Fold, grouped_folds
from empathy_core.organisms.corpus import organism_texts

STYLES = ("wordplay", "irony", "absurd")
NOUNS = ("kettle", "ferry", "violin", "ladder", "pigeon", "garden", "letter", "engine", "bakery", "pillow")
VERBS = ("broke", "sang", "vanished", "waited", "arrived", "froze", "answered", "leaked")


def _reply(rng: np.random.Generator, n_words: int = 12) -> str:
    """Random words of six letters, so that equal word counts mean equal lengths."""
    return " ".join("".join(rng.choice(list("aeioulnrst"), 6)) for _ in range(n_words)) + "."


def _texts(n_scenarios: int = 20, seed: int = 0, **extra: str) -> TextSet:
    """A user's own set: three styles that differ only by `extra`, a word that opens the replies of one style."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(n_scenarios):
        context = NOUNS[number % 10]
        scenario = f"The {context} {VERBS[number % 8]} on day {rng.integers(10**9)} near {_reply(rng, 4)}"
        opening = _reply(rng, 4).rstrip(".")
        for style in STYLES:
            response = f"{extra.get(style, '')} {opening} {_reply(rng)}".strip()
            rows.append(Text(f"s{number}-{style}", f"s{number}", context, style, scenario, response))
    return TextSet("jokes", "measured", tuple(rows))


def _by_name(texts: TextSet, seed: int = 0) -> dict[str, Gate]:
    return {gate.name: gate for gate in gates(texts, grouped_folds(texts), seed)}


def test_styles_that_differ_in_nothing_but_random_words_pass_every_gate_with_a_threshold():
    for gate in gates(_texts(), grouped_folds(_texts())):
        assert gate.passed is None if gate.name.startswith("tfidf") else gate.passed, gate


def test_a_style_with_an_opening_of_its_own_fails_the_opener_gate_of_its_pairs_only():
    found = _by_name(_texts(irony="obviously"))
    assert found["opener/wordplay-irony"].estimate.value == found["opener/irony-absurd"].estimate.value == 1.0
    assert found["opener/irony-absurd"].passed is False
    assert found["opener/wordplay-absurd"].passed is True


def test_a_style_with_longer_replies_fails_both_length_gates():
    found = _by_name(_texts(absurd="moreover and furthermore"))
    assert not found["length-spread"].passed
    assert not found["length/irony-absurd"].passed
    assert found["length/wordplay-irony"].passed


def test_replies_that_share_their_opening_within_a_scenario_tie_and_score_one_half():
    found = _by_name(_texts())
    assert {found[f"opener/{pair}"].estimate.value for pair in ("wordplay-irony", "irony-absurd")} == {0.5}


def test_length_spread_is_the_median_of_range_over_mean():
    texts = _texts(3)
    lengths = {"s0": (80, 100, 120), "s1": (100, 100, 100), "s2": (95, 100, 105)}
    rows = [replace(row, response="x" * lengths[row.scenario_id][i % 3]) for i, row in enumerate(texts.texts)]
    [spread, *_] = gates(TextSet("jokes", "measured", tuple(rows)), grouped_folds(texts, 3))
    assert spread.estimate.value == pytest.approx(0.1)
    assert 0.0 <= spread.estimate.low <= 0.1 <= spread.estimate.high <= 0.4
    assert spread.passed is False


def test_a_cue_is_the_mean_of_scikit_learns_auroc_over_folds():
    texts = _texts(seed=3)
    pair = texts.rows(texts.column("style") != "absurd")
    folds, styles = grouped_folds(pair), pair.column("style")
    scores = lexical_scores(pair.column("response").tolist(), styles, folds, "length")[:, 0]
    expected = np.mean([roc_auc_score(styles[fold.test] == "wordplay", scores[fold.test]) for fold in folds])
    found = {gate.name: gate for gate in gates(pair, folds)}["length/wordplay-irony"].estimate
    assert found.value == pytest.approx(expected)
    assert found.low <= found.value <= found.high
    assert found.n == 20


def test_the_nearest_scenarios_are_those_of_scikit_learns_cosines():
    texts = _texts()
    copied = texts.texts[0].scenario.replace("on day", "by day")
    rows = tuple(replace(row, scenario=copied) if row.scenario_id == "s5" else row for row in texts.texts)
    found = _by_name(replace(texts, texts=rows))["nearest-scenarios"]
    cosines = cosine_similarity(TfidfVectorizer().fit_transform([row.scenario for row in rows[::3]]))
    assert found.estimate.value == pytest.approx(np.sort(cosines, axis=None)[-21])
    assert (found.detail, found.passed) == ("s0 and s5", False)


def test_domains_are_counted_by_scenario():
    texts = _texts()
    rows = tuple(replace(row, context="kettle" if row.scenario_id < "s5" else row.context) for row in texts.texts)
    found = _by_name(replace(texts, texts=rows))
    expected = {row.scenario_id: row.context for row in rows}
    share = list(expected.values()).count("kettle") / 20
    assert found["domains"].estimate.value == len(set(expected.values()))
    assert (found["largest-domain"].estimate.value, found["largest-domain"].detail) == (share, "kettle")
    assert found["largest-domain"].passed is False


def test_control_texts_take_no_part():
    texts = _texts()
    controls = tuple(replace(row, id=f"{row.id}-control", response="Short.", role="neutral") for row in texts.texts)
    mixed = TextSet("jokes", "measured", controls + texts.texts)
    assert {gate.name for gate in gates(mixed, grouped_folds(mixed))} == set(_by_name(texts))
    assert _by_name(mixed)["length-spread"].estimate.value == _by_name(texts)["length-spread"].estimate.value


def test_a_fold_that_tests_only_controls_takes_no_part():
    texts = _texts()
    controls = tuple(
        replace(row, id=f"{row.id}-control", scenario_id=f"control-{row.scenario_id}", role="neutral")
        for row in texts.texts
    )
    folds = grouped_folds(texts)
    rows = np.arange(len(texts))
    of_controls = Fold(train=rows, test=rows + len(texts))
    mixed = TextSet("jokes", "measured", texts.texts + controls)
    assert gates(mixed, (*folds, of_controls)) == gates(texts, folds)


def test_the_same_seed_gives_the_same_intervals():
    assert _by_name(_texts(), seed=4) == _by_name(_texts(), seed=4)


def test_the_organism_grammar_gives_no_opening_or_length_away():
    texts = organism_texts()
    assert texts.kind == "organism"
    found = {gate.name: gate.passed for gate in gates(texts, grouped_folds(texts))}
    assert all(passed for name, passed in found.items() if name.startswith(("opener", "length/", "domains")))


def test_a_single_scenario_is_refused():
    texts = _texts(1)
    with pytest.raises(BadInput, match="at least two"):
        gates(texts, grouped_folds(_texts(5)))


def test_replies_that_share_no_scenario_are_refused():
    texts = _texts()
    rows = tuple(replace(row, scenario_id=row.id) for row in texts.texts)
    with pytest.raises(BadInput, match="the same scenario_id"):
        gates(replace(texts, texts=rows), grouped_folds(texts))
