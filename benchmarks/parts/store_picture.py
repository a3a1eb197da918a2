"""The growth of the store's cost as a picture: CPU milliseconds a shard against the number of shards."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from benchmarks.parts.growth_picture import write
from empathy_core.cards.figures.canvas import PROBE, RANDOM, SOFT, WIDTH, WORDS_ALONE, finish, house_style

TITLE = "A shard costs nearly the same however many there are"
DRAWN = {
    "listing_a_shard": ("writing, with a listing for every shard (as before)", WORDS_ALONE, "bottom"),
    "write": ("writing", PROBE, "bottom"),
    "find": ("finding again, every hash checked", RANDOM, "bottom"),
    "read": ("reading one residual point", SOFT, "top"),
}
"""What a line says, its colour, and the side of the words on which it runs: below all but the lowest line's."""

MILLISECONDS = (0.03, 0.1, 0.3, 1, 3, 10)


@house_style
def picture(shards: Sequence[int], seconds: Mapping[str, Sequence[float]]) -> bytes:
    """SVG: one line for each kind of work, both axes logarithmic."""
    figure = Figure(figsize=(WIDTH, 3.6), layout="constrained")
    axes = figure.subplots()
    for name, (label, colour, side) in DRAWN.items():
        each = [1000 * one / count for one, count in zip(seconds[name], shards, strict=False)]
        axes.loglog(shards[: len(each)], each, color=colour, linewidth=1.6, marker="o", markersize=3.5)
        height = max(each[-2:]) if side == "bottom" else min(each[-2:])
        write(axes, (shards[len(each) - 1], height), label, colour, va=side, ha="right")
    axes.set_xlabel("shards, in eight keys that are written at once")
    axes.set_ylabel("CPU milliseconds a shard, one thread")
    axes.set_yticks(MILLISECONDS, [f"{value:g}" for value in MILLISECONDS])
    axes.set_xticks(shards, [str(count) for count in shards])
    axes.minorticks_off()
    axes.grid(axis="y", color="#E6E6E6", linewidth=0.7)
    return finish(figure, TITLE)
