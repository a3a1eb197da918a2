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
    dictionary_clusters,
    dictionary_cosines,
    dictionary_features,
    dose_response,
    drawings,
    emergence,
    excess_forest,
    foil_transfer,
    frontier,
    layer_curves,
    pool_curves,
    probe_against_text,
    selectivity,
    side_effects,
    steering_point,
    text_baselines,
    transfer,
)
from empathy_core.cards.figures.ablation import middles
from empathy_core.cards.figures.canvas import STYLE_COLOURS, lean, one_line, style_colours
from empathy_core.cards.figures.layer_curves import curve_tasks
from empathy_core.cards.figures.selectivity import is_random
from empathy_core.contracts import BadInput

STYLES = ("cognitive", "affective", "instrumental")

SVG = "{http://www.w3.org/2000/svg}"


FIGURES = [ablation, bandwidth_forest, dose_response, probe_against_text, excess_forest, foil_transfer, layer_curves]
FIGURES += [frontier, selectivity, side_effects, steering_point]
FIGURES += [dictionary_features, dictionary_cosines, dictionary_clusters]
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
        "dictionary-features",
        "dictionary-cosines",
        "dictionary-clusters",
        "steering-point",
        "dose-response",
        "frontier",
        "selectivity",
        "side-effects",
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


def written(estimates, *stages):
    return [one for one in estimates if any(f"/{stage}/" in one.name for stage in stages)]


def test_a_model_that_was_pushed_one_way_only_is_drawn_one_way(one_model):
    one_way = [one for one in one_model if "/opposed/" not in one.name]
    assert "negative" not in dose_response(one_way).caption and "left of 0" not in dose_response(one_way).caption
    assert "left of 0" in dose_response(one_model).caption
    assert len(dose_response(one_way).svg) < len(dose_response(one_model).svg)


def test_a_study_without_verdicts_on_random_directions_is_drawn_without_their_band(one_model):
    fewer = [one for one in one_model if "/random/" not in one.name]
    assert dose_response(fewer).svg and frontier(fewer).svg


def test_replies_that_never_were_coherent_are_drawn_at_the_left_edge(one_model):
    broken = [replace(e, value=0.0, low=0.0, high=0.0) if e.name.endswith("/coherent") else e for e in one_model]
    assert frontier(broken).svg


def test_a_matrix_stands_alone_or_beside_its_twin(one_model):
    likelihood, replies = (selectivity(written(one_model, stage)) for stage in ("likelihood", "selectivity"))
    both = selectivity(written(one_model, "likelihood", "selectivity"))
    assert "nats per token" in likelihood.caption and "hard as replies stay coherent" not in likelihood.caption
    assert "hard as replies stay coherent" in replies.caption and "nats per token" not in replies.caption
    assert len(both.svg) > max(len(likelihood.svg), len(replies.svg))
    assert "α = 0.15" in likelihood.caption, "the weakest push towards the styles is drawn"
    assert "0.70 [0.64, 0.76]" in replies.caption, "the diagonal minus the rest is said"


@pytest.mark.parametrize(
    "value, low, high, inside",
    [(0.3, 0.2, 0.4, False), (0.3, 0.05, 0.5, True), (-0.3, -0.4, -0.2, False), (0.0, -0.05, 0.05, True)],
)
def test_a_cell_stands_in_brackets_where_random_directions_could_have_done_it(estimate, value, low, high, inside):
    cell = replace(estimate("g/m/write/selectivity/push=a/score=a", 0.5, null=0.1), value=value, low=low, high=high)
    assert is_random(cell) is inside


def test_a_matrix_of_nothing_but_zeros_is_drawn(one_model):
    cells = [replace(e, value=0.0, low=0.0, high=0.0, null=0.0) for e in written(one_model, "selectivity")]
    assert selectivity(cells).svg


def test_the_steering_point_is_marked_where_one_was_chosen(one_model):
    curve = written(one_model, "likelihood")
    without = [one for one in curve if "steered-point" not in one.name]
    assert "Dashed" in steering_point(curve).caption and "Dashed" not in steering_point(without).caption
    assert steering_point(curve).alt.startswith("persistent point 3 ")
    assert len(steering_point(without).alt) > len(steering_point(curve).alt)


def test_bandwidths_in_other_units_are_not_drawn_and_models_are_ranked_where_intervals_separate(estimates, one_model):
    drawing = bandwidth_forest(estimates)
    assert "304" not in drawing.alt and "permuted labels" in drawing.alt
    assert drawing.caption.endswith("do not overlap: persistent; then graded; then scrambled, untrained.")
    assert "overlap" not in bandwidth_forest(one_model).caption
    alike = [replace(e, low=0.0, high=3.0) if "/bandwidth/" in e.name else e for e in estimates]
    assert bandwidth_forest(alike).caption.endswith("their intervals overlap.")


def test_ablation_without_single_styles_is_drawn_as_it_was(one_model):
    arms = [one for one in written(one_model, "ablate") if not set(one.name.split("/")) & set(STYLES)]
    assert "alone" not in ablation(arms).caption and "alone" in ablation(one_model).caption


def test_rows_of_different_height_do_not_overlap():
    assert middles([3, 1, 2]) == [1.5, 4.5, 7.0]


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
    assert len(drawings(odd)) == 19
    assert one_line("a\nb") == "a?b"
    assert len(one_line("x" * 10_000)) == 28
