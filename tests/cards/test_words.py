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
        ("g/m/bandwidth/empathy-raw", "bandwidth · empathy, in units of the residual stream"),
        ("g/m/bandwidth/permuted", "bandwidth · permuted labels"),
        ("g/m/write/warm/opposed/alpha=-0.3/share", "warm · steered away · α = −0.3 · share of sentences"),
        ("g/m/write/casual/range-opposed", "casual · range of steering away"),
        ("g/m/write/casual/steered/alpha=0.3/casual", "casual · steered · α = 0.3 · share of casual replies"),
        ("g/m/write/warm/steered/alpha=0.3/casual", "warm · steered · α = 0.3 · share of casual replies"),
        ("g/m/write/warm/wrong-way", "warm · share of prompts moved the wrong way"),
        ("g/m/write/coherence/caught", "coherence gates against the judge · broken replies that the gates stop"),
        ("g/m/write/transfer/warm/retained", "direction from other contexts · warm · share of the effect retained"),
        ("g/m/write/selectivity/push=a/score=<b>", "selectivity · pushed towards a · scored as <b>"),
        (
            "g/m/likelihood/push=a/score=b/alpha=0.3/shift",
            "pushed towards a · scored as b · α = 0.3 · likelihood shift",
        ),
        ("g/m/likelihood/diagonal/alpha=0.3", "pushed style minus the others, nats per token · α = 0.3"),
        ("g/m/ablate/style/switches", "style subspace ablated · share of second sentences that switch"),
        ("g/m/ablate/warm/persistence/cold", "warm direction ablated · share of second sentences that keep the first"),
        ("g/m/ablate/warm/persistence/none", "warm direction ablated · share of second sentences that keep the first"),
        ("g/m/ablate/warm/own", "warm direction ablated · loss of persistence in that style minus"),
        ("g/m/judge/j/recognised/foil/warm", "j · share of texts whose style the judge recognises · foils · warm"),
        ("g/judge/j/missing/replies", "j · share without a verdict · of the replies"),
        ("g/m/control/pool=quarter_2/point=3/auroc", "second quarter · point 3 · AUROC"),
        ("g/m/control/erase-register/left/nested/auroc", "register erased · what was erased, afterwards · probe at"),
        (
            "g/m/control/transfer/train=a=b/test=<i>/auroc",
            "transfer between contexts · taught on a=b · asked <i> · AUROC",
        ),
        ("g/quality/tfidf/a-b", "all words (TF-IDF), AUROC · a-b"),
        ("g/m/sae/cosine", "largest cosine of a decoder vector with the difference of means"),
        ("g/m/sae/warm/cosine", "warm · largest cosine of a decoder vector"),
        ("g/m/sae/random-k=16/auroc", "probe on random features, k = 16 · AUROC"),
        ("g/m/sae/clusters=3/ari-style", "clusters: 3 · adjusted Rand index with style"),
        ("g/m/replication/cosine/a-b", "cosine of one-against-the-rest weights · a-b"),
    ],
)
def test_keys_are_told_in_words(name, said):
    assert describe(name).startswith(said)


def test_the_opening_of_a_reply_is_told_as_such():
    assert describe("g/m/ablate/warm/persistence/none").endswith(" · replies opened as none")


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
