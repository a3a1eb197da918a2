"""What a data set must be before anything expensive starts."""

from collections import Counter

from empathy_core.contracts import BadInput, Text, TextSet


def check(texts: TextSet) -> TextSet:
    """Return `texts` if every rule of the contract holds.

    Raises `BadInput` for an empty set, fewer than two main styles, a repeated id, a blank scenario or response, a slash
    in the name of a style or role, a scenario with two wordings, splits or lexical families, or a foil of a style that
    is not under study.
    """
    if not texts.texts:
        raise BadInput(
            "A data set needs at least one text.",
            f"{texts.name} with 0 rows",
            "an empty file or a filter that kept none",
        )
    _ids_are_unique(texts)
    _fields_are_filled(texts)
    _scenarios_are_whole(texts)
    if len(texts.main_styles) < 2:
        raise BadInput(
            "Probes compare styles, so a data set needs at least two main styles.",
            f"{texts.name} with {len(texts.main_styles)}: {', '.join(texts.main_styles) or 'none'}",
            "every row has one style, or the role column marks all rows as controls",
            "give rows of at least two styles the role `main`",
        )
    _foils_have_main_styles(texts)
    return texts


def _ids_are_unique(texts: TextSet) -> None:
    repeated = [text_id for text_id, count in Counter(texts.column("id")).items() if count > 1]
    if repeated:
        raise BadInput(
            "Every text has an id of its own.",
            f"{len(repeated)} repeated, first {repeated[0]!r}",
            "files joined twice, or ids numbered per style",
            "make ids unique, for example scenario id and style joined",
        )


def _fields_are_filled(texts: TextSet) -> None:
    for text in texts.texts:
        for field in ("scenario", "response", "style", "scenario_id"):
            if not getattr(text, field).strip():
                raise BadInput(
                    f"Every text has a {field}.",
                    f"a blank one in row {text.id!r} of {texts.name}",
                    "a generation that failed and was kept, or a shifted column",
                    "fill the field or drop the whole scenario",
                )
        if text.split not in ("train", "test"):
            raise BadInput("A split is `train` or `test`.", f"{text.split!r} in row {text.id!r}")
        if "/" in text.style + text.role:
            raise BadInput(
                "Names of styles and roles hold no slash, which divides the keys of numbers.",
                f"style {text.style!r}, role {text.role!r} in row {text.id!r} of {texts.name}",
                "two words for one style",
                "choose one of them, or join them with a hyphen",
            )


def _scenarios_are_whole(texts: TextSet) -> None:
    first: dict[str, Text] = {}
    for text in texts.texts:
        sibling = first.setdefault(text.scenario_id, text)
        for field in ("scenario", "split", "family"):
            if getattr(text, field) != getattr(sibling, field):
                raise BadInput(
                    "All texts of one scenario share its wording, its split and its lexical family.",
                    f"another {field} in row {text.id!r} than in {sibling.id!r}",
                    "scenario ids used twice, or rows divided at random",
                    "give each scenario its own id, and divide whole scenarios",
                )


def _foils_have_main_styles(texts: TextSet) -> None:
    for text in texts.texts:
        if text.role == "foil" and text.style not in texts.main_styles:
            raise BadInput(
                "A foil is a reply in one of the main styles, in the words of another.",
                f"style {text.style!r} in row {text.id!r}; the main styles are {', '.join(texts.main_styles)}",
                "a misspelt style, or a control text marked as foil",
                "correct the style, or give the row another role",
            )
