"""A subject that learns to move a cursor through a decoder that was changed, by feedback that is known."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np
import xarray as xr

from ... import provenance
from ...errors import SchemaError, unknown_name
from ...names import COMPONENT, STIMULUS, STIMULUS_ID, TIME, UNIT, UNIT_ID
from ...provenance import label
from ._network import Network, Numbers, Task, learn, reinforced, run, supervised

PORTES = (
    "Portes, Schmid & Murray 2022, Advances in Neural Information Processing Systems 35, arXiv:2206.13448"
)
RFLO = "Murray 2019, eLife 8:e43299, doi:10.7554/eLife.43299"
PERTURBED = "Miconi 2017, eLife 6:e20899, doi:10.7554/eLife.20899"
FEEDBACK = ("biased", "unbiased", "none")
BIN = 0.05  # seconds
BINS = 20
UPDATES, REPEATS = 20, 5  # after the change, and trials of every target in each
TRIALS = 20  # of every target in an average
NOISE = 0.1  # of every unit in every bin
DIMENSIONS = 8  # of the activity, in which decoders lie
DRIFT = 0.25  # size of drift of the weights, to that of the weights


class _Subject(NamedTuple):
    """A network that reaches through ``earlier``, about to meet ``decoder``."""

    network: Network
    task: Task
    earlier: Numbers
    decoder: Numbers


def simulate_bci(
    feedback: str,
    *,
    units: int = 60,
    recorded: float = 1.0,
    targets: int = 8,
    rotation: float = 60.0,
    mixture: float = 0.0,
    learning_rate: float = 0.01,
    noise: float = 1.0,
    rng: int | np.random.Generator | None = None,
) -> xr.Dataset:
    r"""Activity of a subject before and after it learns a new decoder, by feedback that is known.

    A network x(t) = (1 - a) x(t - 1) + a (tanh(W x(t - 1) + U s) + noise) learns to reach for targets on a
    circle through the decoder D0. Then the decoder is D1 = cos(r) D0 + sin(r) D', where D' is at right
    angles to D0 within the eight largest components of the activity, and recurrent weights W change again:

    - ``"biased"``: errors e are sent back through an internal model B = (1 - m) D0 + m D1 of the decoder;
      dW ~ sum over t of (B' e(t)) times the eligibility of each synapse;
    - ``"unbiased"``: noise of units that came before more reward, ``-|e|^2``, than usual for the target is
      made more likely; on average dW is as above, with D1 in place of B;
    - ``"none"``: W drifts at random, in no relation to errors.

    Parameters
    ----------
    feedback
        What changes the weights: one of those three.
    units
        Number of units; the decoder reads them all.
    recorded
        Share of units that are recorded, at least two.
    targets
        Number of targets, evenly spread on the unit circle. The cursor is to reach them in twenty bins of
        50 ms, in a straight line and at constant speed.
    rotation
        The angle r between the decoders, in degrees.
    mixture
        The share m of the new decoder in the internal model.
    learning_rate
        Of each of twenty updates after the change, each from five trials of every target. Below 0 the
        subject learns to err more.
    noise
        Sd of the noise of what is observed in one bin of one trial, in sd of the activity of all units; the
        network's own noise comes on top. Averages are over twenty trials of every target; those of ``before``
        and of ``errors`` are not the same.
    rng
        Seed or generator.

    Returns
    -------
    Dataset
        ``before`` and ``after`` (stimulus, time, unit), mean activity early and late; ``errors`` (stimulus,
        time, component), the way from the cursor to where it should be, early, and ``errors_after``, late;
        ``decoder`` and ``internal`` (component, unit), D1 and D0 of the recorded units. Attrs: ``feedback``.

    Raises
    ------
    UnknownNameError
        If there is no such feedback.
    SchemaError
        If there are fewer than two targets, or fewer than eight units.

    References
    ----------
    Portes, Schmid & Murray 2022, Advances in Neural Information Processing Systems 35, arXiv:2206.13448;
    Murray 2019, eLife 8:e43299, doi:10.7554/eLife.43299;
    Miconi 2017, eLife 6:e20899, doi:10.7554/eLife.20899

    Examples
    --------
    >>> made = simulate_bci("unbiased", units=20, targets=4, rng=0)
    >>> dict(made.before.sizes)
    {'stimulus': 4, 'time': 20, 'unit': 20}
    >>> bool((made.errors_after**2).mean() < (made.errors**2).mean())
    True
    """
    _check(feedback, units, targets)
    seed, rng = rng, np.random.default_rng(rng)
    subject = _subject(units, targets, np.deg2rad(rotation), rng)
    internal = (1 - mixture) * subject.earlier + mixture * subject.decoder
    after = _changed(feedback, subject, internal, learning_rate, rng)
    seen = np.sort(rng.permutation(units)[: max(round(recorded * units), 2)])
    made = {}
    for when, network in (("", subject.network), ("_after", after)):
        observed, late = (run(network, subject.task.repeated(TRIALS), subject.decoder, rng) for _ in range(2))
        activity = observed.activity + noise * observed.activity.std() * rng.normal(
            size=observed.activity.shape
        )
        made["after" if when else "before"] = _mean(activity[..., seen])
        made[f"errors{when}"] = _mean(late.error)
    decoders = {"decoder": subject.decoder[:, seen], "internal": subject.earlier[:, seen]}
    result = _label(made, decoders, seen).assign_attrs(feedback=feedback)
    return provenance.stamp(
        result,
        "plasticity.simulate_bci",
        references=[PORTES, RFLO, PERTURBED],
        feedback=feedback,
        units=units,
        recorded=recorded,
        rotation=rotation,
        mixture=mixture,
        learning_rate=learning_rate,
        noise=noise,
        rng=seed,
    )


def _check(feedback: str, units: int, targets: int) -> None:
    if feedback not in FEEDBACK:
        raise unknown_name("feedback", feedback, FEEDBACK)
    least = {"targets": (targets, 2), "units": (units, DIMENSIONS)}
    wrong = [f"{name} is {value}, at least {low}" for name, (value, low) in least.items() if value < low]
    if wrong:
        raise SchemaError(f"no subject to simulate: {'; '.join(wrong)} are needed.")


def _subject(units: int, targets: int, angle: float, rng: np.random.Generator) -> _Subject:
    """Who has learned to reach through a decoder, and the decoder that is next."""
    around = 2 * np.pi * np.arange(targets) / targets
    where = np.stack([np.cos(around), np.sin(around)], axis=1)
    path = np.arange(1, BINS + 1) / BINS
    task = Task(where[:, None] * path[:, None], np.column_stack([where, np.ones(targets)]))
    recurrent = 0.8 * rng.normal(size=(units, units)) / np.sqrt(units)
    network = Network(recurrent, rng.normal(size=(units, 3)) * [0.25, 0.25, 0.1], NOISE)
    earlier = 2 * rng.normal(size=(2, units)) / np.sqrt(units)
    change = partial(supervised, internal=earlier)
    network = learn(network, task, earlier, change, updates=300, repeats=2, learning_rate=0.02, rng=rng)
    activity = run(network._replace(noise=0), task, earlier, rng).activity.reshape(-1, units)
    within = np.linalg.svd(activity - activity.mean(axis=0), full_matrices=False)[2][:DIMENSIONS]
    earlier = earlier @ within.T @ within
    across = rng.normal(size=(2, len(within))) @ within
    basis = np.linalg.qr(earlier.T)[0]
    across = np.linalg.qr((across - across @ basis @ basis.T).T)[0].T
    across *= np.linalg.norm(earlier, axis=1, keepdims=True)
    return _Subject(network, task, earlier, np.cos(angle) * earlier + np.sin(angle) * across)


def _changed(
    feedback: str, subject: _Subject, internal: Numbers, learning_rate: float, rng: np.random.Generator
) -> Network:
    """The network after it learned, or drifted."""
    network, task, _, decoder = subject
    if feedback == "none":
        drift = rng.normal(size=network.recurrent.shape)
        size = DRIFT * np.linalg.norm(network.recurrent) / np.linalg.norm(drift)
        return network._replace(recurrent=network.recurrent + size * drift)
    changes = {
        "biased": partial(supervised, internal=internal),
        "unbiased": partial(reinforced, repeats=REPEATS, spread=NOISE),
    }
    plan = {"updates": UPDATES, "repeats": REPEATS}
    return learn(network, task, decoder, changes[feedback], **plan, learning_rate=learning_rate, rng=rng)


def _mean(values: Numbers) -> Numbers:
    """(target, time, ...) from (time, target and trial, ...)."""
    by_target = values.reshape(len(values), -1, TRIALS, values.shape[2])
    return by_target.mean(axis=2).transpose(1, 0, 2)


def _label(made: dict[str, Numbers], decoders: dict[str, Numbers], seen: Numbers) -> xr.Dataset:
    dims = {"before": UNIT, "after": UNIT, "errors": COMPONENT, "errors_after": COMPONENT}
    targets, bins = made["before"].shape[:2]
    result = xr.Dataset(
        {name: ((STIMULUS, TIME, dims[name]), values) for name, values in made.items()}
        | {name: ((COMPONENT, UNIT), values) for name, values in decoders.items()},
        coords={
            STIMULUS_ID: (STIMULUS, [f"target{number}" for number in range(targets)]),
            TIME: BIN * np.arange(1, bins + 1),
            UNIT_ID: (UNIT, [f"unit{number:03}" for number in seen]),
            COMPONENT: ["x", "y"],
        },
    )
    what = {
        "before": "mean activity before learning",
        "after": "mean activity after learning",
        "errors": "mean error of the cursor before learning",
        "errors_after": "mean error of the cursor after learning",
        "decoder": "weights of the decoder",
        "internal": "weights of the earlier decoder",
    }
    for name, long_name in what.items():
        result[name] = label(result[name], units="1", long_name=long_name)
    result[TIME].attrs.update(units="s", long_name="time")
    return result
