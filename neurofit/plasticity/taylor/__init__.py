"""Learning rules as polynomials in pre, post, weight and reward, inferred from trajectories."""

from ._generate import plastic_trajectories

__all__ = ["plastic_trajectories"]
