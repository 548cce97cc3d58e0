"""The same field under other metrics, intervals, instruments, noise, and with fewer synapses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xarray as xr

from .. import parallel, provenance
from ..errors import NeurofitError, SchemaError
from ..names import ALTERNATIVE, KIND, SESSION_INDEX, SYNAPSE
from ..provenance import label
from ._label import labelled, nothing
from ._sessions import LAGS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ._weight_field import WeightField

KEPT = (
    "gradient_share", "gradient_share_interval", "gradient_share_null", "p_curl", "divergence", "curl_norm",
    "reciprocity", "reciprocity_interval", "spectral_index", "rows", "identified", "verdict", "reason",
)  # fmt: skip
FEWEST = 3  # synapses of a subset
REPEATS = 3  # draws of synapses


class Alternative(NamedTuple):
    """A field as it would be taken apart otherwise."""

    kind: str
    name: str
    field: WeightField
    metric: str | xr.DataArray
    seed: int


def sensitivity(
    field: WeightField,
    *,
    metrics: Mapping[str, str | xr.DataArray] | None = None,
    shares: Sequence[float] = (0.5, 0.25),
    rows: Sequence[float] = (0.25, 0.5),
    intervals: Sequence[int] = (2, 3),
    noise: Sequence[float] = (0.1, 0.3),
    rng: int | np.random.Generator | None = None,
    workers: int | None = None,
    progress: bool = True,
) -> xr.Dataset:
    """How the answer moves with what nobody knows: metric, interval, noise in weights, synapses not seen.

    Parameters
    ----------
    field
        One field, without further dims.
    metrics
        By name; ``{"log": "log"}`` by default, where weights allow it.
    shares
        Of the synapses, drawn at random three times each.
    rows
        Of the trials, the first ones, or of the sessions.
    intervals
        Of a trajectory: every second session, every third, ...
    noise
        Sd of noise that is added to perturbations, or to weights of a trajectory, in sd of a synapse. A
        trajectory is also taken with the other instruments.
    rng
        Seed or generator.
    workers
        Number of processes.
    progress
        Whether to show a bar.

    Returns
    -------
    Dataset
        For each ``alternative``, of a ``kind`` (as given, metric, interval, instrument, noise, rows, or
        synapses), the scalars of ``WeightField.decompose``; where one cannot be had, ``reason`` tells why.

    Raises
    ------
    SchemaError
        If the field has further dims.
    """
    if set(field.data.sizes) - set(field.core) - {"synapse_b"}:
        raise SchemaError(
            f"sensitivity takes one field, and this has dims {dict(field.data.sizes)}: take one, with isel"
        )
    generator = np.random.default_rng(rng)
    asked = {"log": "log"} if metrics is None else metrics
    alternatives = [
        Alternative("as given", "as given", field, "euclidean", int(generator.integers(2**63))),
        *_metrics(field, asked, generator),
        *_intervals(field, intervals, generator),
        *_noise(field, noise, generator),
        *_fewer_rows(field, rows, generator),
        *_subsets(field, shares, generator),
    ]
    found = parallel.apply(_row, alternatives, workers=workers, progress=progress, description="alternatives")
    result: xr.Dataset = xr.concat(found, ALTERNATIVE, combine_attrs="drop")
    for name in KEPT:
        result[name].attrs = found[0][name].attrs
    named = {ALTERNATIVE: [one.name for one in alternatives]}
    kinds = label(
        xr.DataArray([one.kind for one in alternatives], dims=ALTERNATIVE),
        units="1",
        long_name="what differs",
    )
    return provenance.stamp(
        result.assign_coords(named | {KIND: kinds}),
        "fields.sensitivity",
        sources=[field.data],
        shares=list(shares),
        intervals=list(intervals),
        noise=list(noise),
        metrics=list(asked),
        rows=list(rows),
        rng=rng,
    )


def _row(alternative: Alternative) -> xr.Dataset:
    field = alternative.field
    try:
        found = field.decompose(metric=alternative.metric, rng=alternative.seed, progress=False)
    except (NeurofitError, np.linalg.LinAlgError) as error:
        cell = nothing(field.data.sizes[SYNAPSE], "", str(error))
        found = labelled([cell], xr.DataArray(0.0), field.data)
    return found[list(KEPT)].drop_vars([SYNAPSE], errors="ignore").reset_coords(drop=True)


def _metrics(
    field: WeightField, metrics: Mapping[str, Any], rng: np.random.Generator
) -> Iterator[Alternative]:
    for name, metric in metrics.items():
        yield Alternative("metric", f"metric {name}", field, metric, int(rng.integers(2**63)))


def _intervals(
    field: WeightField, intervals: Sequence[int], rng: np.random.Generator
) -> Iterator[Alternative]:
    if field.kind == "trajectory":
        for step in intervals:
            fewer = field.isel({SESSION_INDEX: slice(None, None, step)})
            yield Alternative("interval", f"{step} intervals", fewer, "euclidean", int(rng.integers(2**63)))


def _noise(field: WeightField, noise: Sequence[float], rng: np.random.Generator) -> Iterator[Alternative]:
    moved = {"trials": "delta", "trajectory": "weights", "samples": "weights"}[field.kind]
    if field.kind == "trajectory" and "instrument" not in field.data:
        for name, lag in LAGS.items():
            if lag != field.data.attrs["lag"]:
                other = field.with_data(field.data.assign_attrs(lag=lag))
                yield Alternative(
                    "instrument", f"instrument {name}", other, "euclidean", int(rng.integers(2**63))
                )
    weights = field.data[moved]
    spread = weights.std([dim for dim in field.core if dim != SYNAPSE])
    for size in noise:
        drawn = weights.copy(data=rng.normal(size=weights.shape))
        added = weights + size * spread * drawn
        noisy = field.with_data(field.data.assign({moved: added.transpose(*weights.dims)}))
        yield Alternative("noise", f"noise of {size:g} sd", noisy, "euclidean", int(rng.integers(2**63)))


def _fewer_rows(field: WeightField, rows: Sequence[float], rng: np.random.Generator) -> Iterator[Alternative]:
    dim = SESSION_INDEX if field.kind == "trajectory" else field.core[0]
    for share in rows:
        count = round(share * field.data.sizes[dim])
        name = f"first {count} {'sessions' if field.kind == 'trajectory' else 'trials'}"
        yield Alternative(
            "rows", name, field.isel({dim: slice(count)}), "euclidean", int(rng.integers(2**63))
        )


def _subsets(field: WeightField, shares: Sequence[float], rng: np.random.Generator) -> Iterator[Alternative]:
    synapses = field.data.sizes[SYNAPSE]
    for share in shares:
        count = round(share * synapses)
        for repeat in range(REPEATS if count >= FEWEST else 0):
            rows = np.sort(rng.choice(synapses, count, replace=False))
            name = f"{count} of {synapses} synapses, draw {repeat + 1}"
            yield Alternative(
                "synapses", name, field.isel({SYNAPSE: rows}), "euclidean", int(rng.integers(2**63))
            )
