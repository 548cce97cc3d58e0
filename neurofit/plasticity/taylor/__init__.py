"""Learning rules as polynomials in pre, post, weight and reward, inferred from trajectories."""

from ._choices import choice_trajectories
from ._generate import plastic_trajectories
from ._network import NetworkRule
from ._rule import TaylorRule

__all__ = ["NetworkRule", "TaylorRule", "choice_trajectories", "plastic_trajectories"]
