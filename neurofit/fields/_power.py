"""What an experiment needs: how many perturbations, for so many synapses and so much noise."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import xarray as xr

from .. import parallel, provenance
from ..errors import SchemaError
from ..names import POINT
from ..provenance import label
from ._verdict import SURE
from .jacobian import Trials, chosen, field_estimators

if TYPE_CHECKING:
    from collections.abc import Sequence

Numbers = np.ndarray
ENOUGH = 0.8
DRAWS = 199  # sign-flipped samples for each p-value
TRIED = (10, 20, 50, 100, 200, 400, 800)


class World(NamedTuple):
    """One number of trials to simulate, of a Jacobian with this share, so often."""

    synapses: int
    trials: int
    snr: float
    share: float
    draws: int
    seed: int


def power(
    *,
    synapses: int,
    trials: Sequence[int] = TRIED,
    snr: float = 1.0,
    gradient_share: float = 0.75,
    draws: int = 100,
    rng: int | np.random.Generator | None = None,
    workers: int | None = None,
    progress: bool = True,
) -> xr.Dataset:
    r"""What designed perturbations can tell of a field with ``gradient_share``, simulated.

    Jacobians are random, S and A Gaussian with :math:`|S|^2 / |J|^2` as asked; perturbations are white, and
    noise has a ``1 / snr`` of the variance that they cause in a synapse. A Jacobian of low rank needs more.

    Parameters
    ----------
    synapses
        How many are perturbed and seen.
    trials
        Numbers of perturbations to try.
    snr
        Variance of the change that perturbations cause over that of its noise, for each synapse.
    gradient_share
        Of the field that is to be told from a gradient, above 0 and below 1.
    draws
        Number of simulated experiments for each number of trials.
    rng
        Seed or generator.
    workers
        Number of processes.
    progress
        Whether to show a bar.

    Returns
    -------
    Dataset
        For each ``point``, with coord ``trials``: ``power`` to find curl (p < .05), ``false_positives`` where
        there is a gradient alone, ``identified`` (share of experiments whose interval of \|J\|^2 leaves 0
        out), ``error`` (root mean square) of the share, and ``coverage`` of its interval. ``needed``: the
        fewest trials of those tried with power and identification of .8; NaN where none are enough.

    Raises
    ------
    SchemaError
        If options are out of range.

    Examples
    --------
    >>> found = power(synapses=20, trials=(10, 100), draws=20, rng=0, workers=1, progress=False)
    >>> found.needed.item()
    100.0
    """
    if synapses < 2 or not snr > 0 or not 0 < gradient_share < 1 or min(trials) < 8:
        raise SchemaError(
            "synapses must be 2 or more, trials 8 or more, snr above 0, and gradient_share between 0 and "
            f"1; got {synapses=}, trials={list(trials)}, {snr=}, {gradient_share=}"
        )
    seeds = np.random.default_rng(rng).integers(2**63, size=len(trials))
    worlds = [
        World(synapses, int(count), snr, gradient_share, draws, int(seed))
        for count, seed in zip(trials, seeds, strict=True)
    ]
    found = np.array(
        parallel.apply(_tried, worlds, workers=workers, progress=progress, description="experiments")
    ).T
    arrays = {
        name: label(xr.DataArray(values, dims=POINT), units="1", long_name=text)
        for (name, text), values in zip(ABOUT.items(), found, strict=True)
    }
    enough = np.asarray(trials)[(found[0] >= ENOUGH) & (found[2] >= ENOUGH)]
    fewest = xr.DataArray(float(enough.min()) if len(enough) else np.nan)
    arrays["needed"] = label(fewest, units="trials", long_name="fewest trials tried that are enough")
    counts = label(xr.DataArray(list(trials), dims=POINT), units="1", long_name="trials")
    return provenance.stamp(
        xr.Dataset(arrays, {"trials": counts}),
        "fields.power",
        synapses=synapses,
        snr=snr,
        gradient_share=gradient_share,
        draws=draws,
        rng=rng,
    )


ABOUT = {
    "power": "share of experiments that find curl",
    "false_positives": "share of experiments that find curl in a gradient",
    "identified": "share of experiments whose field is identified",
    "error": "root mean square error of the gradient share",
    "coverage": "share of intervals that hold the gradient share",
}


def _tried(world: World) -> tuple[float, ...]:
    rng = np.random.default_rng(world.seed)
    curl, flat, known, errors, covered = [], [], [], [], []
    for _ in range(world.draws):
        estimate, low, high, share = _experiment(world, world.share, rng)
        curl.append(estimate < SURE)
        known.append(low[1] > 0)
        errors.append(share - world.share)
        covered.append(low[0] <= world.share <= high)
        flat.append(_experiment(world, 1.0, rng)[0] < SURE)
    error = np.sqrt(np.nanmean(np.square(errors)))
    return (
        float(np.mean(curl)),
        float(np.mean(flat)),
        float(np.mean(known)),
        float(error),
        float(np.mean(covered)),
    )


def _experiment(
    world: World, share: float, rng: np.random.Generator
) -> tuple[float, tuple[float, float], float, float]:
    """p-value, lower bounds of share and square, upper bound of the share, and the share."""
    jacobian = random_jacobian(world.synapses, share, rng)
    x = rng.normal(size=(world.trials, world.synapses))
    y = x @ jacobian.T + rng.normal(size=x.shape) / np.sqrt(world.synapses * world.snr)
    data = Trials(y, x, x)
    name, _ = chosen(data)
    estimate = field_estimators[name].estimate(data, draws=DRAWS, rng=rng)
    found, low, high = estimate.indices()
    bounds = (float(low.gradient_share), float(low.square))
    return estimate.p_curl, bounds, float(high.gradient_share), float(found.gradient_share)


def random_jacobian(synapses: int, share: float, rng: np.random.Generator) -> Numbers:
    """S + A of norm 1, Gaussian, with that share of S."""
    drawn = rng.normal(size=(synapses, synapses))
    symmetric, other = drawn + drawn.T, drawn - drawn.T
    return np.sqrt(share) * symmetric / np.linalg.norm(symmetric) + np.sqrt(
        1 - share
    ) * other / np.linalg.norm(other)
