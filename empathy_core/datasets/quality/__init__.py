"""What is measured of a set of texts; `datasets.gates` holds the thresholds."""
