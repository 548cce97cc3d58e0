"""Representational similarity: RDMs, how alike and how reliable they are."""

from ._ceiling import noise_ceiling
from ._compare import compare
from ._cross_temporal import cross_temporal
from ._dissimilarities import Dissimilarity, dissimilarities
from ._kernels.comparison import Comparator, comparators
from ._noise import noise_estimators, noise_precision
from ._pairs import align_pairs
from ._rdm import rdm
from ._reliability import split_half_reliability
from ._searchlight import rdms, searchlight
from ._trials import repeated
from .alignment import (
    Alignment,
    alignments,
    cka,
    dimensionality,
    evaluate_alignment,
    procrustes_distance,
    pwcca,
    rv,
    shape_distance,
    svcca,
)
from .encoding import (
    AssignmentPredictivity,
    OneToOnePredictivity,
    PLSPredictivity,
    Predictor,
    RidgePredictivity,
    predictivity,
    predictors,
)
from .inference import Fixed, Interpolation, Model, Selection, Weighted, evaluate, models, reliability

__all__ = [
    "AssignmentPredictivity",
    "Alignment",
    "Comparator",
    "Dissimilarity",
    "Fixed",
    "Interpolation",
    "Model",
    "OneToOnePredictivity",
    "PLSPredictivity",
    "Predictor",
    "RidgePredictivity",
    "Selection",
    "Weighted",
    "align_pairs",
    "alignments",
    "cka",
    "comparators",
    "compare",
    "cross_temporal",
    "dimensionality",
    "dissimilarities",
    "evaluate",
    "evaluate_alignment",
    "models",
    "noise_ceiling",
    "noise_estimators",
    "noise_precision",
    "predictivity",
    "predictors",
    "procrustes_distance",
    "pwcca",
    "rdm",
    "rdms",
    "reliability",
    "repeated",
    "rv",
    "searchlight",
    "shape_distance",
    "split_half_reliability",
    "svcca",
]
