"""How well the units of one system are predicted from those of another, on stimuli held out."""

from ._match import AssignmentPredictivity, OneToOnePredictivity
from ._pls import PLSPredictivity
from ._predictivity import predictivity
from ._predictor import Predictor, predictors
from ._ridge import RidgePredictivity

__all__ = [
    "AssignmentPredictivity",
    "OneToOnePredictivity",
    "PLSPredictivity",
    "Predictor",
    "RidgePredictivity",
    "predictivity",
    "predictors",
]
