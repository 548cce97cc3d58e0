"""How noise goes together in the units, from trials that repeat a stimulus."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr

from .. import provenance
from ..errors import AlignmentError, RecordingError, listing
from ..names import STIMULUS_ID, UNIT, UNIT_B, UNIT_ID
from ..registry import Registry
from . import _sources
from ._kernels import noise as kernels
from ._trials import Codes, Numbers, Trials, by_stimulus

Estimator = Callable[[Numbers, int], Numbers]

noise_estimators: Registry[Estimator] = Registry("noise estimator")
noise_estimators.register("ledoit_wolf")(kernels.ledoit_wolf)
noise_estimators.register("diagonal")(kernels.diagonal)

DEFAULT = "ledoit_wolf"

GROUPS = 10  # Of stimuli that are held out together: more of them cost more and change little.


def noise_precision(responses: xr.DataArray, *, by: str = STIMULUS_ID, method: str = DEFAULT) -> xr.DataArray:
    """Inverse of the noise covariance of the units, from what trials differ in from their stimulus' mean.

    With x_it the t-th of n_i trials of stimulus i, the residuals are (x_it - mean_i) sqrt(n_i / (n_i - 1)).
    Their covariance S, which is unbiased, is shrunk: ((1 - l) S + l mu I)^-1, where mu is the mean variance.
    A unit that never varies between repeats, such as a silent one, keeps the variance l mu.

    Parameters
    ----------
    responses
        Responses with dims ``trial`` and ``unit``. Further dims, such as ``time``, are pooled as more
        samples. Stimuli shown once say nothing about noise and are left out.
    by
        Coord that says which trials repeat a stimulus.
    method
        Name of one of ``rsa.noise_estimators``. ``"ledoit_wolf"`` chooses l by their formula, for the number
        of samples less the number of means taken off; ``"diagonal"`` keeps the variances of that alone.

    Returns
    -------
    DataArray
        Dims ``unit`` and ``unit_b``, in the same order of units; in the responses' units to the power -2.

    Raises
    ------
    RecordingError
        If no stimulus is repeated, or the covariance cannot be inverted.

    References
    ----------
    Ledoit & Wolf 2004, Journal of Multivariate Analysis 88:365, doi:10.1016/S0047-259X(03)00096-4

    Examples
    --------
    With one unit there is nothing to shrink; residuals of -1 and 1 around a mean have the variance 2.

    >>> stimuli = {"stimulus_id": ("trial", ["a", "a", "b"])}
    >>> responses = xr.DataArray([[1.0], [3.0], [9.0]], dims=("trial", "unit"), coords=stimuli)
    >>> noise_precision(responses).values
    array([[0.5]])
    """
    trials = by_stimulus(responses, by)
    result = xr.DataArray(
        estimated_precision(trials, method),
        dims=(UNIT, UNIT_B),
        coords={name: coord for name, coord in responses.coords.items() if coord.dims == (UNIT,)},
    )
    units = responses.attrs.get("units", "1")
    result = provenance.label(
        result, units="1" if units == "1" else f"({units})^-2", long_name="Noise precision"
    )
    references = [_sources.CROSSNOBIS, _sources.SHRINKAGE]
    return provenance.stamp(
        result, "rsa.noise_precision", sources=[responses], references=references, by=by, method=method
    )


def estimated_precision(trials: Trials, method: str = DEFAULT) -> Numbers:
    """Precision (unit, unit) from the stimuli that are repeated."""
    estimator = noise_estimators[method]
    trials = trials.only(trials.repeats >= 2)
    if not len(trials.ids):
        raise RecordingError(
            "noise cannot be told from signal: no stimulus has 2 trials or more. Give noise= from other "
            "trials, or choose a measure without noise, such as 'correlation'."
        )
    residuals = kernels.scaled_residuals(trials.values, trials.stimulus)
    pooled = residuals[..., 0, 0].size
    degrees_of_freedom = pooled * (len(trials.stimulus) - len(trials.ids))
    covariance = estimator(residuals.reshape(-1, residuals.shape[-1]), degrees_of_freedom)
    variances, axes = np.linalg.eigh(covariance)
    if variances[0] <= np.finfo(float).eps * len(variances) * variances[-1]:
        still = np.flatnonzero(~residuals.any(axis=tuple(range(residuals.ndim - 1))))
        raise RecordingError(
            f"the noise covariance of {len(variances)} units cannot be inverted. It has {degrees_of_freedom} "
            f"degrees of freedom, from {len(trials.ids)} repeated stimuli; units that never vary between "
            f"repeats, by position: {listing(still) or 'none'}. "
            "Give more repeats, or noise= from other trials."
        )
    return (axes / variances) @ axes.T


def held_out_precisions(trials: Trials, method: str) -> tuple[Numbers, Codes]:
    """Precisions (group, unit, unit), each without one group of stimuli, and the group of each stimulus."""
    groups = min(GROUPS, len(trials.ids))
    group = np.arange(len(trials.ids)) % groups
    return np.stack(
        [estimated_precision(trials.only(group != left_out), method) for left_out in range(groups)]
    ), group


def given_precision(noise: xr.DataArray, responses: xr.DataArray) -> Numbers:
    """``noise`` as numbers, in the order of the units of ``responses``."""
    if set(noise.dims) != {UNIT, UNIT_B}:
        raise AlignmentError(
            f"noise has dims {noise.dims}; it needs {(UNIT, UNIT_B)}, as rsa.noise_precision gives it."
        )
    wanted, given = (_unit_ids(array) for array in (responses, noise))
    if sorted(wanted) != sorted(given):
        lacking, extra = sorted(set(wanted) - set(given)), sorted(set(given) - set(wanted))
        raise AlignmentError(
            f"noise and responses have different units. Only in responses: {listing(lacking) or 'none'}; "
            f"only in noise: {listing(extra) or 'none'}. Estimate noise from the very units it is used for: "
            "a part of a precision matrix is not the precision of that part."
        )
    position = {unit: index for index, unit in enumerate(given)}
    order = [position[unit] for unit in wanted]
    precision = np.asarray(noise.transpose(UNIT, UNIT_B).values, dtype=np.float64)[np.ix_(order, order)]
    if not np.isfinite(precision).all() or np.linalg.eigvalsh(precision)[0] <= 0:
        raise RecordingError(
            "noise is not a precision matrix: it is singular, or has negative eigenvalues or NaN. "
            "Make it with rsa.noise_precision, which shrinks it so that it can be inverted."
        )
    return precision


def _unit_ids(array: xr.DataArray) -> list[str]:
    return [
        str(unit) for unit in (array[UNIT_ID].values if UNIT_ID in array.coords else range(array.sizes[UNIT]))
    ]
