"""A dry run: its first step says what a run would take, and the steps after it do nothing.

It is no branch of a flow's graph, because AWS Step Functions has no branches of Metaflow's kind.
"""

import os
from collections.abc import Iterator
from typing import Any

from metaflow import FlowSpec, user_step_decorator

from empathy_core.contracts import BadInput

REMOTE = ("AWS_BATCH_JOB_ID", "METAFLOW_KUBERNETES_WORKLOAD")
"""Variables that only a remote task has."""


@user_step_decorator
def skipped_in_a_dry_run(step_name: str, flow: FlowSpec, inputs: Any) -> Iterator[dict | None]:
    """Goes past this step's code when the flow's parameter `dry_run` is set."""
    yield {} if flow.dry_run else None


def check_local() -> None:
    """Raises `BadInput` on a remote machine: a dry run would rent one for every step that it goes past."""
    if found := [name for name in REMOTE if name in os.environ]:
        raise BadInput(
            "A dry run launches nothing, and so runs on the machine that it is started on.",
            f"{found[0]} is set, as in a remote task",
            "--with batch or --with kubernetes",
            "leave it out",
        )
