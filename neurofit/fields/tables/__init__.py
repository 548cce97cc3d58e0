"""Tables of weights, as imaging of spines and boutons gives them."""

from ._read import read_weights

__all__ = ["read_weights"]
