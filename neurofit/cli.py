"""Files in, files out: the command ``neurofit``."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from . import __version__
from .errors import NeurofitError, SchemaError

if TYPE_CHECKING:
    import xarray as xr

app = App(
    name="neurofit",
    version=__version__,
    suppress_keyboard_interrupt=False,
    default_parameter=Parameter(negative=()),
    help="Which objective function, learning rule and architecture would produce what you recorded?",
)

Several = Parameter(consume_multiple=True)


def main() -> None:
    """Run the command; a refusal is one message and exit code 1, an interrupt exit code 130."""
    try:
        app(sys.argv[1:])
    except (NeurofitError, OSError) as error:
        print(f"neurofit: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print(
            "neurofit: interrupted; finished files are whole, unfinished ones were removed", file=sys.stderr
        )
        sys.exit(130)


@app.command
def demo(*, out: Path = Path("neurofit-demo"), seed: int = 0, force: bool = False) -> None:
    """Run the main job on a simulated session with a known answer.

    Parameters
    ----------
    out
        Folder for the NWB file, the results, the figures and the report.
    seed
        Which session: the answer differs from seed to seed.
    force
        Replace results that are in the folder.
    """
    from .demo import run

    print(run(out, seed=seed, force=force))


@app.command
def inspect(file: Path, *, deep: bool = False, analysis: str | None = None) -> None:
    """Show what is in a recording, and what is wrong with it, without reading it whole.

    Parameters
    ----------
    file
        An NWB file.
    deep
        Read all values too, for what is wrong with them.
    analysis
        Tell too what the recording lacks for this analysis, such as rsa; its spikes are read for that.
    """
    from . import io

    print(io.inspect(file, deep=deep))
    if analysis is not None:
        print(f"\n{io.check_requirements(file, analysis=analysis, continuous=False)}")


@Parameter(name="*")
@dataclass(frozen=True)
class Counting:
    """Which spikes count.

    Parameters
    ----------
    trials
        Table of intervals to use; by default the one called trials, or the only one.
    stimulus
        Its column that names what was shown; by default stimulus_id.
    align
        Its column with the time to count from, in seconds.
    window
        Start and end of the time to count in, in seconds from there.
    """

    trials: str | None = None
    stimulus: str | None = None
    align: str = "start_time"
    window: tuple[float, float] = (0.0, 1.0)


@Parameter(name="*")
@dataclass(frozen=True)
class Method:
    """How areas and layers are compared.

    Parameters
    ----------
    measure
        Dissimilarity between stimuli.
    noise
        How the noise of units is weighed: diagonal (variances) or ledoit_wolf (covariances too).
    comparator
        How two sets of dissimilarities are compared.
    draws
        How often the stimuli are resampled.
    seed
        Seed of the resampling.
    """

    measure: str = "crossnobis"
    noise: str = "diagonal"
    comparator: str = "pearson"
    draws: int = 1000
    seed: int = 0


@app.command
def compare(
    file: Path,
    *,
    model: Annotated[list[Path], Several],
    out: Path,
    order: Annotated[list[str] | None, Several] = None,
    counting: Counting = Counting(),  # noqa: B008 - frozen
    method: Method = Method(),  # noqa: B008 - frozen
    force: bool = False,
) -> None:
    """Tell which layer of which network explains each area of a recording.

    Parameters
    ----------
    file
        An NWB file.
    model
        Activations saved by neurofit (NetCDF or Zarr): dims stimulus and unit, coord area for the layer.
        Several may be given.
    out
        Folder for the results, the figures and the report.
    order
        The areas from the first of the anatomical hierarchy to the last.
    force
        Replace results that are in the folder.
    """
    from . import compare as comparison
    from . import io, prep, report

    report.prepare(out, force=force)
    session = io.open_nwb(file, trials=counting.trials, continuous=False)
    responses = prep.responses(
        session, align=counting.align, window=counting.window, bin=None, stimulus=counting.stimulus
    )
    if responses.isnull().any():  # The report names the units that were not observed in every trial.
        responses = prep.select_units(responses, least_observed=1)
    models, controls = comparison.read_models(model)
    result = comparison.areas_to_layers(
        responses,
        models,
        measure=method.measure,
        noise=method.noise,
        comparator=method.comparator,
        order=order,
        control=controls,
        draws=method.draws,
        rng=method.seed,
    )
    title = f"Which layer explains which area? {file.name}"
    page = report.write(result, out, title=title, command=_typed(), force=True)
    print(report.summary(result))
    print(f"Report: {page}")


@app.command
def train(
    *,
    out: Path,
    task: str = "orientation",
    architecture: str = "conv",
    objective: str = "cross_entropy",
    rule: str = "backprop",
    steps: int = 300,
    seed: int = 0,
    stimuli: Path | None = None,
    force: bool = False,
) -> None:
    """Train a network and save what its units do, before and after training.

    Parameters
    ----------
    out
        File for the activations (NetCDF or Zarr), for ``neurofit compare --model``.
    task
        What the network learns to do.
    architecture
        How its units are connected.
    objective
        What it is trained for.
    rule
        How its weights learn.
    steps
        How many batches it learns from.
    seed
        Seed of its initial weights and its batches.
    stimuli
        Images to show it (NetCDF or Zarr; dims stimulus, channel, y, x; coord stimulus_id); by default the
        task's own.
    force
        Replace the file if there is one.
    """
    from . import io, nets

    network = nets.train(
        task, architecture=architecture, objective=objective, rule=rule, steps=steps, rng=seed
    )
    shown = nets.tasks[task]().stimuli() if stimuli is None else _images(stimuli)
    io.save(nets.record(network, shown), out, force=force)
    last = network.history.isel(step=-1)
    print(f"loss {float(last.loss):.3g}, accuracy {float(last.accuracy):.2f} after {int(last.step)} steps")
    print(f"Activations: {out}")


@app.command
def cite(result: Path) -> None:
    """Print what to cite for a result.

    Parameters
    ----------
    result
        A file that neurofit wrote.
    """
    from . import cite as sources
    from . import io

    print(sources(io.load(result)))


def _images(path: Path) -> xr.DataArray:
    from xarray import DataArray

    from . import io

    stored = io.load(path)
    if not isinstance(stored, DataArray):
        raise SchemaError(
            f"{path} holds a {type(stored).__name__}; images are one DataArray with dims stimulus, channel, "
            "y, x and coord stimulus_id. Save it with neurofit.io.save(images, path)."
        )
    return stored


def _typed() -> str:
    return shlex.join(["neurofit", *sys.argv[1:]])
