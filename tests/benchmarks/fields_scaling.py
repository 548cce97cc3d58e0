"""Writes docs/tables/field_scaling.csv: ``OMP_NUM_THREADS=1 python tests/benchmarks/fields_scaling.py``.

How time and memory grow with synapses, trials, sessions, samples and draws. Each size runs in a process of
its own: once for first use and for memory (of NumPy's arrays; of probes, which run in torch, of the process),
and then some times more, of which seconds are the least.
"""

import csv
import json
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path

import numpy as np
from measure import peak

sys.path.insert(0, str(Path(__file__).parents[1] / "calibration"))

TABLE = Path(__file__).parents[2] / "docs" / "tables" / "field_scaling.csv"
NETWORKS = {2000: (20, 80, 5), 20_000: (40, 400, 10)}
REPEATS, LONG = 5, 5.0  # seconds, from which a run is the last
SIZES = [
    *(("pairs", synapses, trials) for synapses in (196, 1000, 2000, 5000) for trials in (200, 400)),
    *(("least_squares", synapses, 4 * synapses) for synapses in (50, 100, 196)),
    *(("probe", synapses, draws) for synapses in NETWORKS for draws in (10, 40)),
    *(("steps", synapses, 400) for synapses in (5, 20)),
    *(("fit", synapses, samples) for synapses in (2, 10) for samples in (500, 2000)),
]
ROWS = {
    "pairs": "trials",
    "least_squares": "trials",
    "probe": "draws",
    "steps": "sessions",
    "fit": "samples",
}


def perturbed(estimator, synapses, trials):
    """Decomposes a random Jacobian, with noise of the size of the signal."""
    import xarray as xr

    from neurofit.fields import WeightField
    from neurofit.fields._power import random_jacobian

    rng = np.random.default_rng(0)
    x, noise = rng.normal(size=(2, trials, synapses))
    y = x @ random_jacobian(synapses, 0.7, rng).T + noise / np.sqrt(synapses)
    field = WeightField.from_trials(None, *(xr.DataArray(each, dims=("trial", "synapse")) for each in (x, y)))
    return lambda: field.decompose(estimator=estimator, rng=0)


def probed(synapses, draws):
    """Probes feedback alignment on 256 examples."""
    import torch

    from neurofit.fields import probe
    from neurofit.simulate import rule_field

    torch.set_num_threads(1)
    field = rule_field("feedback_alignment", layers=NETWORKS[synapses], examples=256, rng=0)
    return lambda: probe(field, field.w0, draws=draws, rng=0, progress=False)


def walking(synapses, sessions):
    """Decomposes a linear field from weights over sessions."""
    from neurofit.fields import WeightField, closed_field, walked

    made = walked(
        closed_field("linear", synapses=synapses, gradient_share=0.7, rng=0),
        sessions=sessions,
        interval=0.3,
        noise=1.0,
        rng=0,
    )
    field = WeightField.from_trajectory(made.weights, made.times)
    return lambda: field.decompose(rng=0)


def scattered(synapses, samples):
    """Fits waves, with noise of 10 %."""
    from fields_table import made, ours

    w, dw, *_ = made(f"{synapses}-D waves", 0)
    return lambda: ours(w[:samples], dw[:samples])


def measured(what, synapses, rows):
    """Seconds and MiB, in this process."""
    if what in ("pairs", "least_squares"):
        run = perturbed(what, synapses, rows)
    else:
        run = {"probe": probed, "steps": walking, "fit": scattered}[what](synapses, rows)
    before, traced = peak(), what != "probe"
    if traced:
        tracemalloc.start()
    run()
    above = tracemalloc.get_traced_memory()[1] / 2**20 if traced else peak() - before
    tracemalloc.stop()
    seconds = []
    while len(seconds) < REPEATS and max(seconds, default=0.0) < LONG:
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return {"seconds": f"{min(seconds):.3g}", "MiB": f"{above:.0f}"}


def main():
    """Each size in a process of its own, or the one that is told."""
    if sys.argv[1:]:
        print(json.dumps(measured(*json.loads(sys.argv[1]))))
        return
    found = []
    for what, synapses, rows in SIZES:
        command = [sys.executable, __file__, json.dumps((what, synapses, rows))]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        told = json.loads(done.stdout.splitlines()[-1])
        found.append({"what": what, "synapses": synapses, "rows": rows, "of": ROWS[what]} | told)
        print(found[-1], flush=True)
    with TABLE.open("w", newline="") as file:
        table = csv.DictWriter(file, found[0])
        table.writeheader()
        table.writerows(found)


if __name__ == "__main__":
    main()
