"""Alignment of representations: how alike two populations are, and how many dimensions one has."""

from ._dimensionality import dimensionality
from ._distances import procrustes_distance, shape_distance
from ._evaluate import evaluate_alignment
from ._measures import Alignment, alignments
from ._similarities import cka, pwcca, rv, svcca

__all__ = [
    "Alignment",
    "alignments",
    "cka",
    "dimensionality",
    "evaluate_alignment",
    "procrustes_distance",
    "pwcca",
    "rv",
    "shape_distance",
    "svcca",
]
