"""Rules without a teacher: codes, components, maps and memories of what comes in."""

from . import (  # noqa: F401 - entering them in the registry is their purpose
    _hebbian,
    _ica,
    _sailnet,
    _self_organising_map,
    _slow_features,
    _sparse_coding,
    _time_scale,
)
