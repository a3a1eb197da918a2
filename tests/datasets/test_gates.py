from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from empathy_core.contracts import BadInput, Estimate, Gate, Text, TextSet
from empathy_core.datasets.gates import LIMITS, Limit, as_gate, gates
from empathy_core.datasets.lexical import lexical_scores
from empathy_core.datasets.quality.measured import Measured
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


def test_styles_that_differ_in_nothing_but_random_words_give_nothing_away():
    about_design = ("levels", "smallest-cell", "people", "stated-origin", "domains/largest", "domains/smallest")
    for gate in gates(_texts(), grouped_folds(_texts())):
        if not gate.name.startswith(about_design):
            assert gate.passed is not False, gate


def test_a_style_with_an_opening_of_its_own_fails_the_opener_gate_of_its_pairs_only():
    found = _by_name(_texts(irony="obviously"))
    assert found["opener/wordplay-irony"].estimate.value == found["opener/irony-absurd"].estimate.value == 1.0
    assert found["opener/irony-absurd"].passed is False
    assert found["opener/wordplay-absurd"].passed is True


def test_a_style_with_longer_replies_fails_both_length_gates():
    found = _by_name(_texts(absurd="moreover and furthermore"))
    assert not found["length-spread/characters"].passed
    assert not found["length/irony-absurd"].passed
    assert found["length/wordplay-irony"].passed


def test_replies_that_share_their_opening_within_a_scenario_tie_and_score_one_half():
    found = _by_name(_texts())
    assert {found[f"opener/{pair}"].estimate.value for pair in ("wordplay-irony", "irony-absurd")} == {0.5}


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


def test_control_texts_take_no_part():
    texts = _texts()
    controls = tuple(replace(row, id=f"{row.id}-control", response="Short.", role="neutral") for row in texts.texts)
    mixed = TextSet("jokes", "measured", controls + texts.texts)
    assert _by_name(mixed) == _by_name(texts)


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
    assert all(passed for name, passed in found.items() if name.startswith(("opener/", "length/", "person/")))


def test_a_single_scenario_is_refused():
    texts = _texts(1)
    with pytest.raises(BadInput, match="at least two"):
        gates(texts, grouped_folds(_texts(5)))


def test_replies_that_share_no_scenario_are_refused():
    texts = _texts()
    rows = tuple(replace(row, scenario_id=row.id) for row in texts.texts)
    with pytest.raises(BadInput, match="the same scenario_id"):
        gates(replace(texts, texts=rows), grouped_folds(texts))


@pytest.mark.parametrize(
    ("limit", "value", "low", "high", "holds", "said"),
    [
        (Limit(high=0.62), 0.62, 0.5, 0.8, True, "≤ 0.62"),
        (Limit(high=0.62), 0.63, 0.5, 0.8, False, "≤ 0.62"),
        (Limit(low=9), 9.0, 9.0, 9.0, True, "≥ 9"),
        (Limit(low=0.1), 1 - 0.9, 0.1, 0.1, True, "≥ 0.1"),
        (Limit(0.25, 0.45), 0.24, 0.24, 0.24, False, "0.25 to 0.45"),
        (Limit(-0.05, 0.05, whole_interval=True), 0.0, -0.06, 0.04, False, "interval in −0.05 to 0.05"),
        (Limit(-0.05, 0.05, whole_interval=True), 0.0, -0.05, 0.04, True, "interval in −0.05 to 0.05"),
    ],
)
def test_a_limit_holds_at_its_ends_and_says_itself(limit, value, low, high, holds, said):
    assert (limit.holds(Estimate("a/quality/b", value, low, high, 1, None, "m")), str(limit)) == (holds, said)


@pytest.mark.parametrize(
    ("name", "threshold"),
    [
        ("length/a-b", "≤ 0.62"),
        ("length-spread/words", "≤ 0.08"),
        ("foils/scenarios", "≥ 30"),
        ("foils/tfidf/a-b", "≤ 0.5"),
        ("controls/pair/tfidf/a-b", "reported"),
        ("tfidf/a-b", "reported"),
    ],
)
def test_a_gate_takes_the_limit_whose_name_is_the_longest_beginning_of_its_own(name, threshold):
    gate = as_gate(Measured(name, Estimate(f"a/quality/{name}", 0.4, 0.3, 0.5, 9, None, "m")))
    assert gate.threshold == threshold
    assert (gate.passed is None) == (threshold == "reported")


def test_every_limit_belongs_to_something_that_is_measured():
    """On a set with every role; a limit that no gate takes would be a promise nobody checks."""
    texts = with_every_role(_texts(24))
    found = {gate.name for gate in gates(texts, grouped_folds(texts))}
    for name in LIMITS:
        assert any(gate == name or gate.startswith(f"{name}/") for gate in found), name


def with_every_role(texts: TextSet) -> TextSet:
    """The same texts again in every other role; those with scenarios of their own under other ids."""
    rows = list(texts.texts)
    for role in ("foil", "valence_stripped"):
        rows += [replace(row, id=f"{role}-{row.id}", role=role) for row in texts.texts]
    for role in ("non_empathic", "pair", "register", "emotion"):
        rows += [
            replace(row, id=f"{role}-{row.id}", scenario_id=f"{role}-{row.scenario_id}", role=role)
            for row in texts.texts
        ]
    return TextSet(texts.name, texts.kind, tuple(rows))
