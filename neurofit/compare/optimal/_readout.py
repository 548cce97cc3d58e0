"""Recorded neurons as linear readouts of a network's units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ... import prep, schema
from ...errors import RecordingError, listing
from ...names import AREA, STIMULUS, STIMULUS_ID, TRIAL, UNIT, UNIT_B, UNIT_ID
from ...provenance import label, stamp

if TYPE_CHECKING:
    from collections.abc import Sequence

Array = np.ndarray[Any, Any]
NEURON_ID, NEURON_AREA = "unit_b_id", "area_b"

RIDGE = "Hoerl & Kennard 1970, Technometrics 12:55, doi:10.1080/00401706.1970.10488634"
FITTED = "Bashivan, Kar & DiCarlo 2019, Science 364:eaav9436, doi:10.1126/science.aav9436"
PENALTIES = tuple(10.0 ** np.arange(-3, 6))
FEWEST_STIMULI = 5


def fit_readout(
    activations: xr.DataArray, responses: xr.DataArray, *, penalties: Sequence[float] = PENALTIES
) -> xr.Dataset:
    r"""Each recorded neuron as a linear readout of a network's units, by ridge regression.

    .. math:: \min_{w, b} \sum_s (y_s - w^\top x_s - b)^2 + \lambda |w|^2

    with :math:`x` the activations and :math:`y` the mean response to stimulus s; :math:`\lambda`, for each
    neuron its own, is the one whose leave-one-out error is least.

    Parameters
    ----------
    activations
        From ``nets.activations``: those of one layer, or of several together.
    responses
        Recorded responses with dims ``unit`` and ``trial`` or ``stimulus``, coord ``stimulus_id``. Trials are
        averaged. All their stimuli must be among the activations'.
    penalties
        Values of :math:`\lambda` to choose among.

    Returns
    -------
    Dataset
        ``weights`` (unit, unit_b), ``intercept``, ``penalty`` and ``predictivity`` (unit_b), the share of
        variance explained when each stimulus is left out, negative where the mean does better; slightly too
        high, for the penalty has seen all stimuli. ``unit`` are the network's units, ``unit_b`` the neurons,
        with coords ``unit_b_id`` and ``area_b`` where the responses have ids and areas. One neuron's readout
        is ``isel(unit_b=0)``; that of an area's mean response is ``mean("unit_b")`` over its neurons.

    Raises
    ------
    SchemaError
        If activations or responses are not what they should be; every problem is listed.
    AlignmentError
        If stimuli of the recording are not among the activations; all are listed.
    RecordingError
        If there are fewer than 5 stimuli.

    References
    ----------
    Hoerl & Kennard 1970, Technometrics 12:55, doi:10.1080/00401706.1970.10488634
    Bashivan, Kar & DiCarlo 2019, Science 364:eaav9436, doi:10.1126/science.aav9436

    Examples
    --------
    A neuron that is twice the network's one unit, plus one.

    >>> x = np.arange(6.0)[:, None]
    >>> shown = {"stimulus_id": ("stimulus", list("abcdef"))}
    >>> layer = {"area": ("unit", ["layer"]), "unit_id": ("unit", ["layer/0000"])}
    >>> activations = xr.DataArray(x, {**shown, **layer}, ("stimulus", "unit"))
    >>> responses = xr.DataArray(2 * x + 1, shown, ("stimulus", "unit"))
    >>> found = fit_readout(activations, responses, penalties=[1e-9])
    >>> round(found.weights.item(), 6), round(found.intercept.item(), 6)
    (2.0, 1.0)
    """
    from sklearn.linear_model import RidgeCV

    schema.check(activations, "activations")
    schema.check(responses, "responses")
    mean = prep.average(responses) if TRIAL in responses.dims else responses
    mean = mean.transpose(STIMULUS, UNIT).astype(np.float64)
    mean, matched = prep.align(mean, activations, on=STIMULUS_ID, extra="drop")
    x, y = matched.transpose(STIMULUS, UNIT).values.astype(np.float64), mean.values
    _check(x, y)
    ridge = RidgeCV(alphas=penalties, alpha_per_target=True, store_cv_results=True).fit(x, y)
    weights, penalty = np.atleast_2d(ridge.coef_), np.atleast_1d(ridge.alpha_)
    chosen = np.argmax(np.asarray(penalties)[:, None] == penalty, axis=0)
    errors = ridge.cv_results_.reshape(*y.shape, -1)[:, np.arange(y.shape[1]), chosen]
    found = {
        "weights": ((UNIT, UNIT_B), weights.T),
        "intercept": (UNIT_B, np.atleast_1d(ridge.intercept_)),
        "penalty": (UNIT_B, penalty),
        "predictivity": (UNIT_B, _left_out(y, errors)),
    }
    return stamp(
        _labelled(xr.Dataset(found), activations, mean, responses),
        "compare.fit_readout",
        sources=[activations, responses],
        references=[RIDGE, FITTED],
        penalties=list(penalties),
    )


def _check(x: Array, y: Array) -> None:
    problems = []
    if len(x) < FEWEST_STIMULI:
        problems.append(f"{len(x)} stimuli, and {FEWEST_STIMULI} or more are needed")
    unknown = np.flatnonzero(~np.isfinite(y).all(axis=0))
    if unknown.size:
        problems.append(f"responses are not finite in units {listing(unknown, limit=10)}: leave these out")
    if problems:
        raise RecordingError(f"cannot fit a readout: {'; '.join(problems)}")


def _left_out(y: Array, errors: Array) -> Array:
    """Share of variance explained where each stimulus is left out of the mean and of the fit alike."""
    n = len(y)
    total = (((y - y.mean(axis=0)) * n / (n - 1)) ** 2).sum(axis=0)
    varies = np.ptp(y, axis=0) > 0
    return 1 - np.divide(errors.sum(axis=0), total, out=np.full(y.shape[1], np.nan), where=varies)


def _labelled(
    found: xr.Dataset, activations: xr.DataArray, mean: xr.DataArray, responses: xr.DataArray
) -> xr.Dataset:
    found = found.assign_coords(
        {name: coord for name, coord in activations.coords.items() if coord.dims == (UNIT,)}
    )
    for theirs, ours in {UNIT_ID: NEURON_ID, AREA: NEURON_AREA}.items():
        if theirs in mean.coords:
            found = found.assign_coords({ours: (UNIT_B, mean[theirs].values)})
    units = str(responses.attrs.get("units", "1"))
    meanings = {
        "weights": (f"{units} / a.u.", "weight of the network's unit"),
        "intercept": (units, "response without any activation"),
        "penalty": ("1", "ridge penalty with the least leave-one-out error"),
        "predictivity": ("1", "share of variance explained, stimuli left out"),
    }
    for name, (unit, long_name) in meanings.items():
        found[name] = label(found[name], units=unit, long_name=long_name)
    return found
