import pytest

from empathy_core.cards.words import ORDER, WORDS, describe, reading_order


@pytest.mark.parametrize(
    "name, said",
    [
        ("g/m/read/a-b/nested/auroc", "a-b · probe at the point chosen on training folds · AUROC"),
        ("g/m/read/three-way/text/tfidf/auroc", "three-way · text alone · all words (TF-IDF) · AUROC"),
        ("g/m/read/a-b/foils/excess", "a-b · foils · probe minus the best text baseline, AUROC"),
        (
            "g/m/write/affective/steered/alpha=0.5/share",
            "affective · steered · α = 0.5 · share of sentences in the style",
        ),
        ("g/m/ablate/none/casual", "nothing ablated · share of casual replies"),
        ("g/m/bandwidth/empathy", "bandwidth · empathy"),
        ("g/m/control/pool=quarter_2/point=3/auroc", "second quarter · point 3 · AUROC"),
        ("g/m/control/erase-register/left/nested/auroc", "register erased · what was erased, afterwards · probe at"),
        (
            "g/m/control/transfer/train=a=b/test=<i>/auroc",
            "transfer between contexts · taught on a=b · asked <i> · AUROC",
        ),
        ("g/quality/tfidf/a-b", "all words (TF-IDF), AUROC · a-b"),
        ("g/m/replication/cosine/a-b", "cosine of one-against-the-rest weights · a-b"),
    ],
)
def test_keys_are_told_in_words(name, said):
    assert describe(name).startswith(said)


def test_names_from_outside_stand_as_they_are():
    assert describe("g/m/read/a=b-c/excess").startswith("a=b-c · ")


def test_rows_of_a_table_follow_the_order_of_the_words():
    parts = ["excess", "nested", "foils", "text", "max"]
    assert sorted(parts, key=lambda part: reading_order((part,))) == ["nested", "text", "excess", "max", "foils"]
    pools = ["pool=last", "pool=quarter_3", "pool=quarter_1", "erase-register", "pool=mean"]
    assert sorted(pools, key=lambda part: reading_order((part,))) == [
        "erase-register",
        "pool=mean",
        "pool=quarter_1",
        "pool=quarter_3",
        "pool=last",
    ]


def test_the_first_entry_of_a_part_gives_its_place():
    assert ORDER["tfidf"] == list(WORDS).index("tfidf")
