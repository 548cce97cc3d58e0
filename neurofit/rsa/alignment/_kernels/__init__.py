"""The mathematics of aligning two sets of patterns, on plain arrays."""
