"""Linear read-outs of activations, each beside its null and its text baseline."""
