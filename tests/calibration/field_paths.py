"""How often are alignment, rotation, metrics and returns told right, and told where there are none?

    python tests/calibration/field_paths.py

writes docs/tables/field_paths.csv (minutes). Columns: ``positive``, the share of p at most .05 (of
certificates for metrics, of right verdicts for returns); ``wrong``, the share of wrong verdicts;
``identified``, the share of answers that are not refused; ``coverage`` of the 95 % interval of these;
``estimate`` and ``truth``, means.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr
from scipy.linalg import expm, solve_continuous_lyapunov
from tables import write

import neurofit
from neurofit import parallel
from neurofit.fields.metric import gradient_metric
from neurofit.fields.paths import alignment, irreversibility
from neurofit.fields.recovery import return_test

TABLE = Path(__file__).parents[2] / "docs" / "tables" / "field_paths.csv"
FIRST_SEED = 7000  # no choice within the analyses was made on data from here on
POSTS, PRES, LAYERS = 20, 15, 6
LEARNERS = {"new minimum": {}, "same minimum": {"outputs": 12}, "decay": {"pull": 0.15}}
LEARNERS["function does not return"] = {"learns": False}


def low_rank(rng, related, *, layers=1, count=1, shared=True):
    """Mean changes and gradients (count, synapse) of rank 2, and wires.

    What is unrelated in them has the same presynaptic activity, or activity of its own.
    """
    size = POSTS * PRES // layers
    changes, gradients = np.zeros((2, count, layers, size))
    for layer in range(layers):
        posts = POSTS // 4 if layers > 1 else POSTS
        pres = size // posts
        activity = presynaptic(rng, pres)
        errors, others = smooth(rng, count, posts), smooth(rng, count, posts)
        unrelated = others @ (activity if shared else presynaptic(rng, pres))
        follows = related * errors @ activity + np.sqrt(1 - related**2) * unrelated
        gradients[:, layer] = (errors @ activity).reshape(count, -1)
        changes[:, layer] = -follows.reshape(count, -1)
    wires = {
        "post": ("synapse", np.tile(np.repeat(np.arange(posts), pres), layers)),
        "pre": ("synapse", np.tile(np.arange(pres), posts * layers)),
    }
    if layers > 1:
        wires["layer"] = ("synapse", np.repeat([f"layer{layer}" for layer in range(layers)], size))
    return changes.reshape(count, -1), gradients.reshape(count, -1), wires


def presynaptic(rng, pres):
    """Activity of two patterns, one of them stronger."""
    return np.array([[5.0], [1.5]]) * np.linalg.qr(rng.normal(size=(pres, 2)))[0].T


def smooth(rng, count, posts):
    """Errors (count, post, 2) that remember half of those before."""
    errors = rng.normal(size=(count, posts, 2))
    for at in range(1, count):
        errors[at] = 0.5 * errors[at - 1] + np.sqrt(0.75) * errors[at]
    return errors


def aligned(seed, *, null, shared, related, noise, rows, trials=30):
    """One alignment: trials in one state, or sessions that are measured twice."""
    rng = np.random.default_rng(seed)
    layers = LAYERS if null == "layer" else 1
    count = 1 if rows == "trial" else trials
    mean, gradient, wires = low_rank(rng, related, layers=layers, count=count, shared=shared)
    dims = (rows, "synapse")
    one, other = (
        xr.DataArray(mean + noise * rng.normal(size=(trials, mean.shape[1])), dims=dims).assign_coords(wires)
        for _ in range(2)
    )
    if rows == "trial":
        truth = -(mean * gradient).sum() / np.sqrt((mean**2).sum() * (gradient**2).sum())
        found = alignment(one, xr.DataArray(gradient[0], dims="synapse"), null=null, draws=199, rng=seed)
    else:
        truth = related
        slope = xr.DataArray(gradient, dims=dims)
        found = alignment(one, slope, repeats=other, null=null, draws=199, rng=seed)
    found = found.isel(layer=0) if layers > 1 else found
    return told(found, "disattenuated_cosine", truth)


def isotropic(seed, *, related, noise, trials=30):
    """What is not offered: the cosine against that of random directions."""
    rng = np.random.default_rng(seed)
    mean, gradient, wires = low_rank(rng, related)
    changes = mean + noise * rng.normal(size=(trials, mean.shape[1]))
    changes = xr.DataArray(changes, dims=("trial", "synapse")).assign_coords(wires)
    found = alignment(changes, xr.DataArray(gradient[0], dims="synapse"), draws=1, rng=seed)
    return {"positive": float(found.cosine) > 1.645 / np.sqrt(POSTS * PRES)}


def turning(seed, *, rotation, sessions, trajectories=1, noise=0.0, synapses=10, slow=0.2):
    """One stationary path, or several, of weights that follow J = S + A among noise."""
    rng = np.random.default_rng(seed)
    half, turn = rng.normal(size=(2, synapses, synapses))
    jacobian = -(slow * np.eye(synapses) + 0.2 * half @ half.T / synapses)
    jacobian += rotation * (turn - turn.T) / np.sqrt(2 * synapses)
    step, still = expm(jacobian), solve_continuous_lyapunov(jacobian, -np.eye(synapses))
    root = np.linalg.cholesky(still - step @ still @ step.T)
    w = np.empty((trajectories, sessions, synapses))
    w[:, 0] = rng.normal(size=(trajectories, synapses)) @ np.linalg.cholesky(still).T
    for at in range(1, sessions):
        w[:, at] = w[:, at - 1] @ step.T + rng.normal(size=(trajectories, synapses)) @ root.T
    product = (step - np.eye(synapses)) @ still
    truth = ((product - product.T) ** 2).sum() / 4 / ((product**2).sum())
    array = xr.DataArray(
        w + noise * rng.normal(size=w.shape), dims=("trajectory", "session_index", "synapse")
    )
    array = array if trajectories > 1 else array[0]
    return told(irreversibility(array, draws=199, matrix=False, rng=seed), "irreversibility", truth)


def told(found, name, truth):
    """What of one result is counted."""
    low, high = found[f"{name}_interval"].values
    return {
        "positive": float(found.p) <= 0.05,
        "identified": bool(found.identified),
        "coverage": low <= truth <= high if found.identified else np.nan,
        "estimate": float(found[name]),
        "truth": truth,
    }


def measured(seed, *, kind, rotation, noise, synapses=8):
    """One certificate for a gradient with rates of its own, or with rotation added."""
    rng = np.random.default_rng(seed)
    half, turn = rng.normal(size=(2, synapses, synapses))
    rates = np.exp(0.5 * rng.normal(size=synapses))
    matrix = rates[:, None] * (half + half.T + rotation * (turn - turn.T)) / np.sqrt(2)
    given = xr.DataArray(matrix + noise * rng.normal(size=matrix.shape), dims=("synapse", "synapse_b"))
    found = gradient_metric(given, kind=kind, standard_error=noise, draws=99, rng=seed)
    return {"positive": found.verdict == "does not exist"}


def recovered(seed, *, truth, noise, trials):
    """One return after perturbation, and the same without learning."""
    setting = LEARNERS[truth]
    rng = np.random.default_rng(seed)
    on = learner(rng, noise=noise, trials=trials, **setting)
    off = learner(rng, noise=noise, trials=trials, **setting | {"learns": False})
    found = return_test(
        on["function"],
        weights=on["weights"],
        onset=5,
        late=5,
        control_function=off["function"],
        control_weights=off["weights"],
        constraints=on["constraints"],
        noise=noise**2,
    )
    return {
        "positive": found.verdict == truth,
        "identified": found.verdict != "inconclusive",
        "wrong": found.verdict not in {truth, "inconclusive"},
    }


def learner(rng, *, noise, trials, outputs=4, synapses=12, pull=0.0, learns=True):
    """A linear network at a minimum, moved in session 5; gradient descent in closed form."""
    inputs = np.linalg.qr(rng.normal(size=(synapses, outputs)))[0].T
    step = np.eye(synapses) * (1 - pull) - 0.3 * learns * inputs.T @ inputs
    moved = rng.normal(size=(trials, synapses))
    w = np.zeros((trials, 40, synapses))
    for at in range(5, 40):
        w[:, at] = moved @ np.linalg.matrix_power(step, at - 5)
    loss = 0.5 * ((w @ inputs.T) ** 2).sum(axis=2)
    dims = ("trial", "session_index", "synapse")
    return {
        "function": xr.DataArray(loss + noise * rng.normal(size=loss.shape), dims=dims[:2]),
        "weights": xr.DataArray(w + noise * rng.normal(size=w.shape), dims=dims),
        "constraints": xr.DataArray(inputs, dims=("feature", "synapse")),
    }


MANY, SOME = 400, 100
CASES = [
    *((isotropic, MANY, {"related": 0.0, "noise": 2.0}),),
    *(
        (
            aligned,
            MANY,
            {"null": null, "rows": rows, "shared": shared, "related": related, "noise": noise},
        )
        for null, rows, shared in (
            ("post", "trial", True),
            ("post", "trial", False),
            ("pre", "trial", True),
            ("pre", "trial", False),
            ("layer", "trial", True),
            ("layer", "trial", False),
            ("post", "session_index", True),
            ("time", "session_index", True),
        )
        for related, noise in ((0.0, 2.0), (0.4, 2.0), (0.4, 8.0))
    ),
    *(
        (turning, MANY, {"rotation": rotation, "sessions": sessions} | more)
        for sessions, more in (
            (100, {}),
            (400, {}),
            (20, {"trajectories": 20}),
            (100, {"noise": 0.5}),
            (100, {"slow": 0.05}),
        )
        for rotation in (0.0, 0.2)
    ),
    *(
        (measured, SOME, {"kind": kind, "rotation": rotation, "noise": noise})
        for kind in ("full", "diagonal")
        for rotation in (0.0, 0.8)
        for noise in (0.1, 0.3)
    ),
    *(
        (recovered, SOME, {"truth": truth, "noise": noise, "trials": trials})
        for truth in LEARNERS
        for noise, trials in ((0.1, 6), (0.1, 12), (1.0, 12))
    ),
]
COLUMNS = ("positive", "wrong", "identified", "coverage", "estimate", "truth")


def row(case):
    """One line of the table: means over repeats."""
    make, repeats, setting = case
    found = [make(FIRST_SEED + seed, **setting) for seed in range(repeats)]
    means = {name: np.nanmean([one[name] for one in found]) for name in COLUMNS if name in found[0]}
    return {
        "analysis": make.__name__,
        "setting": ", ".join(f"{name} {value}" for name, value in setting.items()),
        "repeats": repeats,
        **{name: f"{means[name]:z.3f}" if name in means else "" for name in COLUMNS},
        "first_seed": FIRST_SEED,
        "version": neurofit.__version__,
    }


def main():
    """Make the table."""
    write(TABLE, parallel.apply(row, CASES, description="cases"))


if __name__ == "__main__":
    main()
