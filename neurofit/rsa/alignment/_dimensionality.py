"""How many dimensions a population uses for its stimuli."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import xarray as xr

from ... import provenance
from ...errors import RecordingError, listing, unknown_name
from ...names import BOUND, BOUNDS, REPEATS, STIMULUS, STIMULUS_ID, TRIAL, UNIT
from .._trials import by_stimulus, rows_of
from . import _sources
from ._kernels import dimension, jackknife

if TYPE_CHECKING:
    from .._trials import Codes, Flags, Numbers

FEWEST_STIMULI = 5  # Four different ones for an unbiased product, and one to leave out.

UNITS = ("recorded", "sampled")


def dimensionality(
    responses: xr.DataArray, *, by: str = STIMULUS_ID, units: str = "recorded", level: float = 0.95
) -> xr.Dataset:
    """Participation ratio of the signal: how many dimensions patterns spread over, as it were evenly.

    With l the eigenvalues of the covariance C of noise-free patterns over all stimuli like those shown, it is
    ``(sum l)^2 / sum l^2 = tr(C)^2 / tr(C^2)``. Of sample averages the ratio is wrong in three ways: noise of
    the trials adds dimensions, and few stimuli or units take them away. Here numerator and denominator are
    unbiased: means over products of different stimuli and different trials of a stimulus. What is left is the
    error of a ratio, of the order of 1 / stimuli. Noise must be independent between trials; between units it
    may be correlated.

    Parameters
    ----------
    responses
        Responses with dims ``trial`` and ``unit``; stimuli shown once are left out. With dim ``stimulus``,
        and each one once, as a network's activations, responses are taken to be free of noise. Further dims,
        such as ``time``, are kept.
    by
        Coord that says which trials repeat a stimulus.
    units
        ``"recorded"``: the dimensionality of these units, at most their number. ``"sampled"``: that of the
        large population that they are a random sample of; products of a unit with itself are left out.
    level
        Coverage of the interval.

    Returns
    -------
    Dataset
        ``estimate``; ``interval`` (``bound``), of the logarithm, by Student's t and a jackknife over stimuli,
        and over units where these are a sample (over 100 parts, every hundredth, where there are more);
        ``naive``, the ratio of the sample covariance of the averages. Where noise leaves too little
        signal, NaN with a warning. Attrs: ``stimuli``, ``stimuli_left_out``, ``fewest_repeats``.

    Raises
    ------
    SchemaError
        If ``responses`` lack a dim or coord.
    RecordingError
        If fewer than 5 stimuli can be used, no stimulus is repeated, responses are averages over repeats, or
        none has signal enough.

    References
    ----------
    Chun et al. 2025, doi:10.48550/arXiv.2509.26560
    Stringer et al. 2019, Nature 571:361, doi:10.1038/s41586-019-1346-5

    Examples
    --------
    Points on a line have one dimension, however many units see them.

    >>> names = {"stimulus_id": ("stimulus", list("abcdef"))}
    >>> line = xr.DataArray(np.outer(np.arange(6.0), [1, 2, -1]), names, ("stimulus", "unit"))
    >>> round(dimensionality(line, units="sampled").estimate.item(), 6)
    1.0
    """
    if units not in UNITS:
        raise unknown_name("kind of units", units, UNITS)
    if not 0 < level < 1:
        raise ValueError(f"level is between 0 and 1; got {level}")
    trials = _repeated(responses, by)
    entries = trials.values.reshape(-1, *trials.values.shape[-2:])
    found = [_summary(entry, trials.stimulus, units == "sampled", level) for entry in entries]
    rows = rows_of(responses, by)
    further = responses.isel({rows: 0, UNIT: 0}, drop=True).drop_attrs()
    result = _labelled([np.array(each) for each in zip(*found, strict=True)], further, level)
    _tell_undefined(result)
    return provenance.stamp(
        result.assign_attrs(
            stimuli=len(trials.repeats),
            stimuli_left_out=trials.shown - len(trials.repeats),
            fewest_repeats=int(trials.repeats.min()),
        ),
        "rsa.dimensionality",
        sources=[responses],
        references=[_sources.DIMENSIONALITY, _sources.REPEATS, _sources.JACKKNIFE],
        by=by,
        units=units,
        level=level,
    )


class _Repeated(NamedTuple):
    """Trials sorted by stimulus, each of these shown twice or more often."""

    values: Numbers  # (..., trial, unit)
    stimulus: Codes  # (trial,)
    shown: int  # stimuli, these and the others

    @property
    def repeats(self) -> Codes:
        return np.bincount(self.stimulus)


def _repeated(responses: xr.DataArray, by: str) -> _Repeated:
    trials = by_stimulus(responses, by)
    stimulus, repeats = trials.stimulus, np.bincount(trials.stimulus)
    if REPEATS in responses.coords and (responses[REPEATS] > 1).any():
        raise RecordingError(
            "responses are averages over repeats, whose noise cannot be told from signal: give the trials. "
            f"If there is no noise, as between runs of a network, leave out the coord {REPEATS!r}."
        )
    order = np.argsort(stimulus, kind="stable")
    if rows_of(responses, by) == STIMULUS and repeats.max() == 1:
        # Without noise a response is as good as its own repeat.
        order = np.repeat(order, 2)
    else:
        order = order[repeats[stimulus[order]] >= 2]
    kept, codes = np.unique(stimulus[order], return_inverse=True)
    if len(kept) < FEWEST_STIMULI:
        raise RecordingError(
            f"dimensionality needs {FEWEST_STIMULI} stimuli or more that are shown twice or more often; of "
            f"{len(repeats)} there are {len(kept)}: {listing(trials.ids[kept]) or 'none'}. Without repeats, "
            f"noise cannot be told from signal; responses without noise have dim {STIMULUS!r}, not {TRIAL!r}."
        )
    return _Repeated(trials.values[..., order, :], codes, len(repeats))


class _Summary(NamedTuple):
    """Of one entry."""

    estimate: float
    lower: float
    upper: float
    naive: float


def _summary(values: Numbers, stimulus: Codes, sampled: bool, level: float) -> _Summary:
    values = values - values.mean(axis=0)
    signal = _Signal.of(values, stimulus, sampled)
    stimuli, units = len(signal.means), values.shape[1]
    estimate = signal.log_ratio(np.ones(stimuli, dtype=bool))
    groups = _parts(stimuli)
    left_out = [signal.log_ratio(~_member(group, stimuli)) for group in groups]
    variance = _squared_error(estimate, left_out, groups)
    if sampled:
        of_units = _parts(units)
        others = (_Signal.of(np.delete(values, group, axis=1), stimulus, sampled) for group in of_units)
        left_out = [other.log_ratio(np.ones(stimuli, dtype=bool)) for other in others]
        # A product of both errors is left out, which is small where both are.
        variance += _squared_error(estimate, left_out, of_units)
        groups = min(groups, of_units, key=len)
    width = jackknife.half_width(np.sqrt(variance), len(groups), level)
    lower, upper = np.exp([estimate - width, estimate + width]).tolist()
    naive = dimension.participation_ratio(signal.products.means)
    return _Summary(float(np.exp(estimate)), lower, upper, naive)


class _Signal(NamedTuple):
    """Products of one entry, of which any stimuli can be left out."""

    products: dimension.Products
    means: Numbers  # (stimulus, unit)
    own: Numbers  # (stimulus, unit)
    sampled: bool

    @classmethod
    def of(cls, values: Numbers, stimulus: Codes, sampled: bool) -> _Signal:
        return cls(dimension.products(values, stimulus), *dimension.own_squares(values, stimulus), sampled)

    def log_ratio(self, kept: Flags) -> float:
        """Logarithm of the participation ratio; NaN where noise leaves no signal."""
        numerator, denominator = dimension.traces(self.products, kept)
        itself = dimension.squared_variances(self.means[kept], self.own[kept]) if self.sampled else 0.0
        # What rounding leaves of one unit, which makes no pair of units, is no signal.
        if min(numerator, denominator) - itself <= 1e-12 * abs(itself):
            return float("nan")
        return float(np.log((numerator - itself) / (denominator - itself)))


def _parts(count: int) -> list[Codes]:
    return jackknife.groups(count, np.argsort(np.arange(count) % jackknife.GROUPS, kind="stable"))


def _member(group: Codes, count: int) -> Flags:
    return np.isin(np.arange(count), group)


def _squared_error(estimate: float, left_out: list[float], groups: list[Codes]) -> float:
    sizes = np.array([len(group) for group in groups])
    return jackknife.standard_error(estimate, np.array(left_out), sizes) ** 2


def _labelled(found: list[Numbers], further: xr.DataArray, level: float) -> xr.Dataset:
    estimate, lower, upper, naive = (further.copy(data=each.reshape(further.shape)) for each in found)
    interval = xr.concat([lower, upper], xr.Variable(BOUND, list(BOUNDS))).transpose(..., BOUND)
    described = {
        "estimate": (estimate, "Dimensionality (participation ratio of the signal)"),
        "interval": (interval, f"Interval of level {level}"),
        "naive": (naive, "Participation ratio of the averages"),
    }
    return xr.Dataset(
        {
            name: provenance.label(array, units="1", long_name=long_name)
            for name, (array, long_name) in described.items()
        }
    )


def _tell_undefined(result: xr.Dataset) -> None:
    missing = np.isnan(result.estimate.values)
    reason = "the variance of the signal that different trials share is not above zero"
    if missing.all():
        raise RecordingError(
            f"dimensionality is not defined: {reason}. Give more repeats or stimuli, or units that respond."
        )
    unsure = np.isnan(result.interval.values).any(axis=-1)
    if unsure.any():
        at = (dict(zip(result.estimate.dims, index.tolist(), strict=True)) for index in np.argwhere(unsure))
        warnings.warn(
            f"dimensionality, or its interval, is NaN where {reason}, with all stimuli or without some; at "
            f"positions: {listing(at, limit=10)}.",
            stacklevel=3,
        )
