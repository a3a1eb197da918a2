"""Files in, `TextSet` out; a broken file is refused with the place of the fault."""

import json
from dataclasses import fields, replace

import pytest
from toy import toy_texts as texts

from empathy_core.contracts import BadInput, Text
from empathy_core.datasets import files
from empathy_core.datasets.sources import read_source

TRIPLETS = {
    "metadata": {"anything": 1},
    "triplets": [
        {"id": f"t{i}", "scenario": f"S{i}.", "cognitive": f"c{i}", "affective": f"a{i}", "instrumental": f"i{i}"}
        for i in range(40)
    ],
}
NON_EMPATHIC = {
    "items": [
        {"id": f"n{i}", "scenario": f"N{i}.", "response_1": "x", "response_2": "y", "response_3": "z"} for i in range(4)
    ]
}
STRIPPED = {
    "items": [
        {
            "id": f"v{i}",
            "triplet_id": f"t{i}",
            "scenario": f"S{i}.",
            "factual": "f",
            "informational": "g",
            "procedural": "h",
        }
        for i in range(4)
    ]
}


def saved(folder, name, content):
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(path)


def test_what_is_written_is_read_back(tmp_path):
    files.write_jsonl(texts(), tmp_path / "toy.jsonl")
    assert files.load(str(tmp_path / "toy.jsonl")) == texts()


def test_triplets_of_the_earlier_study_become_main_styles(tmp_path):
    loaded = files.load(saved(tmp_path, "triplets.json", TRIPLETS))
    assert loaded.main_styles == ("cognitive", "affective", "instrumental")
    assert len(loaded) == 120 and loaded.texts[0].response == "c0"
    assert {text.split for text in loaded.texts} == {"train", "test"}


def test_the_split_of_a_file_without_one_does_not_depend_on_the_order_of_rows(tmp_path):
    turned = {"triplets": TRIPLETS["triplets"][::-1]}
    splits = [
        {text.id: text.split for text in files.load(saved(tmp_path, name, content)).texts}
        for name, content in (("a.json", TRIPLETS), ("b.json", turned))
    ]
    assert splits[0] == splits[1]


def test_controls_beside_triplets_keep_their_roles_and_share_the_scenario(tmp_path):
    paths = [
        saved(tmp_path, name, content)
        for name, content in (("t.json", TRIPLETS), ("n.json", NON_EMPATHIC), ("v.json", STRIPPED))
    ]
    loaded = files.load(",".join(paths))
    assert loaded.main_styles == ("cognitive", "affective", "instrumental")
    assert {text.role for text in loaded.texts} == {"main", "non_empathic", "valence_stripped"}
    assert sum(text.scenario_id == "t0" for text in loaded.texts) == 6


@pytest.mark.parametrize("content, styles", [(NON_EMPATHIC, ("response_1", "response_2", "response_3")),
                                             (STRIPPED, ("factual", "informational", "procedural"))])  # fmt: skip
def test_control_texts_alone_are_what_is_studied(tmp_path, content, styles):
    assert files.load(saved(tmp_path, "c.json", content)).main_styles == styles


@pytest.mark.parametrize(
    "name, content, sentence",
    [
        ("a.json", '{"triplets": [', r"Expecting value at .*column 15"),
        ("a.jsonl", '{"id": "x"}\n', "field required at .*line 1, field scenario_id"),
        ("a.jsonl", "{oops\n", "line 1, column 2"),
        ("a.json", {"rows": []}, "list `triplets` or `items`"),
        ("a.json", {"items": [{"id": 1, "scenario": "s", "yes": "y"}]}, "three responses"),
        ("a.jsonl", "", "at least one text"),
    ],
    ids=["cut", "missing column", "not json", "other object", "other responses", "empty"],
)
def test_a_broken_file_is_refused_with_the_place_of_the_fault(tmp_path, name, content, sentence):
    with pytest.raises(BadInput, match=sentence):
        files.load(saved(tmp_path, name, content))


