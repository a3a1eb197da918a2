"""How many directions a concept takes up in the residual stream."""
