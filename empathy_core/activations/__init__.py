"""One forward pass a text: the residual stream at every point, pooled over the response, kept one file a point."""
