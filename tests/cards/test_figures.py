import itertools
from dataclasses import replace
from xml.etree import ElementTree

import matplotlib
import pytest

from empathy_core.cards.figures import (
    ablation,
    bandwidth_forest,
    control_curves,
    control_drawings,
    control_forest,
    dose_response,
    drawings,
    emergence,
    excess_forest,
    foil_transfer,
    layer_curves,
    pool_curves,
    probe_against_text,
    text_baselines,
    transfer,
)
from empathy_core.cards.figures.canvas import STYLE_COLOURS, lean, one_line, style_colours
from empathy_core.cards.figures.layer_curves import curve_tasks
from empathy_core.contracts import BadInput

SVG = "{http://www.w3.org/2000/svg}"


FIGURES = [ablation, bandwidth_forest, dose_response, probe_against_text, excess_forest, foil_transfer, layer_curves]
FIGURES += [control_forest, control_curves, pool_curves, emergence, transfer, text_baselines]


def grammar(estimates):
    return [one for one in estimates if one.name.startswith("grammar")]


@pytest.mark.parametrize("draw", FIGURES)
def test_a_figure_is_an_image_with_caption_and_words_for_those_who_cannot_see_it(draw, estimates):
    drawing = draw(estimates)
    assert ElementTree.fromstring(drawing.svg).tag == f"{SVG}svg"
    assert "95%" in drawing.caption and "n = " in drawing.caption
    assert "[" in drawing.alt, "the text says values with intervals"


@pytest.mark.parametrize("draw", FIGURES)
def test_a_figure_without_numbers_is_refused_with_what_it_lacks(draw):
    with pytest.raises(BadInput, match="figure of"):
        draw([])


def test_figures_are_the_same_bytes_every_time_and_leave_matplotlib_as_it_was(estimates):
    before = dict(matplotlib.rcParams)
    assert dose_response(estimates) == dose_response(estimates)
    assert dict(matplotlib.rcParams) == before


def test_a_figure_changes_with_its_numbers(estimates):
    moved = [replace(one, value=one.low) if "/bandwidth/" in one.name else one for one in estimates]
    assert bandwidth_forest(moved).svg != bandwidth_forest(estimates).svg


def test_only_the_figures_that_have_numbers_are_drawn(estimates, one_model):
    names = [drawing.name for drawing in drawings(one_model)]
    assert names == [
        "bandwidth",
        "probe-against-text",
        "excess",
        "foil-transfer",
        "layer-curves",
        "controls",
        "control-curves",
        "pool-curves",
        "emergence",
        "transfer",
        "dose-response",
        "ablation",
    ]
    assert [d.name for d in drawings([one for one in estimates if "/quality/" in one.name])] == ["text-baselines"]
    assert drawings([]) == ()


def test_texts_without_foils_or_controls_have_no_figures_of_them(one_model):
    read = [one for one in one_model if "/read/" in one.name and "/foils/" not in one.name]
    assert [drawing.name for drawing in drawings(read)] == ["probe-against-text", "excess", "layer-curves"]
    assert control_drawings(read) == ()
    assert all("on foils" not in drawing.caption.lower() for drawing in drawings(read) if drawing.name != "excess")


def test_controls_are_drawn_beside_the_read_out_that_they_are_compared_with(one_model):
    controls = [one for one in one_model if "/control/" in one.name]
    assert control_drawings(controls) == ()
    read = [one for one in one_model if "/read/three-way/" in one.name]
    names = [drawing.name for drawing in control_drawings([*read, *controls])]
    assert names == ["controls", "control-curves", "pool-curves", "emergence", "transfer"]


def test_texts_that_no_judge_reads_have_no_dose_response(estimates):
    coherence = [one for one in grammar(estimates) if one.name.endswith("/coherent")]
    assert drawings(coherence) == ()


