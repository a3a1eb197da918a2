"""A served stub with a scripted judge, and the settings that make the real client talk to it."""

from contextlib import ExitStack

import pytest
from rater import knowing
from stub import KEY, Stub


@pytest.fixture
def serve(monkeypatch):
    """Starts a stub with these faults and points the environment at it."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with ExitStack() as stack:

        def start(respond=None, **faults) -> Stub:
            stub = stack.enter_context(Stub(respond or knowing, **faults))
            monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
            monkeypatch.setenv("ANTHROPIC_BASE_URL", stub.url)
            return stub

        yield start
