"""Metrics of the space of weights: each is a change of coordinates in which length is Euclidean."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..errors import AlignmentError, RecordingError, SchemaError, listing
from ..names import SYNAPSE, SYNAPSE_B
from ..registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable

    import xarray as xr

Numbers = np.ndarray


class Coordinates(NamedTuple):
    """New coordinates of weights (..., synapse), their change, and their slope: its diagonal, or (n, n)."""

    of: Callable[[Numbers], Numbers]
    change: Callable[[Numbers, Numbers], Numbers]
    slope: Callable[[Numbers], Numbers]


field_metrics: Registry[Callable[[], Coordinates]] = Registry("metric")


@field_metrics.register("euclidean")
def euclidean() -> Coordinates:
    """Weights as they are: the same rate of learning for all."""
    return Coordinates(lambda w: w, lambda w, dw: dw, np.ones_like)


@field_metrics.register("log")
def log() -> Coordinates:
    """Logarithms of the sizes of weights: changes are shares, as where growth is multiplicative."""
    return Coordinates(_logarithm, lambda w, dw: _logarithm(w + dw) - _logarithm(w), lambda w: 1 / w)


def _logarithm(w: Numbers) -> Numbers:
    signs = np.sign(w)
    first = signs.reshape(-1, w.shape[-1])
    bad = np.unique(np.nonzero((first == 0) | (first != np.nanmax(first, axis=0)) & np.isfinite(first))[1])
    if len(bad):
        raise RecordingError(
            f"metric 'log' needs weights of one sign and never 0; synapses at {listing(bad)} are not. Leave "
            "them out, or take metric='euclidean'"
        )
    return np.log(np.abs(w))


def coordinates(metric: str | xr.DataArray, synapses: Numbers) -> Coordinates:
    """The coordinates of a metric by name, or of a constant positive-definite one, G = R'R with u = R w."""
    if isinstance(metric, str):
        return field_metrics[metric]()
    root = _root(metric, synapses)
    return Coordinates(lambda w: w @ root.T, lambda w, dw: dw @ root.T, lambda w: root)


def _root(metric: xr.DataArray, synapses: Numbers) -> Numbers:
    """The symmetric root of a metric; rates for each synapse (synapse,) are the inverse of a diagonal one."""
    if set(metric.dims) not in ({SYNAPSE}, {SYNAPSE, SYNAPSE_B}):
        raise SchemaError(
            f"a metric has dims ({SYNAPSE!r}, {SYNAPSE_B!r}), or ({SYNAPSE!r},) for a diagonal one; "
            f"got {metric.dims}"
        )
    for dim in metric.dims:
        if dim in metric.coords and not np.array_equal(metric[dim], synapses):
            raise AlignmentError(
                f"the metric's {dim!r} has other labels, or another order, than the field's: "
                f"{listing(metric[dim].values, limit=5)}"
            )
    values = metric.transpose(SYNAPSE, ...).to_numpy().astype(float)
    values = np.diag(values) if values.ndim == 1 else values
    if len(values) != len(synapses):
        raise SchemaError(f"the metric has {len(values)} synapses, and the field {len(synapses)}")
    sizes, vectors = np.linalg.eigh((values + values.T) / 2)
    if not np.allclose(values, values.T) or sizes.min() <= 0:
        raise SchemaError(
            f"a metric is symmetric and positive definite; its least eigenvalue is {sizes.min():.3g}"
        )
    return vectors * np.sqrt(sizes) @ vectors.T
