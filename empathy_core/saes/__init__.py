"""Sparse autoencoders: dictionaries of features learnt without labels, and whether they converge with the styles."""
