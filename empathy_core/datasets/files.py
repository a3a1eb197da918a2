"""The door between text files and `TextSet`: JSON lines, CSV or rows in memory, and the earlier study's JSON."""

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from empathy_core.contracts import BadInput, Text, TextSet
from empathy_core.datasets.schema import check

BUNDLED = Path(__file__).parent / "bundled"
TEST_SHARE = 0.25
"""Share of scenarios held out when a file states no split."""
SHOWN_FAULTS = 5

CONTROL_ROLES = {
    ("response_1", "response_2", "response_3"): "non_empathic",
    ("factual", "informational", "procedural"): "valence_stripped",
}
_row = TypeAdapter(Text)


def bundled() -> TextSet:
    """The texts shipped with the project; raises `BadInput` if a file differs from its manifest."""
    manifest = json.loads((BUNDLED / "MANIFEST.json").read_text(encoding="utf-8"))
    for name, facts in manifest["files"].items():
        digest = hashlib.sha256((BUNDLED / name).read_bytes()).hexdigest()
        if digest != facts["sha256"]:
            raise BadInput(
                "A bundled file has the hash its manifest states.",
                f"{name} with sha256 {digest[:16]}…",
                "an edit that did not update MANIFEST.json, or a damaged download",
                "restore the file from the repository, or state the new hash",
            )
    texts = tuple(text for name in manifest["files"] for text in _read_jsonl(BUNDLED / name))
    return check(TextSet(manifest["name"], "measured", texts))


def load(paths: str) -> TextSet:
    """Read comma-separated files into one checked `TextSet`.

    `.jsonl` and `.csv` hold one text a row with the fields of `Text`; `.json` is one of the earlier study's shapes.
    Raises `BadInput` for a missing file, malformed JSON (with line and column), or rows that break the schema (by line
    and field). When the files hold only control texts, those are what is studied and they become `main`.
    """
    files = [Path(path.strip()) for path in paths.split(",") if path.strip()]
    if not files:
        raise BadInput("`--source file` needs a file.", "no --path", fix="add `--path texts.jsonl`")
    texts = [text for path in files for text in _READERS.get(path.suffix, _read_study)(path)]
    return _studied(files[0].stem, texts)


def from_records(records: Sequence[Mapping[str, Any]], name: str = "records") -> TextSet:
    """Rows that are in memory already, each with the fields of `Text`, as one checked `TextSet`.

    Raises `BadInput` for rows that break the schema, by row and field. Control texts alone become `main`, as in `load`.
    """
    rows = [(f"row {number}", dict(record)) for number, record in enumerate(records)]
    return _studied(name, _validated(rows, name))


def json_schema() -> dict[str, Any]:
    """The JSON Schema of one row of a long-form file, made from `Text`."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_row.json_schema()}


def write_jsonl(texts: TextSet, path: Path) -> None:
    """Write one JSON object a line, keys in the order of `Text`."""
    lines = (json.dumps(asdict(text), ensure_ascii=False) for text in texts.texts)
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")


def _studied(name: str, texts: Sequence[Text]) -> TextSet:
    """A checked set of measured texts, in which something is studied."""
    if all(text.role != "main" for text in texts):
        texts = [replace(text, role="main") for text in texts]
    return check(TextSet(name, "measured", tuple(texts)))


def _read_jsonl(path: Path) -> tuple[Text, ...]:
    # Not `splitlines`: a text may hold U+2028, which JSON leaves as it is.
    lines = enumerate(_read(path).split("\n"), start=1)
    places = [(f"line {number}", _parsed(line, f"{path}, line {number}")) for number, line in lines if line.strip()]
    return _validated(places, path)


def _read_csv(path: Path) -> tuple[Text, ...]:
    reader = csv.DictReader(io.StringIO(_read(path).removeprefix("\ufeff"), newline=""))
    rows = []
    for row in reader:
        # DictReader collects surplus cells under None and fills missing ones with None.
        filled = {name: value for name, value in row.items() if name is not None and value is not None}
        surplus = {f"(cell {len(row)})": "one more cell than there are columns"} if None in row else {}
        rows.append((f"line {reader.line_num}", filled | surplus))
    return _validated(rows, path)


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(
            "A data file can be read as UTF-8 text.", f"{path}: {error}", "a mistyped path or another encoding"
        ) from error


def _parsed(text: str, place: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise BadInput(
            "A data file holds JSON.",
            f"{error.msg} at {place}"
            + (f", line {error.lineno}" if error.lineno > 1 else "")
            + f", column {error.colno}",
            "a truncated file or a stray comma",
        ) from error


def _validated(rows: Sequence[tuple[str, Any]], source: Path | str) -> tuple[Text, ...]:
    """The rows as texts; every row that breaks the schema is named, the first few with the reason."""
    texts, faults = [], []
    for place, fields in rows:
        try:
            texts.append(_row.validate_python(fields))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "the row"
            faults.append(f"{first['msg'].lower()} at {place}, field {where}")
    if faults:
        more = f"; and {len(faults) - SHOWN_FAULTS} more" if len(faults) > SHOWN_FAULTS else ""
        raise BadInput(
            "Every row has the fields of the schema.",
            f"{len(faults)} of {len(rows)} rows of {source} without: {'; '.join(faults[:SHOWN_FAULTS])}{more}",
            "a column missing, misspelt or of another type",
            "compare with the data card's list of fields",
        )
    return tuple(texts)


def _read_study(path: Path) -> tuple[Text, ...]:
    """Rows of `{"triplets": [...]}` or `{"items": [...]}`; styles are the response keys that stand in every item."""
    document = _parsed(_read(path), str(path))
    items = document.get("triplets", document.get("items")) if isinstance(document, dict) else None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise BadInput(
            "A `.json` data set is an object with a list `triplets` or `items`.",
            f"{path} without one",
            "another file of the same study",
            "convert it to long-form `.jsonl`, one text a line",
        )
    rows = []
    for position, item in enumerate(items):
        place = f"item {position}"
        styles, role = _styles_of(item, f"{path}, {place}")
        scenario_id = str(item.get("triplet_id", item.get("id")))
        for style in styles:
            fields = {
                "id": f"{item['id']}-{style}",
                "scenario_id": scenario_id,
                "context": item.get("domain", "unspecified"),
                "style": style,
                "scenario": item.get("scenario"),
                "response": item[style],
                "role": role,
                "split": _split(scenario_id),
                "origin": path.name,
            }
            rows.append((place, fields))
    return _validated(rows, path)


def _styles_of(item: dict[str, Any], place: str) -> tuple[tuple[str, ...], str]:
    shapes = {("cognitive", "affective", "instrumental"): "main", **CONTROL_ROLES}
    for styles, role in shapes.items():
        if "id" in item and all(style in item for style in styles):
            return styles, role
    raise BadInput(
        "Each item has an id, a scenario and three responses: cognitive, affective, instrumental; response_1 … 3; or "
        "factual, informational, procedural.",
        f"keys {sorted(item)} at {place}",
        "other names for the responses",
        "rename them, or convert the file to long-form `.jsonl`",
    )


def _split(scenario_id: str) -> str:
    """Held out by a hash of the id, so that the split does not depend on the order or number of rows."""
    return "test" if int(hashlib.sha256(scenario_id.encode()).hexdigest()[:8], 16) < TEST_SHARE * 16**8 else "train"


_READERS = {".jsonl": _read_jsonl, ".csv": _read_csv}
