"""The mathematics on plain arrays: no names, no units; missing pairs are NaN."""

from . import matrices, ranks, whitened  # noqa: F401 - each enters its comparators into their registry
