"""What a reader is told of two runs, on a terminal and on a page."""

from dataclasses import replace

import pytest
from toy import toy_texts

from empathy_core.cards.comparison import SHOWN_LINES, compare, comparison_lines, comparison_page, summary
from empathy_core.cards.tables import interval
from empathy_core.contracts import ActivationSet, BadInput, Gate, ModelSpec
from empathy_core.results import RunResults


def manifest(revision):
    spec = ModelSpec("persistent", "here", revision=revision)
    return ActivationSet(spec, "key", "folder", "hash", ("a",), (0,), ("mean",), 8, "float32", (0.5,), (9,), 1.0)


@pytest.fixture(scope="module")
def run(estimates, verdicts):
    return RunResults(
        runs={"ValidationFlow": "ValidationFlow/3", "ProbeFlow": "ProbeFlow/2"},
        settings={"ValidationFlow": {"prompts": 28, "seed": 0}, "ProbeFlow": {"permutations": 1000}},
        versions={"torch": "2.4", "numpy": "2.1"},
        texts=toy_texts(),
        quality=(Gate("length", estimates[-1], "≤ 0.1", True),),
        manifests={"persistent": manifest("aaaa")},
        numbers=tuple(one for one in estimates if "/write/" in one.name),
        verdicts=verdicts,
        criteria="cccc",
    )


def changed(run, **numbers):
    """The same run under another id, with some numbers moved by a distance, named by their whole keys' ends."""
    moved = []
    for one in run.numbers:
        step = next((step for name, step in numbers.items() if one.name.endswith(name)), 0.0)
        moved.append(replace(one, value=one.value + step, low=one.low + step, high=one.high + step))
    return replace(run, runs=run.runs | {"ValidationFlow": "ValidationFlow/7"}, numbers=tuple(moved))


STEERED = "persistent/write/affective/steered/alpha=0.5/share"


def test_a_run_beside_itself_differs_in_nothing_and_says_so_in_three_lines(run):
    comparison = compare(run, run)
    assert not comparison.given and not comparison.outcomes
    lines = comparison_lines(comparison)
    assert len(lines) == 3 and "Nothing changed beyond noise" in lines[2]
    n = len(run.numbers) + 1
    assert f"{n:,} numbers stand in both runs, {n:,} of them equal to the last digit" in lines[2]
    assert "Nothing changed beyond noise" in comparison_page(comparison)


def test_a_number_that_changed_stands_with_both_values_its_difference_and_its_place(run):
    comparison = compare(run, changed(run, **{STEERED: -0.6}))
    [found] = comparison.numbers.beyond_noise
    assert found.before.name == f"grammar/{STEERED}" and found.difference == pytest.approx(-0.6)
    page, lines = comparison_page(comparison), comparison_lines(comparison)
    [row] = [line for line in lines if "steered · α = 0.5 · share" in line]
    for shown in ("grammar", "persistent", "< 0.0001", "−0.60", interval(found.before), interval(found.after)):
        assert shown in row and shown.replace("<", "&lt;") in page
    assert "1 changed beyond noise" in lines[2]


def test_what_the_runs_were_given_is_told_where_it_differs_and_only_there(run):
    other = replace(
        changed(run),
        settings={
            "ValidationFlow": {"prompts": 12, "seed": 0},
            "ProbeFlow": {"permutations": 1000},
            "New": {"x": None},
        },
        versions={"torch": "2.5", "numpy": "2.1"},
        texts=toy_texts(4),
        manifests={"persistent": manifest("bbbb")},
        criteria="dddd",
    )
    comparison = compare(run, other)
    assert [(one.what, one.before, one.after) for one in comparison.given] == [
        ("ValidationFlow", "ValidationFlow/3", "ValidationFlow/7"),
        ("hash of the texts", run.texts.content_hash, other.texts.content_hash),
        ("hash of the criteria", "cccc", "dddd"),
        ("revision of persistent", "aaaa", "bbbb"),
        ("version of torch", "2.4", "2.5"),
        ("ValidationFlow, prompts", "28", "12"),
        ("New, x", "–", "None"),
    ]
    assert all(one.after in comparison_page(comparison) for one in comparison.given)


