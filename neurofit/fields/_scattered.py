"""One field from scattered samples: the mean of its Jacobian's parts over where it was sampled."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from ..names import SAMPLE, SYNAPSE
from ._label import nothing
from ._verdict import Limits, verdict_of_share
from .jacobian import Estimator, field_estimators
from .regression import decompose_samples

Numbers = np.ndarray
FEWEST = 2  # samples for each synapse and the drift


def scattered(data: tuple[Numbers, Numbers], *, draws: int, rng: np.random.Generator) -> dict[str, Any]:
    """Numbers of the result from weights and changes (sample, synapse), by kernel regression."""
    weights, change = (xr.DataArray(part, dims=(SAMPLE, SYNAPSE)) for part in data)
    samples, synapses = data[0].shape
    found = decompose_samples(weights, change, draws=draws, rng=rng)
    size = found.symmetric + found.antisymmetric
    limits = Limits(samples, "samples", 0.5, synapses)
    told = verdict_of_share(limits, found.share, found.share_interval, found.size_interval)
    curl = np.sqrt(2 * found.antisymmetric)
    return nothing(synapses, "kernel", told.reason) | {
        "gradient_share": found.share,
        "gradient_share_interval": np.array(found.share_interval),
        "divergence": found.divergence,
        "divergence_interval": np.array(found.divergence_interval),
        "curl_norm": curl,
        "curl_norm_interval": np.sqrt(2 * size * (1 - np.array(found.share_interval[::-1]))),
        "jacobian_norm": np.sqrt(size),
        "spectral_index": found.spectral_index,
        "drift": change.mean(SAMPLE).values,
        "rows": float(samples),
        "identified": told.identified,
        "verdict": told.word,
    }


def _few_samples(data: tuple[Numbers, Numbers]) -> str:
    samples, synapses = data[0].shape
    fewest = FEWEST * (synapses + 1)
    if samples < fewest:
        return f"{samples} samples are too few for {synapses} synapses: it needs at least {fewest}"
    return ""


field_estimators.register("kernel")(
    Estimator(
        "samples",
        "kernel regression of a field that need not be linear: means over where it was sampled",
        _few_samples,
        scattered,
    )
)
