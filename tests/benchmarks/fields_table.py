"""Prints how well fields are found, beside SparseVFC: ``python tests/benchmarks/fields_table.py``.

2,000 samples with noise of 10 %; errors are root mean square errors to root mean square, at new points. The
peer is SparseVFC of dynamo-release where that is installed, else ``sparse_vfc``, written anew from the paper.
"tuned" has the beta, penalty and number of centres of least held-out error. Seconds are processor time, and
those of "tuned" include the tuning.
"""

import argparse
import logging
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import sparse_vfc as own

sys.path.insert(0, str(Path(__file__).parents[1] / "calibration"))

SAMPLES, NOISE = 2000, 0.1
WORLDS = {
    "2-D waves": ("waves", 2, (0.9, 1.5)),
    "2-D hills": ("hills", 2, (0.6, 0.9)),
    "10-D waves": ("waves", 10, (4.0, 5.0)),
}


def dynamo_vfc(w, dw, *, beta=None, penalty=3.0, centres=100, rng=None):
    """The same by dynamo-release; without beta, by its own default."""
    from dynamo.vectorfield.scVectorField import SparseVFC

    mean, scale = dw.mean(axis=0), np.sqrt(np.square(w - w.mean(axis=0)).mean())
    found = SparseVFC(
        w,
        (dw - mean) / dw.std(),
        w[:2],
        M=centres,
        beta=None if beta is None else beta / scale**2,
        lambda_=penalty,
        seed=rng or 0,
        lstsq_method="scipy",
        verbose=0,
    )
    return own.VectorField(found["X_ctrl"], found["C"] * dw.std(), found["beta"], mean)


def peer():
    """Its name, and its function."""
    try:
        import dynamo
    except ImportError:
        return "SparseVFC, written anew", own.sparse_vfc
    logging.disable(logging.ERROR)
    return f"SparseVFC of dynamo-release {dynamo.__version__}", dynamo_vfc


def made(world, seed):
    """Samples, new points, and the Jacobian there."""
    import field_worlds as worlds

    kind, synapses, lengths = WORLDS[world]
    rng = np.random.default_rng(seed)
    field, jacobian = getattr(worlds, kind)(synapses, rng.uniform(*lengths), rng=rng)
    shape = (2, SAMPLES, synapses)
    w, new = rng.uniform(-1.5, 1.5, shape) if synapses == 2 else rng.normal(size=shape)
    return w, worlds.noisy(field(w), NOISE, rng), new, jacobian(new)


def ours(w, dw):
    """The field by neurofit."""
    from field_worlds import labelled

    from neurofit.fields.regression import fit

    return fit(labelled(w), labelled(dw))


def errors(found, new, truth):
    """Of the Jacobian, and of its trace."""
    from field_worlds import relative_error

    slopes = found.jacobian(new)
    traces = [np.trace(each, axis1=1, axis2=2) for each in (slopes, truth)]
    return relative_error(slopes, truth), relative_error(*traces)


def measured(world, seed, function):
    """Errors and seconds of all, by name."""
    w, dw, new, truth = made(world, seed)
    fits = {
        "neurofit": lambda: ours(w, dw),
        "tuned": lambda: own.tuned(w, dw, fit=function),
        "default": lambda: function(w, dw, **({} if function is dynamo_vfc else {"beta": 0.1})),
    }
    told = {}
    for name, fit in fits.items():
        start = time.process_time()
        found = fit()
        told[name] = (*errors(found, new, truth), time.process_time() - start)
    return told


def main():
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--worlds", nargs="+", choices=list(WORLDS), default=list(WORLDS))
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    name, function = peer()
    ours(*made("2-D waves", 99)[:2])  # first use of the libraries
    print(f"| | | Jacobian | divergence | worst divergence to tuned | seconds |\n{'|---' * 6}|")
    for world in asked.worlds:
        runs = [measured(world, seed, function) for seed in range(asked.seeds)]
        for who in runs[0]:
            jacobian, divergence, seconds = np.median([run[who] for run in runs], axis=0)
            worst = max(run[who][1] / run["tuned"][1] for run in runs)
            print(
                f"| {world} | {who} | {jacobian:.3f} | {divergence:.3f} | {worst:.2f} | {seconds:.2f} |",
                flush=True,
            )
    print(f"\nMedians of {asked.seeds} seeds; tuned and default: {name}.")


if __name__ == "__main__":
    main()
