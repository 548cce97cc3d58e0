"""Where learning rules stand between bias and variance: Fig. 2 of Richards et al. 2019, measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial, reduce
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from scipy.stats import t

from ...errors import TrainingError, listing
from ...names import BOUND, BOUNDS, LAYER, RULE
from ...parallel import apply
from ...provenance import FRAMEWORK, label, stamp
from .._choice import as_json, make, said
from .._descent import Lesson
from .._threads import one_thread
from ..circuits import architectures
from ..cost import objectives
from ..learning import check, rules
from ..material import tasks
from ._kernels import Products, Quality, jackknife, quality, restraint
from ._measure import products, trained

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .._choice import Choice

ALL = "all"
USUAL = ("cross_entropy", "squared_error", "reward")  # the first that a rule can drive is its objective
SAYS: Mapping[str, str] = {
    "cosine": "cosine of the expected update to the target gradient",
    "scale": "length of the expected update along the target, in lengths of the target",
    "internal_noise": "noise-to-signal ratio over the rule's own randomness",
    "sampling_noise": "noise-to-signal ratio over batches",
    "efficiency": "share of gradient descent's best decrease in one step",
}


def gradient_quality(  # noqa: PLR0913 - what is trained, how far, and how well it is measured
    rule: Choice | Sequence[Choice],
    *,
    task: Choice = "digits",
    architecture: Choice = "mlp",
    objective: Choice | None = None,
    step: int = 100,
    batch_size: int = 32,
    learning_rate: float = 0.1,
    batches: int = 32,
    draws: int = 64,
    rng: int | np.random.Generator | None = None,
    workers: int | None = None,
    device: str = "cpu",
    progress: bool = True,
) -> xr.Dataset:
    r"""Bias and variance of a learning rule, as an estimate of the gradient that it claims to follow.

    A network is trained by the rule itself, with plain gradient steps, for ``step`` steps. There the rule's
    estimates :math:`\hat u` are compared with its target :math:`g` on ``batches`` of examples:

    - ``cosine`` between the expected update :math:`u = E[\hat u]` and the expected target: 1 is unbiased but
      for a factor;
    - ``scale`` :math:`u \cdot g / |g|^2`, that factor;
    - ``internal_noise``, the variance over the rule's own randomness on one batch, over the mean square of
      what it expects on one batch: a ratio that belongs to the rule;
    - ``sampling_noise``, the variance over batches of that expectation, over :math:`|u|^2`;
    - ``efficiency`` :math:`\rho = \cos^2 / (1 + \mathrm{NSR})`, where one plus the whole noise-to-signal
      ratio is the product of one plus each part: where curvature is the same in all directions, the share of
      exact gradient descent's best decrease in one step.

    Products of different batches share no noise, so that noise does not make a rule look better or worse: an
    estimate may by chance lie above 1. Where the noise hides the expected update altogether, entries are NaN.

    Parameters
    ----------
    rule
        A name in ``nets.rules`` or a choice with options; several give dim ``rule``.
    task, architecture
        What is learned by what.
    objective
        By default cross-entropy, else squared error, else reward: the first that the rule can drive.
    step
        After how many updates; 0 is at the start.
    batch_size
        Examples in a batch: noise of rules that perturb each example by itself falls with it.
    learning_rate
        Of plain gradient steps, for a rule without noise of its own; others take steps shorter by one plus
        their variance at the start over the target's square. The result tells.
    batches
        How many; at least 3.
    draws
        Estimates on each batch, for rules that are random; at least 2.
    rng
        Seed or generator of weights, batches and rule; the same for all rules.
    workers
        How many rules are measured at once, as for ``neurofit.parallel.apply``.
    device
        Where torch computes. Numbers are repeatable on one kind of device.
    progress
        Whether to show a bar over rules.

    Returns
    -------
    Dataset
        Dim ``layer``: the layers, and ``"all"`` for all weights as one; the five quantities, each with its
        standard error (``cosine_se``, ...; jackknife over batches), and ``cosine_interval``, 95 %.

    Raises
    ------
    TrainingError
        If a rule claims no target, cannot drive what is asked, or diverges; or there are too few batches.

    References
    ----------
    Richards et al. 2019, Nature Neuroscience 22:1761, doi:10.1038/s41593-019-0520-2

    Examples
    --------
    >>> found = gradient_quality("backprop", step=0, batches=4, rng=0, progress=False)
    >>> found.cosine.sel(layer="all").round(6).item(), found.internal_noise.sel(layer="all").item()
    (1.0, 0.0)
    """
    if batches < 3 or draws < 2:
        raise TrainingError(f"at least 3 batches and 2 draws are needed, not {batches} and {draws}")
    several = not isinstance(rule, (str, Mapping))
    chosen = [rule] if isinstance(rule, (str, Mapping)) else list(rule)
    seed = int(np.random.default_rng(rng).integers(2**31))
    descent = (step, batch_size, learning_rate)
    lessons = [_lesson(one, task, architecture, objective, descent) for one in chosen]
    of_one = partial(_measured, batches=batches, draws=draws, seed=seed, device=device)
    found = apply(
        of_one, lessons, workers=workers, progress=progress and several, description="measuring rules"
    )
    result = xr.concat(found, RULE).assign_coords(
        {
            RULE: [said(one) for one in chosen],
            "objective": (RULE, [lesson.objective.name for _, lesson in lessons]),
            "target": (RULE, [str(lesson.rule.target) for _, lesson in lessons]),
        }
    )
    return stamp(
        result if several else result.isel({RULE: 0}),
        "nets.gradient_quality",
        references=[FRAMEWORK, *(source for _, lesson in lessons for source in lesson.rule.references)],
        rule=[as_json(one) for one in chosen],
        task=as_json(task),
        architecture=as_json(architecture),
        objective=None if objective is None else as_json(objective),
        updates=step,
        batch_size=batch_size,
        learning_rate=learning_rate,
        batches=batches,
        draws=draws,
        seed=seed,
    )


def _lesson(
    rule: Choice,
    task: Choice,
    architecture: Choice,
    objective: Choice | None,
    descent: tuple[int, int, float],
) -> tuple[tuple[Any, ...], Lesson]:
    """Stages and lesson; raise unless the rule has a target and can drive them."""
    made, material = make(rules, rule), make(tasks, task)
    if made.target is None:
        measured = [name for name, factory in rules.items() if factory().target]
        raise TrainingError(
            f"rule {made.name!r} claims to estimate no gradient, so that it has neither bias nor variance as "
            f"one. Rules that do: {listing(measured)}"
        )
    for choice in USUAL if objective is None else (objective,):
        cost = make(objectives, choice)
        stages = make(architectures, architecture, material.input_shape, cost.outputs(material))
        try:
            check(made, stages, cost)
        except TrainingError:
            if choice == (objective or USUAL[-1]):
                raise
        else:
            break
    steps, batch_size, learning_rate = descent
    return stages, Lesson(material, cost, made, steps, batch_size, learning_rate, "sgd")


def _measured(
    case: tuple[tuple[Any, ...], Lesson], *, batches: int, draws: int, seed: int, device: str
) -> xr.Dataset:
    stages, lesson = case
    of_weights, of_batches = (int(s) for s in np.random.default_rng(seed).integers(2**63, size=2))

    def measure(lesson: Lesson) -> dict[str, Products]:
        trial, rng = trained(stages, lesson, of_weights, device), np.random.default_rng(of_batches)
        by_layer = products(trial, batches=batches, draws=draws, rng=rng)
        return {**by_layer, ALL: reduce(Products.plus, by_layer.values())}

    with one_thread():
        by_layer = measure(replace(lesson, steps=0))
        rate = lesson.learning_rate / restraint(by_layer[ALL])
        if lesson.steps:
            by_layer = measure(replace(lesson, learning_rate=rate))
    values = np.array([quality(one) for one in by_layer.values()])
    errors = np.array([jackknife(one) for one in by_layer.values()])
    return _labelled(values, errors, list(by_layer), batches).assign_coords(learning_rate=rate)


def _labelled(values: np.ndarray, errors: np.ndarray, layers: list[str], batches: int) -> xr.Dataset:
    found = {}
    for name, value, error in zip(Quality._fields, values.T, errors.T, strict=True):
        key = {"internal": "internal_noise", "sampling": "sampling_noise"}.get(name, name)
        found[key] = label(xr.DataArray(value, dims=LAYER), units="1", long_name=SAYS[key])
        found[f"{key}_se"] = label(
            xr.DataArray(error, dims=LAYER), units="1", long_name=f"standard error: {SAYS[key]}"
        )
    reach = t.ppf(0.975, batches - 1) * found["cosine_se"]
    interval = xr.concat([found["cosine"] - reach, found["cosine"] + reach], BOUND)
    found["cosine_interval"] = label(
        interval.clip(-1, 1).transpose(LAYER, BOUND), units="1", long_name=f"95 % interval: {SAYS['cosine']}"
    )
    return xr.Dataset(found, {LAYER: layers, BOUND: list(BOUNDS)})
