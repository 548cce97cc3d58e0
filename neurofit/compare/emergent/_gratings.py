"""Tuning to what a grating is: its orientation, its spatial frequency."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np
import xarray as xr

from ... import prep
from ...errors import RecordingError, listing
from ...names import TRIAL, UNIT
from ._kernels.curves import (
    centred,
    curves,
    first_harmonic,
    half_height,
    resultant_length,
    share_between,
)
from ._kernels.shuffles import permutations
from ._tunings import Tuning, found, parameter, strata, tested, tunings

if TYPE_CHECKING:
    from ._tunings import Array, Null

SELECTIVITY = (
    "Ringach, Shapley & Hawken 2002, Journal of Neuroscience 22:5639, doi:10.1523/JNEUROSCI.22-13-05639.2002"
)
FREQUENCY = "De Valois, Albrecht & Thorell 1982, Vision Research 22:545, doi:10.1016/0042-6989(82)90113-4"
MODULATION = "Skottun et al. 1991, Vision Research 31:1079, doi:10.1016/0042-6989(91)90033-2"
FEWEST_PHASES = 3


class Shown(NamedTuple):
    """Responses (row, unit), what was shown in each row, and which rows may change places."""

    values: Array
    parameter: Array
    strata: Array


@tunings.register("orientation")
@dataclass(frozen=True)
class Orientation(Tuning):
    r"""Orientation, in degrees: a cosine of period 180 in the mean responses.

    The statistic is the share of variance that this cosine explains,
    :math:`2 |R|^2 / (K^2 s^2)`, with :math:`R = \sum_k r_k e^{2 i \theta_k}` over the K orientations and
    :math:`s^2` the variance of the responses; beside it ``preference`` and ``selectivity`` (1 - circular
    variance) of ``prep.tuning``. Orientations are shuffled over rows.

    Parameters
    ----------
    by
        Coord of the orientations: 3 or more, even over 180 degrees.
    within
        Coords that vary beside it, such as spatial frequency: their means are taken off, and rows are
        shuffled only where they agree in all of these.
    phase
        Coord of the phase of the grating in degrees, evenly spaced. With it, a unit that follows the phase
        (a simple cell: first harmonic above the mean) is judged by that harmonic's amplitude, others by the
        mean over phases. Without it a linear unit, whose mean over phases is zero, shows no tuning.
    """

    references: ClassVar[tuple[str, ...]] = (SELECTIVITY, MODULATION)
    by: str = "orientation"
    within: tuple[str, ...] = ()
    phase: str | None = None

    def measure(self, responses: xr.DataArray, null: Null) -> xr.Dataset:
        """Share of variance, its null, p, preference and selectivity of each unit."""
        shown = _shown(responses, self.by, self.within, self.phase)
        curve = xr.DataArray(shown.values, {self.by: (TRIAL, shown.parameter)}, (TRIAL, UNIT))
        with warnings.catch_warnings():
            # Units that are silent or go below zero keep NaN here, as the docstring of unit_tuning says.
            warnings.simplefilter("ignore")
            tuning = prep.tuning(curve, by=self.by, permutations=1, rng=0)
        angles, group = np.unique(shown.parameter % 180, return_inverse=True)
        residual = centred(shown.values, shown.strata)
        direction = np.exp(2j * np.deg2rad(angles))
        explained = partial(_cosine_share, group=group, direction=direction, variance=residual.var(axis=0))
        said = ("1", "share of variance that follows a cosine of orientation")
        return found(
            responses,
            **tested(explained, residual, permutations(shown.strata, null.draws, null.rng), null, said),
            preference=(tuning["preference"].values, "degrees", "preferred orientation"),
            selectivity=(
                tuning["selectivity"].values,
                "1",
                "orientation selectivity (1 - circular variance)",
            ),
        )


@tunings.register("spatial_frequency")
@dataclass(frozen=True)
class SpatialFrequency(Tuning):
    r"""Spatial frequency: a mean response that differs between frequencies.

    The statistic is the share of variance between frequencies,
    :math:`\eta^2 = \sum_k n_k (r_k - \bar r)^2 / \sum_i (x_i - \bar r)^2`. Beside it ``preference``, the
    frequency of the largest mean response, and ``bandwidth``, the curve's full width at half of its height
    in octaves, linear between frequencies; NaN for a low- or high-pass curve.

    Parameters
    ----------
    by
        Coord of the frequencies: 3 or more, above zero.
    within, phase
        As for orientation.
    """

    references: ClassVar[tuple[str, ...]] = (FREQUENCY, MODULATION)
    by: str = "spatial_frequency"
    within: tuple[str, ...] = ()
    phase: str | None = None

    def measure(self, responses: xr.DataArray, null: Null) -> xr.Dataset:
        """Share of variance, its null, p, preference and bandwidth of each unit."""
        shown = _shown(responses, self.by, self.within, self.phase)
        frequency, group = np.unique(shown.parameter, return_inverse=True)
        if len(frequency) < 3 or frequency[0] <= 0:
            raise RecordingError(
                f"tuning to {self.by!r} needs 3 values or more, above zero; got {listing(frequency)}"
            )
        peak, bandwidth = half_height(curves(shown.values, group), np.log2(frequency))
        residual = centred(shown.values, shown.strata)
        units = str(responses[self.by].attrs.get("units", "as given"))
        return found(
            responses,
            **tested(
                partial(share_between, group=group),
                residual,
                permutations(shown.strata, null.draws, null.rng),
                null,
                ("1", "share of variance between spatial frequencies"),
            ),
            preference=(2**peak, units, "preferred spatial frequency"),
            bandwidth=(bandwidth, "octaves", "full width at half height of the curve"),
        )


def _cosine_share(values: Array, *, group: Array, direction: Array, variance: Array) -> Array:
    length = resultant_length(values, group, direction)
    amplitude = 2 * length / len(direction)
    return np.divide(amplitude**2 / 2, variance, out=np.zeros_like(variance), where=variance > 0)


def _shown(responses: xr.DataArray, by: str, within: tuple[str, ...], phase: str | None) -> Shown:
    values, rows = responses.values, np.arange(responses.shape[0])
    if phase is not None:
        condition = strata(responses, (by, *within))
        values = _over_phases(responses, condition, phase)
        rows = np.unique(condition, return_index=True)[1]
    return Shown(values, parameter(responses, by)[rows], strata(responses, within)[rows])


def _over_phases(responses: xr.DataArray, condition: Array, phase: str) -> Array:
    """One row for each condition: the first harmonic of units that follow the phase, the mean of others."""
    degrees, place = np.unique(parameter(responses, phase) % 360, return_inverse=True)
    steps = np.diff(degrees, append=degrees[:1] + 360)
    cell = condition * len(degrees) + place
    cells = len(degrees) * (int(condition.max()) + 1)
    absent = cells - len(np.unique(cell))
    if len(degrees) < FEWEST_PHASES or not np.allclose(steps, 360 / len(degrees), atol=1e-6) or absent:
        raise RecordingError(
            f"{phase!r} needs {FEWEST_PHASES} phases or more, evenly spaced over 360 degrees, and each "
            f"with every grating; got {listing(degrees)}, and {absent} times a phase is missing. Show these, "
            "or drop phase="
        )
    cycle = curves(responses.values, cell).reshape(-1, len(degrees), responses.shape[1])
    harmonic, mean = first_harmonic(cycle, degrees), cycle.mean(axis=1)
    follows = harmonic.mean(axis=0) > np.abs(mean).mean(axis=0)
    return np.where(follows, harmonic, mean)
