"""Tables of what was written: sentences first, and replies to the same prompts side by side."""

from collections.abc import Sequence

from empathy_core.cards.tables import ABSENT, Rows, interval, null
from empathy_core.cards.writing import (
    Steering,
    away,
    bandwidth_outcome,
    bandwidths,
    likelihood_outcomes,
    outcome,
    steerings,
)
from empathy_core.contracts import Estimate

WRITING_HEADERS = (
    "concept",
    "can it be steered towards?",
    "and away from?",
    "steering range, α",
    "share, unsteered",
    "share, steered",
    "n",
)


def writing_rows(estimates: Sequence[Estimate]) -> Rows:
    """A sentence a concept, and one on bandwidth, beside the shares at strength 0 and at the last coherent strength."""
    steered = steerings(estimates)
    of_model = bandwidths(estimates)
    rows = []
    for model in dict.fromkeys(one.model for one in steered):
        mine = [one for one in steered if one.model == model]
        rows += [[model, one.concept, outcome(one), away(one) or ABSENT, *_numbers(one)] for one in mine]
        judged = any(one.shares for one in mine)
        said = bandwidth_outcome(of_model.get(model, {})) if judged else "Not measurable: no judge."
        rows.append([model, "bandwidth", said, *[ABSENT] * 5])
    return rows


def _numbers(one: Steering) -> list[str]:
    """The range, the unsteered share, the one at the last coherent strength with its null, and n."""
    if not one.shares:
        return [ABSENT, ABSENT, ABSENT, str(one.coherent[0][1].n)]
    strength, reached = one.shares[max(one.last_coherent, 1)]
    return [
        interval(one.range) if one.range else ABSENT,
        interval(one.shares[0][1]),
        f"{interval(reached)} at α = {strength:g}, null {null(reached)}",
        str(reached.n),
    ]


LIKELIHOOD_HEADERS = ("what a push does to given replies", "pushed style minus the others, nats per token", "null", "n")


def likelihood_rows(estimates: Sequence[Estimate]) -> Rows:
    """A sentence a model on the likelihood shift, under `model` and `LIKELIHOOD_HEADERS`."""
    return [
        [model, said, interval(diagonal), null(diagonal), str(diagonal.n)]
        for model, (said, diagonal) in likelihood_outcomes(estimates).items()
    ]


TRANSCRIPT_HEADERS = ("arm", "α", "prompt", "reply")
MOST_COLUMNS = 5


def transcript_table(transcripts: Sequence[Sequence[str]]) -> tuple[list[str], Rows]:
    """Headers and rows of replies, from rows of (arm, α, prompt, reply).

    With few arms a row is a prompt and a column an arm; the arms are named in the first row, for a name from outside
    belongs into a cell. A row is a reply where that takes more than `MOST_COLUMNS` columns, or where a prompt came
    twice.
    """
    arms = list(dict.fromkeys((arm, strength) for arm, strength, _, _ in transcripts))
    replies = {(prompt, (arm, strength)): reply for arm, strength, prompt, reply in transcripts}
    if len(arms) + 1 > MOST_COLUMNS or len(replies) < len(transcripts):
        return list(TRANSCRIPT_HEADERS), [list(row) for row in transcripts]
    named = [f"{arm}, α = {strength}" for arm, strength in arms]
    rows = [
        [prompt, *(replies.get((prompt, arm), ABSENT) for arm in arms)]
        for prompt in dict.fromkeys(row[2] for row in transcripts)
    ]
    return ["prompt", *(f"reply {i}" for i in range(1, len(arms) + 1))], [["", *named], *rows]
