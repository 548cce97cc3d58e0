"""Representational similarity: RDMs, how alike and how reliable they are."""

from ._ceiling import noise_ceiling
from ._compare import compare
from ._dissimilarities import Dissimilarity, dissimilarities
from ._kernels.comparison import Comparator, comparators
from ._noise import noise_estimators, noise_precision
from ._pairs import align_pairs
from ._rdm import rdm
from ._reliability import split_half_reliability
from ._trials import repeated

__all__ = [
    "Comparator",
    "Dissimilarity",
    "align_pairs",
    "comparators",
    "compare",
    "dissimilarities",
    "noise_ceiling",
    "noise_estimators",
    "noise_precision",
    "rdm",
    "repeated",
    "split_half_reliability",
]
