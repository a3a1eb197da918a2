import pytest

from empathy_core.cards.keys import Key, parse_key
from empathy_core.contracts import BadInput


def test_a_key_comes_apart_into_texts_model_stage_and_what_was_measured():
    assert parse_key("grammar/persistent/read/three-way/point=2/auroc") == Key(
        "grammar", "persistent", "read", ("three-way", "point=2", "auroc")
    )


def test_a_gate_of_the_texts_has_no_model():
    assert parse_key("bundled/quality/tfidf/a-b") == Key("bundled", "", "quality", ("tfidf", "a-b"))


def test_a_hub_id_with_a_slash_is_one_model():
    assert parse_key("mine/org/some-llama/bandwidth/empathy").model == "org/some-llama"


def test_hostile_model_names_do_not_break_the_key():
    name = "</td><script>alert(1)</script>\n| b |"
    assert parse_key(f"mine/{name}/write/affective/range").model == name


@pytest.mark.parametrize("part, number", [("alpha=-0.5", -0.5), ("alpha=1e-05", 1e-5), ("alpha=2", 2.0)])
def test_a_strength_is_read_back_as_a_number(part, number):
    assert parse_key(f"grammar/graded/write/affective/steered/{part}/share").at("alpha") == number


def test_a_key_without_a_strength_has_none():
    assert parse_key("grammar/graded/write/affective/range").at("alpha") is None


def test_the_contexts_of_a_transfer_are_read_back_by_name():
    key = parse_key("bundled/org/llama/control/transfer/train=<b>|=2/test=work/auroc")
    assert (key.model, key.stage) == ("org/llama", "control")
    assert (key.named("train"), key.named("test"), key.named("pool")) == ("<b>|=2", "work", None)


def test_an_unknown_stage_is_refused_with_the_stages_that_exist():
    with pytest.raises(BadInput, match="bandwidth"):
        parse_key("grammar/persistent/astrology/sign")


@pytest.mark.parametrize(
    "name, stage, what",
    [
        ("bundled/org/llama/likelihood/point=2/diagonal", "likelihood", ("point=2", "diagonal")),
        ("bundled/m/judge/claude-x/recognised/main/warm", "judge", ("claude-x", "recognised", "main", "warm")),
        ("generated/quality/judge-caught", "quality", ("judge-caught",)),
    ],
)
def test_stages_of_the_write_side_are_known(name, stage, what):
    assert (parse_key(name).stage, parse_key(name).what) == (stage, what)


def test_a_judge_of_texts_alone_has_no_model():
    assert parse_key("bundled/judge/human/missing/texts").model == ""
