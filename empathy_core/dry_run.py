"""A dry run: its first step says what a run would take, and the steps after it do nothing.

It is no branch of a flow's graph, because AWS Step Functions has no branches of Metaflow's kind.
"""

import os
import sys
from collections.abc import Iterable
from typing import Any

from metaflow import FlowSpec, UserStepDecorator

from empathy_core.contracts import BadInput

REMOTE = ("AWS_BATCH_JOB_ID", "METAFLOW_KUBERNETES_WORKLOAD")
"""Variables that only a remote task has."""


class skipped_in_a_dry_run(UserStepDecorator):
    """Goes past this step's code when the flow's parameter `dry_run` is set."""

    def pre_step(self, step_name: str, flow: FlowSpec, inputs: Any = None) -> None:
        """Called by Metaflow before the step."""
        self.skip_step = flow.dry_run


def announce(lines: Iterable[str]) -> None:
    """Write what a run would take.

    Raises `BadInput` on a remote machine: the dry run would rent one for every step that it then goes past.
    """
    if found := [name for name in REMOTE if name in os.environ]:
        raise BadInput(
            "A dry run launches nothing, and so runs on the machine that it is started on.",
            f"{found[0]} is set, as in a remote task",
            "--with batch or --with kubernetes",
            "leave it out",
        )
    sys.stdout.writelines(f"{line}\n" for line in lines)
