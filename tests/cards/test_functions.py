"""From the dotted name beside a number to the function."""

import pytest

from empathy_core.cards.functions import described


def test_a_function_is_found_with_its_file_and_the_first_sentence_it_says_of_itself():
    path, sentence = described("verdicts.judge_models")
    assert path == "empathy_core/verdicts.py"
    assert sentence.startswith("One verdict per model and criterion") and "\n" not in sentence


@pytest.mark.parametrize("method", ["verdicts.nothing", "nowhere.at.all", "..secrets.x", "a/b.c", "", "<script>"])
def test_what_is_no_function_of_the_package_is_said_to_be_none(method):
    assert described(method) == ("", "")
