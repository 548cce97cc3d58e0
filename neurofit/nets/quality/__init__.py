"""How good learning rules are as estimates of a gradient."""

from ._gradient_quality import gradient_quality

__all__ = ["gradient_quality"]
