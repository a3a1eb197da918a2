"""Writing a data set with Claude: a grid of specifications, rules, a blind judge, and batches never paid twice."""
