"""Who judges a run's replies: from what a user asked for to a judge that can be called, with its validity."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from empathy_core.contracts import Estimate, TextSet
from empathy_core.datasets.generation.batches import Progress
from empathy_core.datasets.generation.cost import told
from empathy_core.datasets.review.decisions import read_decisions
from empathy_core.datasets.review.page import write_page
from empathy_core.steering.judges.agreement import agreement, between_judges, between_raters, within_raters
from empathy_core.steering.judges.answers import spent
from empathy_core.steering.judges.choice import named_judge
from empathy_core.steering.judges.claude import claude_judge, second_judge
from empathy_core.steering.judges.forecast import forecast, judge_prices
from empathy_core.steering.judges.grammar import grammar_judge
from empathy_core.steering.judges.human import human_judge, rating_sheet, read_ratings
from empathy_core.steering.judges.interface import Exchange, Judge
from empathy_core.steering.judges.questions import style_rubrics
from empathy_core.steering.judges.settings import ClaudeSettings
from empathy_core.steering.judges.validity import missing_estimates, validity_estimates


@dataclass(frozen=True)
class Panel:
    """What a user decided about judging, checked before anything is generated."""

    name: str
    """`grammar`, `claude`, `human` or `none`."""
    claude: ClaudeSettings
    prices: str
    """Of the two models, as `forecast` reads them; empty if unknown."""
    ratings: tuple[Path, ...]
    """What raters sent back; empty while they have not."""
    seed: int

    @property
    def judges(self) -> bool:
        """Whether replies are made to be judged: the arms that only a judge can compare are generated."""
        return self.name != "none"


@dataclass(frozen=True)
class Seated:
    """A judge with what is known of its validity; None while its ratings are still to come."""

    judge: Judge | None
    estimates: tuple[Estimate, ...] = ()
    notes: tuple[str, ...] = ()


def make_panel(choice: str, texts: TextSet, claude: ClaudeSettings, prices: str, ratings: str, seed: int) -> Panel:
    """Check what was asked for; `ratings` are paths separated by commas.

    Raises `BadInput` as `named_judge` does, and for prices that cannot be read.
    """
    judge_prices(prices)
    paths = tuple(Path(path) for path in ratings.split(",") if path)
    return Panel(named_judge(choice, texts, paths), claude, prices, paths, seed)


def seat_judge(
    panel: Panel, prefix: str, texts: TextSet, exchanges: Sequence[Exchange], folder: Path, progress: Progress
) -> Seated:
    """The judge of one model's replies; `folder` outlives the run and keeps what is paid for, or the raters' page."""
    if panel.name == "grammar":
        return Seated(grammar_judge, validity_estimates(prefix, grammar_judge, texts))
    if panel.name == "claude":
        return _claude(panel, prefix, texts, exchanges, folder, progress)
    if panel.name == "human":
        return _people(panel, prefix, texts, exchanges, folder)
    return Seated(None)


def told_cost(panel: Panel, texts: TextSet, exchanges: Sequence[Exchange]) -> tuple[str, ...]:
    """What judging these replies will cost, for a judge that is paid; to be told before `seat_judge` sends them."""
    if panel.name != "claude":
        return ()
    longest = max(len(exchange.scenario + exchange.reply) for exchange in exchanges)
    return forecast(panel.claude, style_rubrics(texts.main_styles), len(exchanges), longest, panel.prices)


def _claude(
    panel: Panel, prefix: str, texts: TextSet, exchanges: Sequence[Exchange], folder: Path, progress: Progress
) -> Seated:
    rubrics, scenarios = style_rubrics(texts.main_styles), [exchange.scenario for exchange in exchanges]
    first = claude_judge(rubrics, panel.claude, folder, progress)
    second = second_judge(rubrics, panel.claude, folder, progress)
    verdicts = first.judge(exchanges)
    between = between_judges(exchanges, verdicts, second.judge(exchanges), texts.main_styles)
    return Seated(
        first,
        (
            *validity_estimates(prefix, first, texts),
            *missing_estimates(prefix, first.name, "replies", verdicts, scenarios),
            *agreement(prefix, first.name, "second-model", *between, panel.seed),
        ),
        notes=_used(panel, folder),
    )


def _used(panel: Panel, folder: Path) -> tuple[str, ...]:
    """What the service counted, a sentence a model."""
    prices = dict(zip((panel.claude.model, panel.claude.second), judge_prices(panel.prices), strict=True))
    return tuple(
        f"Used by {usage.model} as judge, with what earlier runs left: {told(usage, prices.get(usage.model))}."
        for usage in spent(folder)
    )


def _people(panel: Panel, prefix: str, texts: TextSet, exchanges: Sequence[Exchange], folder: Path) -> Seated:
    rating = rating_sheet(exchanges, style_rubrics(texts.main_styles), panel.seed)
    if not panel.ratings:
        return Seated(None, notes=(f"The replies wait for raters: {write_page(rating.sheet, folder)}",))
    # Raters of several models send one file; each model's sheet takes its own.
    own = [decision for decision in read_decisions(panel.ratings) if decision.item_id in rating.key]
    ratings = read_ratings(rating, own)
    styles = texts.main_styles
    return Seated(
        human_judge(styles, ratings),
        (
            *agreement(prefix, "human", "agreement", *between_raters(ratings, styles), panel.seed),
            *agreement(prefix, "human", "retest", *within_raters(ratings, styles), panel.seed),
        ),
    )
