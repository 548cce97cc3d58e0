"""A brain-computer interface: the network's output activity moves a cursor through a decoder."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ...names import FEATURE, STIMULUS, STIMULUS_ID
from ...provenance import label
from ._environment import Environment, environments

if TYPE_CHECKING:
    from ._environment import Array

REACHED = 0.2  # of the distance of a target
SPEED = 0.1  # of that distance, in one decision, at unit activity along a preferred direction
CURSOR, TARGET, TAKEN = slice(0, 2), slice(2, 4), 4


@environments.register("bci")
def bci(
    *, units: int = 10, rotation: float = 0.0, targets: int = 8, limit: int = 50, discount: float = 0.95
) -> Environment:
    r"""Moving a cursor to a target through a linear decoder of output activity.

    .. math:: x_{t+1} = x_t + D\, u_t, \qquad
        D = \frac{2 v}{N} \begin{pmatrix} \cos(\theta_1 + \rho) & \cdots & \cos(\theta_N + \rho) \\
        \sin(\theta_1 + \rho) & \cdots & \sin(\theta_N + \rho) \end{pmatrix}

    :math:`u_t` is the activity of N output units, whose directions :math:`\theta_i` are evenly spread. Each
    decision earns the distance that was gained, and reaching the target 1 more, which ends the trial; so does
    the time limit. What is seen is the way that is left. Learn with ``rotation=0``, then go on (``start=``)
    with a turned decoder :math:`\rho`: the cost is known, and one watches how the network adapts.

    Parameters
    ----------
    units
        Number of output units, N.
    rotation
        Of the decoder, in degrees.
    targets
        Number of targets, evenly spread on the unit circle around the start.
    limit
        Number of decisions after which a trial ends.
    discount
        Of the future.

    Returns
    -------
    Environment

    References
    ----------
    Golub et al. 2018, Nature Neuroscience 21:607, doi:10.1038/s41593-018-0095-3
    """
    source = "Golub et al. 2018, Nature Neuroscience 21:607, doi:10.1038/s41593-018-0095-3"
    angle = 2 * np.pi * np.arange(units) / units + np.deg2rad(rotation)
    decoder = SPEED * 2 / units * np.stack([np.cos(angle), np.sin(angle)])
    return Environment(
        name="bci",
        input_shape=(2,),
        outputs=units,
        begin=partial(_begin, _around(targets)),
        observe=_way_left,
        advance=partial(_advance, decoder, limit),
        stimuli=partial(_stimuli, _around(targets)),
        effort=_mean_square,
        discount=discount,
        continuous=True,
        references=(source,),
    )


def _around(targets: int) -> Array:
    angle = 2 * np.pi * np.arange(targets) / targets
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def _begin(targets: Array, n: int, rng: np.random.Generator) -> Array:
    states = np.zeros((n, 5))
    states[:, TARGET] = targets[rng.integers(len(targets), size=n)]
    return states


def _way_left(states: Array) -> Array:
    return (states[:, TARGET] - states[:, CURSOR]).astype(np.float32)


def _advance(
    decoder: Array, limit: int, states: Array, actions: Array, rng: np.random.Generator
) -> tuple[Array, Array, Array]:
    after = states.copy()
    after[:, CURSOR] += actions @ decoder.T
    after[:, TAKEN] += 1
    before_it, left = (np.linalg.norm(_way_left(at), axis=1) for at in (states, after))
    reached = left < REACHED
    return after, before_it - left + reached, reached | (after[:, TAKEN] >= limit)


def _mean_square(actions: Array) -> Array:
    return np.square(actions).mean(axis=1)


def _stimuli(targets: Array) -> xr.DataArray:
    """Each target from its start, and from half the way."""
    shown = np.concatenate([targets, targets / 2]).astype(np.float32)
    distance = np.repeat([1.0, 0.5], len(targets))
    direction = np.tile(np.arange(len(targets)) * 360 / len(targets), 2)
    ids = [f"direction{a:05.1f}_distance{d:.1f}" for a, d in zip(direction, distance, strict=True)]
    coords: dict[str, Any] = {STIMULUS_ID: ids, "direction": direction, "distance": distance}
    named = {name: (STIMULUS, values) for name, values in coords.items()}
    result = xr.DataArray(shown, named, (STIMULUS, FEATURE), name="stimuli")
    return label(result, units="1", long_name="way that is left to the target")