def test_layer_curves_stand_side_by_side_with_the_deciding_task_first_and_register_last(one_model):
    tasks = curve_tasks(one_model)
    assert (tasks[0], tasks[-1]) == ("three-way", "register")
    assert len(tasks) == 5 and not [task for task in tasks if "rest" in task or "main" in task]


def test_layer_curves_of_many_pairs_leave_some_to_the_tables_and_never_the_register(one_model):
    many = [replace(e, name=e.name.replace("cognitive-affective", f"a-{i}")) for e in one_model for i in range(12)]
    tasks = curve_tasks([one for one in {one.name: one for one in many}.values()])
    assert len(tasks) == 6 and (tasks[0], tasks[-1]) == ("three-way", "register")


def test_the_transfer_figure_says_every_mean_and_how_wide_the_intervals_are(one_model):
    drawing = transfer(one_model)
    assert "persistent 0.70 [0.65, 0.75]" in drawing.caption and "spans 0.16" in drawing.caption


def test_ten_contexts_are_drawn_larger_than_four(estimates):
    def width(drawing):
        return float(ElementTree.fromstring(drawing.svg).get("width").removesuffix("pt"))

    own = [one for one in estimates if "/persistent/control/transfer" in one.name]
    cells = [one for one in own if "train=" in one.name]
    more = [
        replace(e, name=e.name.replace("train=", f"train={i}").replace("test=", f"test={j}"))
        for e, i, j in itertools.product(cells, range(3), range(3))
    ]
    assert width(transfer([*more, own[-1]])) >= width(transfer(own))


def test_a_model_without_a_first_point_is_drawn_without_one(estimates):
    untrained = [one for one in estimates if "/untrained/control/emergence" in one.name]
    assert emergence(untrained).alt == "First point above both: none in any model."
    both = [*untrained, *(one for one in estimates if "/persistent/control/emergence" in one.name)]
    assert "persistent point 2.0 [1.0, 2.0]" in emergence(both).alt


def test_a_picture_made_lean_shows_the_same(one_model):
    svg = (
        b'<svg><!-- a --><g id="x">\n  <path id="DejaVuSans-4" d="M 1.234 2"/><g transform="scale(0.0156)"/></g></svg>'
    )
    assert lean(svg) == b'<svg><g>\n<path id="g4" d="M 1.23 2"/><g transform="scale(0.0156)"/></g></svg>'
    drawn = ElementTree.fromstring(layer_curves(one_model).svg)
    ids = {element.get("id") for element in drawn.iter()}
    used = {element.get("{http://www.w3.org/1999/xlink}href")[1:] for element in drawn.iter(f"{SVG}use")}
    assert used <= ids


def test_figures_of_one_model_are_small(one_model):
    assert max(len(drawing.svg) for drawing in drawings(one_model)) < 80_000


def test_five_models_wrap_into_a_second_band_and_one_model_stands_alone(one_model):
    fewer = [one for one in one_model if "/control/" in one.name or "/read/three-way/" in one.name]

    def named(name):
        return [replace(e, name=e.name.replace("persistent", name)) for e in fewer]

    for models in (list("abcde"), ["one"]):
        several = list(itertools.chain.from_iterable(map(named, models)))
        assert all(draw(several).svg for draw in (excess_forest, control_curves, transfer))


def test_the_studys_styles_keep_their_colours_and_others_take_colours_that_are_free():
    colours = style_colours(["affective", "warm", "cold"])
    assert colours["affective"] == STYLE_COLOURS["affective"]
    assert len(set(colours.values())) == 3
    assert style_colours(["cold", "affective", "warm"])["warm"] == colours["warm"]


def test_names_are_drawn_as_they_stand_and_not_as_mathematics(one_model):
    odd = [replace(e, name=e.name.replace("persistent", "a$b_{$\u202e🙂")) for e in one_model]
    assert len(drawings(odd)) == 12
    assert one_line("a\nb") == "a?b"
    assert len(one_line("x" * 10_000)) == 28
