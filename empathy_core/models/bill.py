"""What the GPUs of a run cost, at a price that the user gives. Needs no torch."""

from collections.abc import Sequence

from empathy_core.contracts import BadInput, Bill

SECONDS_AN_HOUR = 3600


def bill(gpu_seconds: Sequence[float], price: float) -> Bill:
    """The bill of one task for each of these GPU seconds; a price of 0 a GPU hour means that none is known.

    Raises:
        BadInput: if the price is negative.
    """
    if price < 0:
        raise BadInput("A GPU hour has a price of 0 (not known) or more.", got=f"{price:g}", fix="give its price")
    return Bill(len(gpu_seconds), sum(gpu_seconds) / SECONDS_AN_HOUR, price or None)
