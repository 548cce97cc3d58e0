"""Many networks: every combination of choices, each on disk as soon as it is trained."""

from __future__ import annotations

import json
from functools import partial
from hashlib import sha256
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import xarray as xr

from ..errors import NeurofitError, TrainingError, listing, unknown_name
from ..names import NETWORK
from ..parallel import apply
from ..provenance import label, stamp
from ._choice import as_json, parted, said
from ._storage import load, save
from ._train import train

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ._network import Network

CHOICES = ("task", "architecture", "objective", "rule", "constraint")
USUAL = {"architecture": "mlp", "objective": "cross_entropy", "rule": "backprop"}
OPTIONS = (*CHOICES, "steps", "batch_size", "learning_rate", "optimizer")


class Cell(NamedTuple):
    """One network to be trained: options of ``train``, and its file."""

    options: Mapping[str, Any]
    seed: int
    file: str


class Outcome(NamedTuple):
    """What became of a cell: how well it does at the end, or why it is not there."""

    loss: float
    accuracy: float
    reason: str


def sweep(
    grid: Mapping[str, Any],
    *,
    out: str | Path,
    seeds: int = 1,
    rng: int | np.random.Generator | None = None,
    workers: int | None = None,
    device: str = "cpu",
    progress: bool = True,
) -> xr.Dataset:
    """Train a network for every combination of choices, over all workers; an interrupted sweep goes on.

    Each network is written as soon as it is trained, in one step, so that whatever is in the folder is whole.
    A network that is already there, of the same choices and seed, is not trained again. Combinations that do
    not fit together, or that diverge, are told in the result with the reason. The same numbers come out
    however many workers there are.

    Parameters
    ----------
    grid
        For each option of ``nets.train`` that varies, a list of values: ``task``, ``architecture``,
        ``objective``, ``rule``, ``constraint``, ``steps``, ``batch_size``, ``learning_rate``,
        ``optimizer``. A single value stands for itself.
    out
        Folder for the networks; made where it is missing.
    seeds
        Networks of each combination; combinations share their seeds, and so their initial weights.
    rng
        Seed or generator of the seeds. A folder keeps its seed: leave it out to go on with a sweep.
    workers
        How many networks are trained at once, as for ``neurofit.parallel.apply``.
    device
        Where torch computes.
    progress
        Whether to show a bar.

    Returns
    -------
    Dataset
        Dim ``network``; coords ``task``, ``architecture``, ``objective``, ``rule``, ``seed``, ``file`` (in
        ``out``, for ``nets.load``); ``loss`` and ``accuracy`` on held-out images at the end; ``reason``,
        empty where the network is there.

    Raises
    ------
    UnknownNameError
        If the grid has an option that ``nets.train`` does not have.
    TrainingError
        If the folder belongs to a sweep of another seed, or the grid is empty or names no task.
    """
    options = _options(grid)
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    seed = _seed(folder, rng)
    each = np.random.default_rng(seed).integers(2**31, size=seeds).tolist()
    cells = [_cell(one, number) for one in options for number in each]
    work = partial(_trained, folder=folder, device=device)
    outcomes = apply(work, cells, workers=workers, progress=progress, description="training networks")
    return _labelled(cells, outcomes, grid, seed)


def _options(grid: Mapping[str, Any]) -> list[dict[str, Any]]:
    for option in grid:
        if option not in OPTIONS:
            raise unknown_name("option of a sweep", option, OPTIONS)
    values = {
        option: list(given) if isinstance(given, (list, tuple)) else [given] for option, given in grid.items()
    }
    empty = [option for option, given in values.items() if not given]
    if empty or "task" not in values:
        raise TrainingError(
            f"a sweep needs a task and a value for each option; without: {listing(empty) or 'task'}"
        )
    return [dict(zip(values, combination, strict=True)) for combination in product(*values.values())]


def _seed(folder: Path, rng: int | np.random.Generator | None) -> int:
    """The folder's seed; raise where another one is asked for."""
    kept = folder / "sweep.json"
    if kept.exists():
        seed = int(json.loads(kept.read_text())["seed"])
        if isinstance(rng, (int, np.integer)) and int(rng) != seed:
            raise TrainingError(
                f"{folder} has a sweep of seed {seed}, not {rng}. Leave rng out to go on with it, or choose "
                "another folder"
            )
        return seed
    seed = int(rng) if isinstance(rng, (int, np.integer)) else int(np.random.default_rng(rng).integers(2**31))
    beside = kept.with_suffix(".partial")
    beside.write_text(json.dumps({"seed": seed}))
    beside.replace(kept)
    return seed


def _cell(options: dict[str, Any], seed: int) -> Cell:
    """Names its file by what is in it: readable first, then exact."""
    choices = {**USUAL, **options}
    written = {
        name: as_json(value) if name in CHOICES and value else value for name, value in choices.items()
    }
    exact = sha256(json.dumps([written, seed], sort_keys=True).encode()).hexdigest()[:10]
    readable = "-".join(parted(choices[name])[0] for name in CHOICES[:4])
    return Cell(choices, seed, f"{readable}-{exact}.nc")


def _trained(cell: Cell, *, folder: Path, device: str) -> Outcome:
    path = folder / cell.file
    network = _kept(path)
    if network is None:
        options = {name: value for name, value in cell.options.items() if name != "task"}
        try:
            network = train(cell.options["task"], rng=cell.seed, device=device, progress=False, **options)
        except TrainingError as refused:
            return Outcome(np.nan, np.nan, str(refused))
        save(network, path, force=True)
    last = network.history.isel(step=-1)
    return Outcome(float(last["loss"]), float(last["accuracy"]), "")


def _kept(path: Path) -> Network | None:
    """The network of an earlier run, if it is there and whole."""
    if not path.exists():
        return None
    try:
        return load(path)
    except (NeurofitError, OSError, ValueError, KeyError):
        return None


def _labelled(
    cells: Sequence[Cell], outcomes: Sequence[Outcome], grid: Mapping[str, Any], seed: int
) -> xr.Dataset:
    loss, accuracy, reason = (
        xr.DataArray(list(column), dims=NETWORK) for column in zip(*outcomes, strict=True)
    )
    words = {
        name: (NETWORK, [said(cell.options[name]) for cell in cells])
        for name in CHOICES
        if all(cell.options.get(name) for cell in cells)
    }
    plainly = {
        name: (NETWORK, [cell.options[name] for cell in cells])
        for name in OPTIONS[len(CHOICES) :]
        if name in grid
    }
    numbers = {"seed": (NETWORK, [cell.seed for cell in cells])}
    files = {"file": (NETWORK, [cell.file for cell in cells])}
    result = xr.Dataset(
        {
            "loss": label(loss, units="1", long_name="objective on held-out images, at the end"),
            "accuracy": label(accuracy, units="1", long_name="share of held-out images that are right"),
            "reason": label(reason.astype(str), units="1", long_name="why there is no network"),
        },
        {**words, **plainly, **numbers, **files},
    )
    return stamp(result, "nets.sweep", seed=seed, grid={name: grid[name] for name in grid})
