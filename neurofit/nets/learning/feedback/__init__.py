"""Rules that bring errors back from the readout, each by its own way."""

from . import (  # noqa: F401 - entering them in the registry is their purpose
    _burst,
    _dendritic,
    _direct,
    _eprop,
    _feedback,
    _one_shot,
    _reciprocal,
    _sign_concordant,
    _target_propagation,
    _weight_mirror,
)