def test_verdicts_and_gates_that_came_out_otherwise_are_named(run, verdicts):
    [gate] = run.quality
    other = replace(
        changed(run),
        verdicts=(replace(verdicts[0], outcome="not measurable"), *verdicts[1:-1]),
        quality=(replace(gate, passed=False),),
    )
    found = {one.what: (one.before, one.after) for one in compare(run, other).outcomes}
    assert found == {
        "separation, persistent, grammar": ("supported", "not measurable"),
        "bandwidth above null, untrained, grammar": ("not supported", "–"),
        "gate length": ("passed", "FAILED"),
    }


def test_numbers_of_one_run_alone_and_numbers_without_interval_are_listed(run):
    dropped, [first, *others] = run.numbers[-1], changed(run, **{"/range": 0.01}).numbers[:-1]
    other = replace(changed(run), numbers=(replace(first, name="grammar/new/read/three-way/excess"), *others))
    comparison = compare(run, other)
    assert comparison.numbers.only_before == (first.name, dropped.name)
    assert comparison.numbers.only_after == ("grammar/new/read/three-way/excess",)
    assert {one.name for one, _ in comparison.numbers.unmeasured} == {
        f"grammar/{model}/write/{style}/range"
        for model in ("scrambled", "untrained")
        for style in ("cognitive", "affective", "instrumental")
    }
    lines = comparison_lines(comparison)
    assert [line for line in lines if "scrambled | cognitive · steering range" in line and line.endswith("| 0 | 0.01")]
    assert "Numbers in the run after alone (1): texts | model | number" in lines


def test_a_terminal_gets_at_most_forty_lines_and_the_count_of_the_rest(run):
    moved = changed(run, **{"/share": -0.9, "/range": 0.01})
    other = replace(
        moved,
        settings={"ProbeFlow": {f"p{i}": i for i in range(50)}},
        verdicts=tuple(replace(one, outcome="not measurable") for one in run.verdicts),
        numbers=(*moved.numbers[20:], *(replace(one, name=f"mine/{one.name}") for one in moved.numbers[:20])),
    )
    lines = comparison_lines(compare(run, other))
    assert len(lines) == 3 + 6 * (1 + SHOWN_LINES) <= 40
    assert "  and 16 more" in lines
    assert max(map(len, lines[3:])) < 300


def test_long_lists_are_folded_on_the_page_and_short_ones_are_not(run):
    none = replace(changed(run), numbers=())
    assert f"{len(run.numbers)} rows" in comparison_page(compare(run, none)).replace(",", "")
    assert "<details>" not in comparison_page(compare(run, run))


def test_runs_that_share_nothing_and_runs_without_intervals_say_so(run):
    none = replace(run, numbers=(), quality=())
    assert summary(compare(run, none).numbers) == "The two runs share no number."
    counts = [replace(one, low=one.value, high=one.value) for one in run.numbers[:3]]
    flat = replace(none, numbers=tuple(counts))
    assert summary(compare(flat, flat).numbers).endswith("None has an interval in both.")


def test_a_run_with_two_numbers_of_one_name_is_refused(run):
    with pytest.raises(BadInput, match="never share a name"):
        compare(run, replace(run, numbers=(*run.numbers, run.numbers[0])))


def test_control_characters_of_names_do_not_reach_the_terminal(run):
    odd = "\x1b]0;broken into\x07\u202e" + "long " * 50
    moved = [replace(one, name=one.name.replace("/persistent/", f"/{odd}/")) for one in run.numbers]
    lines = comparison_lines(compare(run, replace(run, numbers=tuple(moved), versions={"torch": odd})))
    assert any("�]0;broken into" in line for line in lines)
    assert all(line.isprintable() for line in lines) and max(map(len, lines[3:])) < 300
