"""The same sheet as a Label Studio project, for teams that rate on a server of their own."""

import json
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from empathy_core.datasets.review.sheet import Option, Question, ReviewSheet

DECISION = Question("decision", "Decision", tuple(Option(word, word) for word in ("accept", "edit", "reject")))


def write_label_studio(sheet: ReviewSheet, folder: Path) -> Path:
    """Write `tasks.json`, one task an item, and the labelling configuration `config.xml`; gives the tasks' path."""
    folder.mkdir(parents=True, exist_ok=True)
    tasks = [
        {"data": {"id": item.id, "content_hash": item.content_hash, "prompt": screen.prompt, "reply": item.response}}
        for screen in sheet.screens
        for item in screen.items
    ]
    path = folder / "tasks.json"
    path.write_text(json.dumps(tasks, ensure_ascii=False, indent=1), encoding="utf-8")
    (folder / "config.xml").write_text(configuration(sheet), encoding="utf-8")
    return path


def configuration(sheet: ReviewSheet) -> str:
    """The labelling interface: prompt, reply, one group of choices a question, and a box for a corrected reply."""
    view = Element("View")
    for name in ("prompt", "reply"):
        SubElement(view, "Header", value=name.capitalize())
        SubElement(view, "Text", name=name, value=f"${name}")
    questions = [*sheet.questions]
    if sheet.reasons:
        questions += [DECISION, Question("reason", "Reason for a rejection", sheet.reasons)]
    for question in questions:
        SubElement(view, "Header", value=question.text)
        required = "false" if question.id == "reason" else "true"
        choices = SubElement(view, "Choices", name=question.id, toName="reply", choice="single", required=required)
        for option in question.options:
            label = f"{option.label}: {option.meaning}" if option.meaning else option.label
            SubElement(choices, "Choice", value=label, alias=str(option.value))
    if sheet.reasons:
        SubElement(view, "Header", value="Corrected reply")
        SubElement(view, "TextArea", name="edited_text", toName="reply", value="$reply", editable="true")
    indent(view)
    return tostring(view, encoding="unicode") + "\n"
