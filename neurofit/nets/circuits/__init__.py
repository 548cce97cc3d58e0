"""Architectures: from the shape of an input and a number of outputs to the stages of a network."""

from . import (  # noqa: F401 - entering them in the registry is their purpose
    _associative_memory,
    _attention,
    _attractor_buffer,
    _bottleneck,
    _codes,
    _dendritic,
    _excitatory_inhibitory,
    _feedforward,
    _gated,
    _masked,
    _modular,
    _recurrent,
    _recurrent_conv,
)
from ._build import Architecture, architectures, nonlinearities
from ._codes import places

__all__ = ["Architecture", "architectures", "nonlinearities", "places"]
