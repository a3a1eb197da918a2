import json
from xml.etree import ElementTree

from empathy_core.datasets.review.label_studio import configuration, write_label_studio
from empathy_core.datasets.review.sheet import text_sheet


def test_every_item_is_a_task_in_the_order_of_the_sheet(texts, tmp_path):
    sheet = text_sheet(texts, seed=0)
    tasks = json.loads(write_label_studio(sheet, tmp_path / "new").read_text(encoding="utf-8"))
    items = [(item.id, screen.prompt, item.response) for screen in sheet.screens for item in screen.items]
    assert [(t["data"]["id"], t["data"]["prompt"], t["data"]["reply"]) for t in tasks] == items
    assert {style for task in tasks for style in texts.main_styles if style in json.dumps(task)} == set()
    assert (tmp_path / "new" / "config.xml").read_text(encoding="utf-8") == configuration(sheet)


def test_the_interface_asks_what_the_page_asks_about_fields_that_tasks_have(texts):
    view = ElementTree.fromstring(configuration(text_sheet(texts, seed=0)))
    names = {element.get("name") for element in view.iter("Text")}
    assert {element.get("value") for element in view.iter("Text")} == {"$prompt", "$reply"}
    assert all(element.get("toName") in names for element in [*view.iter("Choices"), *view.iter("TextArea")])
    choices = {group.get("name"): [choice.get("alias") for choice in group] for group in view.iter("Choices")}
    assert list(choices) == ["style", "naturalness", "decision", "reason"]
    assert choices["style"] == ["wordplay", "irony", "absurd"] and choices["naturalness"] == list("12345")
