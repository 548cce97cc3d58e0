"""Rules that one number teaches, for all synapses alike: what a perturbation cost, or a reward."""

from . import (  # noqa: F401 - entering them in the registry is their purpose
    _agrel,
    _discontinuity,
    _perturbation,
    _reinforce,
    _three_factor,
)
