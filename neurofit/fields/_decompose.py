"""One field taken apart: which estimator, its numbers, and the verdict."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import parallel
from ..errors import RecordingError, SchemaError
from ..names import SYNAPSE
from ._cells import samples_of, steps_of, trials_of
from ._coordinates import coordinates
from ._label import labelled, nothing
from ._scattered import scattered as _registers_it  # noqa: F401
from ._verdict import WEAK, Limits, short, turning, verdict
from .jacobian import Steps, Trials, carried_over, chosen, field_estimators, flips, spectrum, strength

if TYPE_CHECKING:
    import xarray as xr

    from ._coordinates import Coordinates
    from .jacobian import Estimate, Spectrum

Numbers = np.ndarray
KERNEL = "kernel"
POSTERIOR = 200  # draws of a whole field
LARGEST = 400  # synapses of which a Jacobian is kept and its spectrum computed


@dataclass(frozen=True)
class Request:
    """One field, and how it is to be taken apart."""

    cell: xr.Dataset
    kind: str
    estimator: str
    metric: str | xr.DataArray
    draws: int
    seed: int


def decompose_all(  # noqa: PLR0913 - of a public method
    data: xr.Dataset,
    kind: str,
    further: xr.DataArray,
    *,
    options: dict[str, Any],
    rng: np.random.Generator,
    workers: int | None,
    progress: bool,
) -> xr.Dataset:
    """One result for each entry along the dims of ``further``, or one alone where it has none."""
    places = list(np.ndindex(further.shape))
    seeds = rng.integers(2**63, size=len(places))
    requests = [
        Request(data.isel(dict(zip(further.dims, place, strict=True))), kind, seed=int(seed), **options)
        for place, seed in zip(places, seeds, strict=True)
    ]
    alone = len(requests) == 1
    cells = parallel.apply(
        decompose_cell,
        requests,
        workers=1 if alone else workers,
        progress=progress and not alone,
        description="fields",
    )
    return labelled(
        cells, further, data, relative=isinstance(options["metric"], str) and options["metric"] == "log"
    )


def decompose_cell(request: Request) -> dict[str, Any]:
    """Every number of one field by its name in the result."""
    rng = np.random.default_rng(request.seed)
    synapses = request.cell[SYNAPSE].values
    metric = coordinates(request.metric, synapses)
    if request.estimator == KERNEL or request.kind == "samples":
        name, why = select(request.estimator, "samples", None)
        samples = samples_of(request.cell, metric)
        if lack := field_estimators[name].lacks(samples):
            raise RecordingError(lack)
        told = field_estimators[name].estimate(samples, draws=min(request.draws, POSTERIOR), rng=rng)
        return {**told, "estimator": name, "chosen_because": why}
    data = (steps_of if request.kind == "trajectory" else trials_of)(request.cell, metric)
    name, why = select(request.estimator, request.kind, data)
    if lack := field_estimators[name].lacks(data):
        if request.kind == "trials":
            raise RecordingError(lack)
        return nothing(len(synapses), name, lack)
    options = {}
    if isinstance(data, Steps):
        options = {"exact": bool(request.cell.attrs["exact"])}
        if problem := _unstable(data, **options):
            return nothing(len(synapses), name, problem)
    estimate = field_estimators[name].estimate(data, draws=request.draws, rng=rng, **options)
    if isinstance(data, Trials):
        estimate = replace(estimate, memory=carried_over(data.y, draws=request.draws, rng=rng))
    told = _numbers(estimate, data)
    if estimate.jacobian is not None:
        told["potential"] = _potential(request.cell, metric, estimate.drift, estimate.jacobian)
    return {**told, "estimator": name, "chosen_because": why}


def _potential(cell: xr.Dataset, metric: Coordinates, drift: Numbers, jacobian: Numbers) -> Numbers:
    """The objective whose gradient is the drift and the symmetric part, where weights were."""
    if "delta" in cell:
        away = metric.change(cell["w0"].values, cell["delta"].values)
    else:
        weights = metric.of(cell["weights"].values)
        away = weights - np.nanmean(weights, axis=-2, keepdims=True)
    return away @ drift + ((away @ jacobian) * away).sum(-1) / 2


def select(estimator: str, kind: str, data: Trials | Steps | None) -> tuple[str, str]:
    """The name of the estimator, and why it is that one."""
    if estimator != "auto":
        if field_estimators[estimator].takes != kind:
            able = [name for name, one in field_estimators.items() if one.takes == kind]
            raise SchemaError(
                f"estimator {estimator!r} does not take a field from {kind}: take one of {able}"
            )
        return estimator, "asked for"
    if isinstance(data, Trials):
        return chosen(data)
    if data is None:
        return KERNEL, "samples are scattered"
    return "steps", "sessions follow each other"


def _unstable(data: Steps, *, exact: bool) -> str:
    """What stands against steps as a linear map of weights, and against its logarithm."""
    found = strength(data)
    if found < WEAK:
        return (
            f"weights say too little of themselves one session on: {found:.1f} standard errors in some "
            f"direction, where {WEAK:.0f} are needed; needs more sessions, shorter intervals, or less noise"
        )
    if exact and flips(data):
        return "weights change sides from one session to the next: needs shorter intervals"
    return ""


def _numbers(estimate: Estimate, data: Trials | Steps) -> dict[str, Any]:
    found, low, high = estimate.indices()
    seen = None
    if estimate.jacobian is not None and len(estimate.jacobian) <= LARGEST:
        seen = spectrum(estimate.jacobian, estimate.drift, estimate.noise)
    limits = _limits(data, seen, float(found.square))
    told = verdict(limits, estimate, low, high, found)
    cut = {"gradient_share": (0.0, 1.0), "reciprocity": (-1.0, 1.0), "curl_norm": (0.0, np.inf)}
    numbers: dict[str, Any] = {}
    for name, *values in zip(found._fields[:4], found, low, high, strict=False):
        middle, *bounds = np.clip(np.array(values, dtype=float), *cut.get(name, (-np.inf, np.inf)))
        numbers[name], numbers[f"{name}_interval"] = middle, np.array(bounds)
    numbers["jacobian_norm"] = np.sqrt(max(float(found.square), 0.0))
    numbers |= {
        "gradient_share_null": limits.null,
        "p_curl": estimate.p_curl,
        "p_memory": estimate.memory,
        "drift": estimate.drift,
        "rows": float(limits.rows),
        "identified": told.identified,
        "verdict": told.word,
        "reason": told.reason,
    }
    return nothing(limits.synapses, "", "") | numbers | _formed(estimate, seen)


def _limits(data: Trials | Steps, seen: Spectrum | None, square: float) -> Limits:
    if isinstance(data, Trials):
        # Pairs are dominated by noise as long as trials are fewer than synapses.
        return Limits(len(data.y), "trials", 1.0, data.y.shape[1])
    interval = float(np.median(data.interval))
    sessions = len(data.now) / len(np.unique(data.trajectory))
    rate = np.sqrt(max(square, 0.0) / data.now.shape[1])
    told = (turning(seen, interval) if seen is not None else "", short(sessions, rate * interval))
    problems = tuple(problem for problem in told if problem)
    return Limits(len(data.now), "steps", 0.5, data.now.shape[1], problems)


def _formed(estimate: Estimate, seen: Spectrum | None) -> dict[str, Any]:
    """What takes a Jacobian; nothing where there is none."""
    if seen is None or estimate.jacobian is None:
        return {}
    jacobian = estimate.jacobian
    return {
        "spectral_index": seen.index_,
        "spectral_index_null": seen.null,
        "fixed_point": seen.fixed_point,
        "fixed_point_kind": seen.kind,
        "jacobian": jacobian,
        "jacobian_error": np.full(jacobian.shape, np.nan)
        if estimate.noise is None
        else estimate.noise.std(0),
        "curl_form": jacobian.T - jacobian,
        "eigenvalue_real": seen.values.real,
        "eigenvalue_imaginary": seen.values.imag,
    }
