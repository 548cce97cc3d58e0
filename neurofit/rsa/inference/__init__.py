"""Inference: how well models predict RDMs, for new stimuli, subjects or units."""

from ._evaluate import evaluate
from ._models import Fixed, Interpolation, Model, Selection, Weighted, models
from ._reliability import reliability

__all__ = ["Fixed", "Interpolation", "Model", "Selection", "Weighted", "evaluate", "models", "reliability"]
