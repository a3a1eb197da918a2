"""Measure empathetic bandwidth and tripartite empathy in the activations of open-weight language models."""

# Metaflow packs only the flow's own folder; this makes it pack this library as well, with its texts and weights.
METAFLOW_PACKAGE_POLICY = "include"

__version__ = "0.1.0"
