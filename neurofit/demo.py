"""The main job on a simulated session, whose answer is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import compare, io, nets, parallel, prep, report, simulate

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import xarray as xr

AREAS = ("V1", "LM", "AL")
TASK, ARCHITECTURE = "orientation", "conv"
KIND = "cross-entropy + backprop"  # of the network in the simulation
WINDOW = (0.05, 0.55)  # s after onset: half a second, from when the middle area responds

# What could have produced the recording. The simulation trains its own network, of the first kind but from
# another seed: a lab never has the network that is in the animal.
CANDIDATES: Mapping[str, Mapping[str, Any]] = {
    KIND: {"objective": "cross_entropy", "rule": "backprop"},
    # Feedback alignment is slower: with 1,500 steps it is as accurate as backprop with 300.
    "cross-entropy + feedback alignment": {
        "objective": "cross_entropy",
        "rule": "feedback_alignment",
        "steps": 1500,
    },
    "autoencoding + backprop": {"objective": "autoencoding", "rule": "backprop"},
    "multilayer perceptron": {"architecture": "mlp", "objective": "cross_entropy", "rule": "backprop"},
}


def run(
    out: str | Path = "neurofit-demo", *, seed: int = 0, force: bool = False, progress: bool = True
) -> str:
    """Simulate a session, write it as NWB, open it as if it came from a lab, explain it, and report.

    Parameters
    ----------
    out
        Folder for ``simulated.nwb``, ``results.nc``, the figures and ``report.html``.
    seed
        Which session; which layer drives which area differs from seed to seed.
    force
        Whether results in the folder may be replaced.
    progress
        Whether to show bars.

    Returns
    -------
    str
        The answer, whether it is the known one, and where the report lies.

    Raises
    ------
    ResultsExistError
        If the folder has results already.
    """
    out = report.prepare(out, force=force)
    recording = out / "simulated.nwb"
    if force:
        recording.unlink(missing_ok=True)
    of_session, of_candidates, of_analysis = seeds(seed, 3)
    simulate.session(recording, areas=AREAS, task=TASK, rng=of_session, progress=progress)
    models, controls = candidates(of_candidates, progress=progress)
    result = explain(recording, models, controls, rng=of_analysis, progress=progress)
    truth = simulate.truth(recording)
    command = f"neurofit demo --out {out} --seed {seed}"
    title = "Which layer explains which area? A simulated session"
    known = {"known": truth["layers"], "known_model": kind_of(truth["recipe"])}
    page = report.write(result, out, title=title, command=command, force=True, **known)
    return f"{report.summary(result, **known)}\nRecording: {recording}\nReport: {page}"


def kind_of(recipe: Mapping[str, Any]) -> str:
    """Name of the candidate that was made like a network.

    Parameters
    ----------
    recipe
        The network's, with its architecture, objective and rule.

    Returns
    -------
    str
        A key of ``CANDIDATES``.
    """
    wanted = {name: recipe[name] for name in ("architecture", "objective", "rule")}
    kinds = {name: {"architecture": ARCHITECTURE, **kind} for name, kind in CANDIDATES.items()}
    return next(name for name, kind in kinds.items() if wanted.items() <= kind.items())


def seeds(seed: int, n: int) -> list[int]:
    """``n`` seeds that follow from one; kept as numbers, they can stand in a result's history.

    Parameters
    ----------
    seed
        The one.
    n
        How many.

    Returns
    -------
    list of int
        The seeds.
    """
    return np.random.default_rng(seed).integers(2**31, size=n).tolist()


def candidates(
    seed: int, *, workers: int | None = None, progress: bool = True
) -> tuple[dict[str, xr.DataArray], dict[str, xr.DataArray]]:
    """Activations of one network of each kind in ``CANDIDATES``, after and before training.

    Parameters
    ----------
    seed
        Where the networks' seeds come from.
    workers
        How many are trained at once.
    progress
        Whether to show a bar.

    Returns
    -------
    models, controls : dict
        Activations by name: trained, and untrained.
    """
    kinds = zip(CANDIDATES.values(), seeds(seed, len(CANDIDATES)), strict=True)
    recipes = [{**kind, "rng": own} for kind, own in kinds]
    records = parallel.apply(
        _record, recipes, workers=workers, progress=progress, description="training candidates"
    )
    models, controls = (
        {name: record[key] for name, record in zip(CANDIDATES, records, strict=True)}
        for key in ("activations", "untrained")
    )
    return models, controls


def _record(recipe: Mapping[str, Any]) -> xr.Dataset:
    network = nets.train(TASK, progress=False, **{"architecture": ARCHITECTURE, **recipe})
    return nets.record(network, nets.tasks[TASK]().stimuli())


def explain(
    recording: str | Path,
    models: Mapping[str, xr.DataArray],
    controls: Mapping[str, xr.DataArray] | None = None,
    *,
    rng: int | np.random.Generator | None = None,
    progress: bool = True,
) -> xr.Dataset:
    """Open a recording as if it came from a lab, and compare its areas to the models' layers.

    Parameters
    ----------
    recording
        An NWB file with the task's stimuli, by name, in its trials.
    models, controls
        Activations by name, after and before training.
    rng
        Seed or generator of the resampling.
    progress
        Whether to show a bar.

    Returns
    -------
    Dataset
        As ``neurofit.compare.areas_to_layers`` gives it.
    """
    responses = prep.responses(io.open_nwb(recording), window=WINDOW, bin=None)
    return compare.areas_to_layers(
        responses, models, control=controls, order=AREAS, rng=rng, progress=progress
    )
