"""A dry run: its first step says what a run would take, and the steps after it do nothing.

It is no branch of a flow's graph, because AWS Step Functions has no branches of Metaflow's kind.
"""

import os
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from metaflow import FlowSpec, UserStepDecorator

from empathy_core.contracts import BadInput


class skipped_in_a_dry_run(UserStepDecorator):
    """Goes past this step's code when the flow's parameter `dry_run` is set."""

    def pre_step(self, step_name: str, flow: FlowSpec, inputs: Any = None) -> None:
        """Called by Metaflow before the step."""
        self.skip_step = flow.dry_run

    def post_step(self, step_name: str, flow: FlowSpec, exception: Exception | None = None) -> Exception | None:
        """Called after it: a failure stays one, and None leaves the way to the next step as it is."""
        return exception


def announce(lines: Iterable[str], deploy: Mapping[str, Any]) -> None:
    """Write what a run would take; `deploy` is the deployment file, which says `on` what model steps run.

    Raises `BadInput` where a step would run on another machine: it would be rented to go past the step.
    """
    places = (deploy.get("on", "local"), os.environ.get("METAFLOW_RUNTIME_ENVIRONMENT", "local"))
    if remote := [place for place in places if place != "local"]:
        raise BadInput(
            "A dry run launches nothing, and so runs on the machine that it is started on.",
            f"steps on {remote[0]}",
            "--config deploy, --with batch or --with kubernetes",
            "leave it out",
        )
    sys.stdout.writelines(f"{line}\n" for line in lines)
