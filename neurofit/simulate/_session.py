"""A session with a known answer: areas whose neurons are driven by the layers of a trained network."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import nets
from ..errors import RecordingError
from ..names import AREA, BLOCK, START_TIME, STIMULUS, STIMULUS_ID, STOP_TIME
from . import _nwb
from ._population import BASELINE, GAIN_NOISE, rates, readouts, spike_times, trial_gains

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd
    import xarray as xr

SHOWN = 0.5  # s, each stimulus
GAP = 0.25  # s, between stimuli
LATENCY = 0.04  # s, from stimulus to response in the first area; 10 ms more in each further one


def session(
    path: str | Path | None = None,
    *,
    areas: Sequence[str] = ("V1", "LM", "AL"),
    units: int = 60,
    repeats: int = 10,
    task: str = "orientation",
    objective: str = "cross_entropy",
    rule: str = "backprop",
    readout: str = "mixture",
    rng: int | np.random.Generator | None = None,
    **training: Any,
) -> Path | xr.DataTree:
    """A recording whose areas are driven, in order, by layers of a network trained on a task.

    A network is trained, and each area gets one of its hidden layers: drawn at random, but in the order of
    the hierarchy, so that the answer is not the same each time. Each neuron reads its layer out; its spikes
    are Poisson, with gains that vary from trial to trial and are shared by all areas and by the
    neurons of one, and with two latent noise factors in each area. Each stimulus of the task is shown
    ``repeats`` times, once in each block, for 0.5 s, with 0.25 s between.

    Parameters
    ----------
    path
        The NWB file to write. Without one, the session comes back in memory, read from a temporary NWB file.
    areas
        Names of the areas, from the first of the hierarchy to the last.
    units
        Neurons in each area.
    repeats
        How often each stimulus is shown.
    task, objective, rule
        What the network is trained on, for and by: names in the registries of ``neurofit.nets``.
    readout
        How a neuron is driven by its layer: by a random ``"mixture"`` of all units, or by a ``"single"`` one.
    rng
        Seed or generator.
    **training
        Further options of ``neurofit.nets.train``, such as ``architecture`` (here ``"conv"`` unless told
        otherwise), ``steps`` or ``progress``.

    Returns
    -------
    Path or DataTree
        The file's path if one was given, otherwise the session as ``neurofit.io.open_nwb`` gives it.

    Raises
    ------
    RecordingError
        If the network has fewer layers than there are areas.
    ResultsExistError
        If there is a file at ``path``.
    """
    _nwb.must_be_new(path)
    rng = np.random.default_rng(rng)
    training = {"architecture": "conv", "objective": objective, "rule": rule, **training}
    network = nets.train(task, rng=rng, **training)
    activations = nets.activations(network, nets.tasks[task]().stimuli())
    layers = _assign(areas, activations, rng)
    trials = _trials(activations, repeats, rng)
    tuning = {
        area: rates(readouts[readout](_layer(activations, layer), units, rng), rng)
        for area, layer in layers.items()
    }
    spikes = _spikes(activations, tuning, trials, rng)
    truth = {"layers": layers, "readout": readout, "recipe": dict(network.recipe)}
    write = partial(
        _nwb.write,
        "Simulated: Poisson neurons driven by the layers of a trained network.",
        spikes=spikes,
        trials=trials,
        truth=truth,
        rng=rng,
    )
    return _nwb.written(path, write)


def truth(path: str | Path) -> dict[str, Any]:
    """What the simulation knows about a session that it wrote; no analysis reads it.

    Parameters
    ----------
    path
        An NWB file written by ``session`` or ``familiarity``.

    Returns
    -------
    dict
        Of ``session`` the ``layers``, the one that drives each area, and the ``recipe``, how the network was
        trained; of ``familiarity`` the ``change``, the parameters of each unit, and its ``threshold``.

    Raises
    ------
    RecordingError
        If the file holds no such knowledge: it is a real recording, or something else's simulation.
    """
    import h5py

    try:
        with h5py.File(path) as file:
            known: dict[str, Any] = json.loads(file["scratch"][_nwb.TRUTH].asstr()[()])
    except (OSError, KeyError) as error:
        raise RecordingError(
            f"{path} holds no known answer: only files that neurofit.simulate wrote have one."
        ) from error
    return known


def _assign(areas: Sequence[str], activations: xr.DataArray, rng: np.random.Generator) -> dict[str, str]:
    layers = list(dict.fromkeys(activations[AREA].values.tolist()))
    if len(layers) < len(areas):
        raise RecordingError(
            f"{len(areas)} areas need as many layers to drive them; the network has {len(layers)}: "
            f"{', '.join(layers)}. Name fewer areas, or choose a deeper architecture."
        )
    chosen = sorted(rng.choice(len(layers), len(areas), replace=False))
    return {area: layers[index] for area, index in zip(areas, chosen, strict=True)}


def _trials(activations: xr.DataArray, repeats: int, rng: np.random.Generator) -> pd.DataFrame:
    import pandas as pd

    n_stimuli = activations.sizes[STIMULUS]
    shown = np.concatenate([rng.permutation(n_stimuli) for _ in range(repeats)])
    start = 1.0 + (SHOWN + GAP) * np.arange(len(shown))
    columns = {START_TIME: start, STOP_TIME: start + SHOWN, "shown": shown}
    trials = pd.DataFrame({**columns, BLOCK: np.repeat(np.arange(repeats), n_stimuli)})
    coords = {name: coord.values for name, coord in activations.coords.items() if coord.dims == (STIMULUS,)}
    stimuli = pd.DataFrame({STIMULUS_ID: coords.pop(STIMULUS_ID), **coords})
    return trials.join(stimuli, on="shown").drop(columns="shown")


def _layer(activations: xr.DataArray, layer: str) -> np.ndarray[Any, Any]:
    return activations.values[:, activations[AREA].values == layer].astype(float)


def _spikes(
    activations: xr.DataArray,
    tuning: dict[str, np.ndarray[Any, Any]],
    trials: pd.DataFrame,
    rng: np.random.Generator,
) -> dict[str, list[np.ndarray[Any, Any]]]:
    """Spike times (s) of each area's units: baseline between stimuli, driven rates after the latency."""
    row = {name: index for index, name in enumerate(activations[STIMULUS_ID].values)}
    shown = np.array([row[name] for name in trials[STIMULUS_ID]])
    start = trials[START_TIME].to_numpy()
    common = GAIN_NOISE * rng.normal(size=len(trials))
    spikes = {}
    for place, (area, driven) in enumerate(tuning.items()):
        gains = trial_gains(len(trials), driven.shape[1], common, rng)
        onset = start + LATENCY + 0.01 * place
        starts = np.concatenate([onset, onset + SHOWN])
        durations = np.repeat([SHOWN, GAP], len(trials))
        expected = np.concatenate([driven[shown] * gains, np.full_like(gains, BASELINE)])
        spikes[area] = spike_times(starts, durations, expected, rng)
    return spikes
