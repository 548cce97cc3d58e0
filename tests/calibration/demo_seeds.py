"""Does the demo name the right layer for each area? Ten sessions, with the right answer and with none.

    python tests/calibration/demo_seeds.py

writes docs/tables/demo_seeds.csv. Each session is compared with the very network that drives it, with the
demo's candidates (networks trained from other seeds), and with those once more after its area labels were
shuffled over units. Neurons read their layer out in the demo's way ("mixture") and a harder one ("single");
noise is weighed by variances alone, as by default, and in the harder case by covariances too.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from tables import write

import neurofit
from neurofit import compare, demo, io, nets, parallel, prep, simulate

TABLE = Path(__file__).parents[2] / "docs" / "tables" / "demo_seeds.csv"
WAYS = (("mixture", "diagonal"), ("single", "diagonal"), ("single", "ledoit_wolf"))
CASES = [(seed, *way) for way in WAYS for seed in range(10)]


def row(case: tuple[int, str, str]) -> dict[str, object]:
    """What is named for one session."""
    seed, readout, noise = case
    of_session, of_candidates, of_analysis = demo.seeds(seed, 3)
    with TemporaryDirectory() as folder:
        path = simulate.session(
            Path(folder) / "simulated.nwb",
            areas=demo.AREAS,
            task=demo.TASK,
            readout=readout,
            rng=of_session,
            progress=False,
        )
        truth = simulate.truth(path)
        responses = prep.responses(io.open_nwb(path), window=demo.WINDOW, bin=None)
    models, controls = demo.candidates(of_candidates, workers=1, progress=False)
    options = {"order": demo.AREAS, "noise": noise, "rng": of_analysis, "progress": False}
    result = compare.areas_to_layers(responses, models, control=controls, **options)
    leader = result.attrs["leading_model"]
    recipe = {name: truth["recipe"][name] for name in ("architecture", "objective", "rule", "steps", "seed")}
    same = nets.train(demo.TASK, rng=recipe.pop("seed"), progress=False, **recipe)
    own = compare.areas_to_layers(
        responses, nets.activations(same, nets.tasks[demo.TASK]().stimuli()), **options
    )
    labels = np.random.default_rng(seed).permutation(responses.area.values)
    shuffled = compare.areas_to_layers(
        responses.assign_coords(area=("unit", labels)), models, control=controls, **options
    )
    return {
        "seed": seed,
        "readout": readout,
        "noise": noise,
        "driven by": listed(truth["layers"].values()),
        "same network": named(own, str(own.model.values[0])),
        "leading candidate": leader,
        "its layers": named(result, leader),
        "retrained": named(result, demo.KIND),
        "rise (95 %)": rise(result, demo.KIND),
        "behind": "; ".join(behind(result)),
        "shuffled": named(shuffled, demo.KIND),
        "shuffled rise (95 %)": rise(shuffled, demo.KIND),
        "version": neurofit.__version__,
    }


def named(result, model: str) -> str:
    """The layer named for each area; a dash where it is inconclusive."""
    one = result.sel(model=model, area=list(demo.AREAS))
    best = one.layer.values[one.share.argmax("layer")]
    return listed(layer if sure else "-" for layer, sure in zip(best, one.conclusive.values, strict=True))


def behind(result) -> list[str]:
    """The candidates that are told apart from the leading one."""
    return result.model.values[result.deficit_interval.sel(bound="lower").values > 0].tolist()


def rise(result, model: str) -> str:
    """Rise of the position over areas, with its interval."""
    one = result.sel(model=model)
    low, high = one.hierarchy_interval.values
    return f"{float(one.hierarchy):z.2f} ({low:z.2f} to {high:z.2f})"


def listed(layers) -> str:
    """Layers as one cell of a table."""
    return " ".join(map(str, layers))


def main() -> None:
    """Make the table."""
    rows = parallel.apply(row, CASES, description="sessions")
    write(TABLE, rows)


if __name__ == "__main__":
    main()
