"""Architectures: from the shape of an input and a number of outputs to the stages of a network."""

from . import _codes, _feedforward  # noqa: F401 - entering them in the registry is their purpose
from ._build import Architecture, architectures, nonlinearities
from ._codes import places

__all__ = ["Architecture", "architectures", "nonlinearities", "places"]