def test_an_unknown_column_is_refused(tmp_path):
    row = {"id": "x", "scenario_id": "s", "context": "", "style": "a", "scenario": "S", "response": "r", "feeling": "f"}
    with pytest.raises(BadInput, match="field feeling"):
        files.load(saved(tmp_path, "a.jsonl", json.dumps(row)))


def test_a_missing_file_is_refused():
    with pytest.raises(BadInput, match="mistyped path"):
        files.load("nowhere.jsonl")


def test_an_edited_bundled_file_is_refused(tmp_path, monkeypatch):
    manifest = json.loads((files.BUNDLED / "MANIFEST.json").read_text())
    (tmp_path / "MANIFEST.json").write_text(json.dumps(manifest))
    for name in manifest["files"]:
        (tmp_path / name).write_bytes((files.BUNDLED / name).read_bytes() + b"\n")
    monkeypatch.setattr(files, "BUNDLED", tmp_path)
    with pytest.raises(BadInput, match="hash its manifest states"):
        files.bundled()


def test_every_source_gives_a_checked_set_and_its_kind(tmp_path):
    files.write_jsonl(texts(), tmp_path / "toy.jsonl")
    kinds = {
        s: read_source(s, p).kind for s, p in [("bundled", ""), ("organism", ""), ("file", f"{tmp_path}/toy.jsonl")]
    }
    assert kinds == {"bundled": "measured", "organism": "organism", "file": "measured"}


def test_a_file_option_without_a_file_is_refused():
    with pytest.raises(BadInput, match="needs a file"):
        read_source("file", "")


def test_a_line_separator_inside_a_text_does_not_end_its_row(tmp_path):
    [first, *rest] = texts().texts
    odd = replace(texts(), texts=(replace(first, response="one\u2028two\u0085three"), *rest))
    files.write_jsonl(odd, tmp_path / "odd.jsonl")
    assert files.load(str(tmp_path / "odd.jsonl")).texts == odd.texts


HEADER = "id,scenario_id,context,style,scenario,response"


def test_a_table_is_read_as_lines_are(tmp_path):
    rows = [f'"{i}-{style}",s{i},work,{style},"What, exactly?","A ""quoted"" line\nand another."'
            for i in range(3) for style in ("warm", "cold")]  # fmt: skip
    table = files.load(saved(tmp_path, "own.csv", "\ufeff" + "\n".join([HEADER, *rows])))
    assert table.main_styles == ("warm", "cold")
    assert table.texts[0].scenario == "What, exactly?"
    assert table.texts[0].response == 'A "quoted" line\nand another.'


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("a,s,work,warm,S", "field required at line 3, field response"),
        ("a,s,work,warm,S,r,extra", r"line 3, field \(cell 7\)"),
    ],
)
def test_a_row_of_a_table_with_too_few_or_too_many_cells_is_named(tmp_path, row, sentence):
    with pytest.raises(BadInput, match=sentence):
        files.load(saved(tmp_path, "own.csv", f"{HEADER}\nb,s,work,cold,S,r\n{row}\n"))


def test_every_broken_row_is_counted_and_the_first_are_shown(tmp_path):
    good = {"id": "x", "scenario_id": "s", "context": "", "style": "a", "scenario": "S", "response": "r"}
    rows = [good, *({**good, "response": number} for number in range(7))]
    with pytest.raises(BadInput, match="7 of 8 rows") as refused:
        files.load(saved(tmp_path, "a.jsonl", "\n".join(map(json.dumps, rows))))
    assert "line 6, field response; and 2 more" in str(refused.value)


def test_the_json_schema_names_every_field_says_what_it_means_and_forbids_others():
    schema = files.json_schema()
    assert set(schema["properties"]) == {field.name for field in fields(Text)}
    assert schema["additionalProperties"] is False
    assert "Texts of one scenario" in schema["properties"]["scenario_id"]["description"]
