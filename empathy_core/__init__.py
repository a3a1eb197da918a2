"""Measure empathetic bandwidth and tripartite empathy in the activations of open-weight language models.

For notebooks: `load_run` reads what a run of the flows left, `measure` measures one's own texts and model without one.
"""

from importlib import import_module
from typing import Any

# Metaflow packs only the flow's own folder; this makes it pack this library as well, with its texts and weights.
METAFLOW_PACKAGE_POLICY = "include"

__version__ = "0.1.0"

__all__ = ["load_run", "measure"]

_HOMES = {"load_run": "empathy_core.results", "measure": "empathy_core.measured"}


def __getattr__(name: str) -> Any:
    """The two functions are imported when they are first asked for: every flow imports this package at its top."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
