"""In production a flow starts when the one before it has ended: the deploying end of `runs.resolve_run`."""

import sys

from metaflow import FlowMutator, trigger_on_finish
from metaflow.user_decorators.mutable_flow import MutableFlow

WITHOUT_TRIGGERS = "step-functions"
"""AWS Step Functions knows no such trigger, and Metaflow refuses to deploy a flow there that has one."""


class starts_after(FlowMutator):
    """Has Argo Workflows start the flow after every successful run of `flow` in the same project and branch."""

    def init(self, flow: str) -> None:
        """Which flow is waited for."""
        self.flow = flow

    def pre_mutate(self, mutable_flow: MutableFlow) -> None:
        """Adds `@trigger_on_finish`, which does nothing in a run that a person starts."""
        # The scheduler is known from the command alone: nothing else has been read when flows are changed.
        if WITHOUT_TRIGGERS not in sys.argv:
            mutable_flow.add_decorator(trigger_on_finish, deco_kwargs={"flow": self.flow})
