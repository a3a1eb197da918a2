"""How a reader looks up the numbers and verdicts of a study, whether a run left them or a notebook made them."""

import difflib

import pandas

from empathy_core.contracts import BadInput, Estimate, Verdict

COLUMNS = ["name", "value", "low", "high", "null", "n", "method", "run"]
NEAR = 3


class Findings:
    """What every record with `numbers` and `verdicts` can be asked."""

    numbers: tuple[Estimate, ...]
    verdicts: tuple[Verdict, ...]
    about: str
    """What was measured, in a word or two."""

    def number(self, name: str) -> Estimate:
        """The estimate of one key.

        Raises:
            BadInput: if there is no such number.
        """
        found = {estimate.name: estimate for estimate in self.numbers}
        if name not in found:
            near = difflib.get_close_matches(name, found, n=NEAR)
            raise BadInput(
                "A number is asked for by its whole key.",
                got=f"{name!r}, which is none of {len(found)} numbers",
                cause="a mistyped key, or a number that was not measured here",
                fix=f"look through `table()`{', or take ' + ' or '.join(near) if near else ''}",
            )
        return found[name]

    def table(self, part: str = "") -> pandas.DataFrame:
        """Every number whose key holds `part`, one row a number, in full precision."""
        rows = [vars(estimate) for estimate in self.numbers if part in estimate.name]
        return pandas.DataFrame(rows, columns=COLUMNS)

    def verdict_table(self) -> pandas.DataFrame:
        """Every verdict, one row a model and criterion, with what was planted where the truth is known."""
        return pandas.DataFrame(
            [vars(verdict) for verdict in self.verdicts],
            columns=["model", "criterion", "outcome", "expected", "reason"],
        )

    def __repr__(self) -> str:
        """A few lines: the fields hold texts and vectors, which would fill a notebook."""
        outcomes = [f"  {verdict.model}: {verdict.criterion}: {verdict.outcome}" for verdict in self.verdicts]
        counts = f"{len(self.numbers)} numbers, {len(self.verdicts)} verdicts"
        return "\n".join([f"{type(self).__name__} of {self.about}: {counts}", *outcomes])
