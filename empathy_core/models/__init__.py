"""Which models there are, how they are loaded, where their residual stream is, and how text reaches them."""
