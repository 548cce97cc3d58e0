"""How noise goes together in the units, from trials that repeat a stimulus."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr
from scipy.linalg import cholesky

from .. import provenance
from ..errors import AlignmentError, RecordingError, listing
from ..names import STIMULUS, STIMULUS_ID, TRIAL, UNIT, UNIT_B, UNIT_ID
from ..registry import Registry
from . import _sources
from ._kernels import noise as kernels
from ._kernels.threads import one_thread
from ._trials import Codes, Numbers, Trials, by_stimulus

Estimator = Callable[[Numbers, int], Numbers]

noise_estimators: Registry[Estimator] = Registry("noise estimator")
noise_estimators.register("ledoit_wolf")(kernels.ledoit_wolf)
noise_estimators.register("schaefer_strimmer")(kernels.schaefer_strimmer)
noise_estimators.register("diagonal")(kernels.diagonal)
noise_estimators.register("full")(kernels.full)

DEFAULT = "ledoit_wolf"

MANY_UNITS = 1000  # One thread does fewer in a few hundredths of a second.
GROUPS = 10  # Of stimuli that are held out together: more of them cost more and change little.


def noise_precision(
    responses: xr.DataArray, *, by: str | None = STIMULUS_ID, method: str = DEFAULT
) -> xr.DataArray:
    """Inverse of the noise covariance of the units, from repeats of stimuli or from baseline activity.

    With x_it the t-th of n_i trials of stimulus i, the residuals are (x_it - mean_i) sqrt(n_i / (n_i - 1)).
    Their covariance S is unbiased. It is inverted as it is (``full``) or shrunk with an intensity l that the
    data say:

    - ``ledoit_wolf``: (1 - l) S + l mu I, with mu the mean variance. A unit that never varies between
      repeats, such as a silent one, keeps the variance l mu;
    - ``schaefer_strimmer``: (1 - l) S + l diag(S): each unit keeps its own variance;
    - ``diagonal``: the variances of ``ledoit_wolf`` alone.

    Parameters
    ----------
    responses
        Responses with dims ``trial`` and ``unit``. Further dims, such as ``time``, are pooled as more
        samples. Stimuli shown once say nothing about noise and are left out.
    by
        Coord that says which trials repeat a stimulus. ``None``: none does, and all trials are noise around
        one mean. So give it responses in a window before the stimuli, as long as the window of the responses
        that the precision is for: it is then noise that no stimulus has a part in.
    method
        Name of one of ``rsa.noise_estimators``. Intensities follow from the number of samples less the number
        of means taken off.

    Returns
    -------
    DataArray
        Dims ``unit`` and ``unit_b``, in the same order of units; in the responses' units to the power -2.

    Raises
    ------
    RecordingError
        If no stimulus is repeated, or the covariance cannot be inverted: ``full`` needs more degrees of
        freedom than units, and units that vary.

    References
    ----------
    Walther et al. 2016, NeuroImage 137:188, doi:10.1016/j.neuroimage.2015.12.012
    Schaefer & Strimmer 2005, Statistical Applications in Genetics and Molecular Biology 4:32,
    doi:10.2202/1544-6115.1175
    Ledoit & Wolf 2004, Journal of Multivariate Analysis 88:365, doi:10.1016/S0047-259X(03)00096-4

    Examples
    --------
    With one unit there is nothing to shrink; residuals of -1 and 1 around a mean have the variance 2.

    >>> stimuli = {"stimulus_id": ("trial", ["a", "a", "b"])}
    >>> responses = xr.DataArray([[1.0], [3.0], [9.0]], dims=("trial", "unit"), coords=stimuli)
    >>> noise_precision(responses).values
    array([[0.5]])
    """
    trials = by_stimulus(responses, by) if by is not None else _baseline(responses)
    result = xr.DataArray(
        estimated_precision(trials, method),
        dims=(UNIT, UNIT_B),
        coords={name: coord for name, coord in responses.coords.items() if coord.dims == (UNIT,)},
    )
    units = responses.attrs.get("units", "1")
    result = provenance.label(
        result, units="1" if units == "1" else f"({units})^-2", long_name="Noise precision"
    )
    references = [_sources.CROSSNOBIS, *sources_of(method)]
    return provenance.stamp(
        result, "rsa.noise_precision", sources=[responses], references=references, by=by, method=method
    )


def sources_of(method: str) -> list[str]:
    """Who said so."""
    found = {
        "ledoit_wolf": _sources.SHRINKAGE,
        "diagonal": _sources.SHRINKAGE,
        "schaefer_strimmer": _sources.SHRINKAGE_TO_VARIANCES,
    }
    return [found[method]] if method in found else []


def _baseline(responses: xr.DataArray) -> Trials:
    """All trials as repeats of nothing."""
    rows = TRIAL if TRIAL in responses.dims else STIMULUS
    nothing = np.zeros(responses.sizes.get(rows, 0), dtype=int)
    return by_stimulus(responses.assign_coords({STIMULUS_ID: (rows, nothing)}), STIMULUS_ID)


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
            f"repeats, by position: {listing(still) or 'none'}. Give more repeats, or noise= from other "
            "trials; 'ledoit_wolf' needs fewest."
        )
    return (axes / variances) @ axes.T


def estimated_root(trials: Trials, method: str = DEFAULT) -> Numbers:
    """L of the estimated precision L L'."""
    return np.asarray(np.linalg.cholesky(estimated_precision(trials, method)), dtype=np.float64)


