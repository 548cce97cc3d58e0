"""Feedback that teaches activity to move a cursor: through an internal model, or by reward."""

from ._bias import feedback_bias
from ._generate import simulate_bci

__all__ = ["feedback_bias", "simulate_bci"]
