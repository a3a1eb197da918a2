from html import unescape
from html.parser import HTMLParser

import pytest

from empathy_core.cards.markup import Html, element, join


class Reader(HTMLParser):
    """What a browser would find: elements with their attributes, and the text."""

    def __init__(self):
        super().__init__()
        self.elements, self.text = [], ""

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("hostile", ["<script>x</script>", '"><svg onload=x>', "&lt;b&gt;", "a & b", "'`\u202e🙂"])
def test_any_text_comes_back_as_text(hostile):
    reader = Reader()
    reader.feed(element("td", hostile, title=hostile))
    assert reader.elements == [("td", {"title": hostile})]
    assert reader.text == hostile


def test_elements_nest_without_being_escaped_twice():
    inner = element("b", "1 < 2")
    assert element("p", "so ", inner) == "<p>so <b>1 &lt; 2</b></p>"
    assert unescape(join("<", inner)) == "<<b>1 < 2</b>"


def test_words_of_python_and_absent_attributes_are_left_out():
    assert element("p", class_="x", id=None) == '<p class="x"></p>'


def test_an_image_has_no_end_tag():
    assert element("img", src="a", alt="b") == '<img src="a" alt="b">'


def test_string_methods_lose_the_promise_that_text_is_html():
    assert not isinstance(element("b", "x").replace("x", "<script>"), Html)