def held_out_precisions(trials: Trials, method: str) -> tuple[Numbers, Codes]:
    """Precisions (group, unit, unit), each without one group of stimuli, and the group of each stimulus."""
    groups = min(GROUPS, len(trials.ids))
    group = np.arange(len(trials.ids)) % groups
    return np.stack(
        [estimated_precision(trials.only(group != left_out), method) for left_out in range(groups)]
    ), group


def given_root(noise: xr.DataArray, responses: xr.DataArray) -> Numbers:
    """L of ``noise`` = L L', in the order of the units of ``responses``."""
    if set(noise.dims) != {UNIT, UNIT_B}:
        raise AlignmentError(
            f"noise has dims {noise.dims}; it needs {(UNIT, UNIT_B)}, as rsa.noise_precision gives it."
        )
    wanted, given = (_unit_ids(array) for array in (responses, noise))
    if wanted != given and sorted(wanted) != sorted(given):
        lacking, extra = sorted(set(wanted) - set(given)), sorted(set(given) - set(wanted))
        raise AlignmentError(
            f"noise and responses have different units. Only in responses: {listing(lacking) or 'none'}; "
            f"only in noise: {listing(extra) or 'none'}. Estimate noise from the very units it is used for: "
            "a part of a precision matrix is not the precision of that part."
        )
    precision = np.asarray(noise.transpose(UNIT, UNIT_B).values, dtype=np.float64)
    if wanted != given:
        position = {unit: index for index, unit in enumerate(given)}
        order = [position[unit] for unit in wanted]
        precision = precision[np.ix_(order, order)]
    root = _root(precision)
    if root is None:
        raise RecordingError(
            "noise is not a precision matrix: it is singular, not symmetric, or has negative eigenvalues or "
            "NaN. Make it with rsa.noise_precision, which shrinks it so that it can be inverted."
        )
    return root


def _root(matrix: Numbers) -> Numbers | None:
    """L of L L' where it is symmetric and, by what L leaves of its diagonal, positive definite; else None."""
    exact = np.array_equal(matrix, matrix.T)
    if not (exact or np.abs(matrix - matrix.T).max() <= 1e-8 * np.abs(matrix).max()):
        return None
    try:
        # Half the time that NumPy takes for it.
        with one_thread(where=len(matrix) < MANY_UNITS):
            root: Numbers = cholesky(matrix, lower=True, check_finite=False)
    except np.linalg.LinAlgError:
        return None
    left = np.diag(root) ** 2
    return root if np.all(left > np.finfo(float).eps * len(matrix) * np.diag(matrix)) else None


def _unit_ids(array: xr.DataArray) -> list[str]:
    return [
        str(unit) for unit in (array[UNIT_ID].values if UNIT_ID in array.coords else range(array.sizes[UNIT]))
    ]
