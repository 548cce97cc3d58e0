"""Writes docs/tables/field_scaling.csv: ``python tests/benchmarks/fields_scaling.py``.

How long it takes to take a field of weight changes apart, by synapses and trials. Least of some repeats, on
one thread; peak memory of what NumPy and Python hold, of one more.
"""

import csv
import os
import time
import tracemalloc
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import torch
import xarray as xr

from neurofit import io
from neurofit.fields import WeightField, closed_field, fit, probe, walked
from neurofit.simulate import rule_field

TABLE = Path(__file__).parents[2] / "docs" / "tables" / "field_scaling.csv"
DIMS = ("trial", "synapse")
LAYERS = {2000: (20, 80, 5), 20_000: (40, 400, 10)}
REPEATS = 3


def trials(synapses, count, estimator):
    """A call that takes perturbations apart."""
    rng = np.random.default_rng(0)
    delta, dw = (xr.DataArray(rng.normal(size=(count, synapses)), dims=DIMS) for _ in range(2))
    field = WeightField.from_trials(None, delta, dw)
    return lambda: field.decompose(estimator=estimator, rng=0)


def sessions(synapses, count):
    """A call that takes sessions apart."""
    made = walked(closed_field("linear", synapses=synapses, rng=0), sessions=count, noise=1.0, rng=0)
    field = WeightField.from_trajectory(made.weights, made.times)
    return lambda: field.decompose(rng=0)


def probed(synapses, draws):
    """A call that probes feedback alignment."""
    rule = rule_field("feedback_alignment", layers=LAYERS[synapses], examples=256, rng=0)
    return lambda: probe(rule, rule.w0, draws=draws, rng=0, progress=False)


def scattered(synapses, count):
    """A call that fits a field to samples."""
    rng = np.random.default_rng(0)
    w = xr.DataArray(rng.normal(size=(count, synapses)), dims=DIMS)
    return lambda: fit(w, np.sin(w))


CASES = [
    *(
        ("pairs", n, count, trials(n, count, "pairs"))
        for n in (196, 1000, 2000, 5000)
        for count in (200, 400)
    ),
    *(("least_squares", n, 4 * n, trials(n, 4 * n, "least_squares")) for n in (20, 50, 100, 196)),
    *(("steps", n, count, sessions(n, count)) for n in (5, 20) for count in (400, 1600)),
    *(("kernel regression", n, count, scattered(n, count)) for n in (2, 10) for count in (500, 2000)),
    *(("probes", n, draws, probed(n, draws)) for n in LAYERS for draws in (10, 40)),
]


def row(what, synapses, count, call):
    """One line of the table."""
    call()  # what is compiled and loaded once does not count
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - start)
    tracemalloc.start()
    call()
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    return {
        "what": what,
        "synapses": synapses,
        "trials, sessions, samples or draws": count,
        "seconds": f"{min(seconds):.3g}",
        "MiB": f"{peak:.3g}",
    }


def main():
    """Measure, and write the table."""
    torch.set_num_threads(1)
    found = []
    for case in CASES:
        found.append(row(*case))
        print(found[-1], flush=True)
    with io.beside(TABLE) as unfinished, Path(unfinished).open("w", newline="") as file:
        table = csv.DictWriter(file, found[0], lineterminator="\n")
        table.writeheader()
        table.writerows(found)


if __name__ == "__main__":
    main()
