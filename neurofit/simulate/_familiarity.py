"""A session with a known rule: novel stimuli, and others whose inputs a rule of plasticity has changed."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ..names import BLOCK, FAMILIAR, START_TIME, STIMULUS_ID, STOP_TIME
from ..plasticity.rates._generate import Population
from ..plasticity.rates._generate import rates as rates_of
from . import _nwb
from ._population import spike_times

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd
    import xarray as xr

SHOWN = 0.2  # s, each stimulus
GAP = 0.1  # s, between stimuli
LATENCY = 0.04  # s, from stimulus to response


def familiarity(
    path: str | Path | None = None,
    *,
    units: int = 60,
    stimuli: int = 125,
    repeats: int = 10,
    change: str = "rule",
    drive: str = "gaussian",
    area: str = "ITC",
    rng: int | np.random.Generator | None = None,
) -> Path | xr.DataTree:
    """A recording of novel and of familiar stimuli, where the rule that made the latter's inputs is known.

    A novel stimulus gives a unit the input h, of mean 0 and variance 1, and the rate
    r_m / (1 + exp(-beta (h - h0))). The input of other, familiar stimuli was changed by

        dh = A f(rate),  f(r) = (2 q - 1 + tanh(beta_f (r - x_f))) / 2,

    with parameters drawn for each unit around those of Lim et al. Spikes are Poisson. Each stimulus is shown
    ``repeats`` times, once in each block, for 0.2 s, with 0.1 s between; responses begin 0.04 s later.

    Parameters
    ----------
    path
        The NWB file to write. Without one, the session comes back in memory, read from a temporary NWB file.
    units
        Number of neurons.
    stimuli
        Number of novel stimuli, and of familiar ones.
    repeats
        How often each is shown.
    change
        What familiarity does: ``"rule"``, or one of the alternatives ``"none"``, ``"constant"`` (inputs
        fall by 0.3), ``"gain"`` (rates are 1.3 times what they were).
    drive
        Distribution of the inputs: ``"gaussian"``, ``"gamma"`` or ``"mirrored_gamma"``.
    area
        Name of the area that is recorded.
    rng
        Seed or generator.

    Returns
    -------
    Path or DataTree
        The file's path if one was given, otherwise the session as ``neurofit.io.open_nwb`` gives it. Its
        trials have the columns ``stimulus_id`` and ``familiar``. ``simulate.truth`` tells the parameters of
        a file's units, and their thresholds in sd of the input and in Hz.

    Raises
    ------
    UnknownNameError
        If there is no such change or distribution.
    ResultsExistError
        If there is a file at ``path``.

    References
    ----------
    Lim et al. 2015, Nature Neuroscience 18:1804, doi:10.1038/nn.4158

    Examples
    --------
    >>> session = familiarity(units=2, stimuli=20, repeats=1, rng=0)
    >>> session["trials"].familiar.values.sum().item()
    20
    """
    _nwb.must_be_new(path)
    rng = np.random.default_rng(rng)
    population = Population.draw(units, rng)
    rates = np.concatenate(rates_of(population, stimuli, rng, change=change, drive=drive), axis=1)
    trials, shown = _trials(stimuli, repeats, rng)
    onset = trials[START_TIME].to_numpy() + LATENCY
    spikes = spike_times(onset, np.full(len(onset), SHOWN), rates.T[shown], rng)
    write = partial(
        _nwb.write,
        "Simulated: Poisson neurons that see novel and familiar stimuli.",
        spikes={area: spikes},
        trials=trials,
        truth={"change": change, **_known(population)},
        rng=rng,
    )
    return _nwb.written(path, write)


def _trials(
    stimuli: int, repeats: int, rng: np.random.Generator
) -> tuple[pd.DataFrame, np.ndarray[Any, Any]]:
    """The table of trials, and which stimulus was shown in each: novel ones first, then familiar ones."""
    import pandas as pd

    shown = np.concatenate([rng.permutation(2 * stimuli) for _ in range(repeats)])
    start = 1.0 + (SHOWN + GAP) * np.arange(len(shown))
    columns = {
        START_TIME: start,
        STOP_TIME: start + SHOWN,
        STIMULUS_ID: [f"image {one:04d}" for one in shown],
        FAMILIAR: shown >= stimuli,
        BLOCK: np.repeat(np.arange(repeats), 2 * stimuli),
    }
    return pd.DataFrame(columns), shown


def _known(population: Population) -> dict[str, list[float]]:
    told = {name: getattr(population, name)[:, 0] for name in ("r_m", "beta", "h0", "q", "beta_f", "x_f")}
    threshold = population.threshold()
    told |= {"threshold": threshold, "threshold_hz": population.rate(threshold[:, None])[:, 0]}
    return {name: values.tolist() for name, values in told.items()}
