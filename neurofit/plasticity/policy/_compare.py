"""Which rule made the choices: the evidence for each, and choices held out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import xarray as xr

from ...errors import SchemaError
from ...names import ALTERNATIVE
from ...parallel import apply
from ...provenance import label, stamp
from ._evidence import fit
from ._held_out import HeldOut, ahead, folds_of, predicted
from ._inputs import behaviour_of
from ._policy_rule import SOURCES
from ._result import scores
from ._rules import policy_rules

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._held_out import Positions
    from ._inputs import Behaviour, Numbers

SURE = 0.95  # share of the probability over rules that a verdict needs
BLOCK = 10  # trials in a row that are held out together: neighbours share their weights
AHEAD = "mean log probability of a choice of the second half, predicted from all those before it"
INCONCLUSIVE = "inconclusive"


class _Whole(NamedTuple):
    kind: str
    behaviour: Behaviour
    initial_sd: float


def compare_policy_rules(
    choices: xr.DataArray,
    *,
    stimuli: xr.DataArray,
    rewards: xr.DataArray,
    kinds: Sequence[str] | None = None,
    folds: int = 5,
    initial_sd: float = 4.0,
    rng: int | np.random.Generator | None = None,
    workers: int | None = None,
    progress: bool = True,
) -> xr.Dataset:
    """How well each learning rule explains choices, and which of them made the choices.

    Rules are compared by the evidence for them whatever their parameters, P(choices | rule), by Laplace's
    approximation: standard deviations and learning rates have exponential priors of mean 0.1 and 0.2, a
    baseline or a decay a uniform one. ``probability`` is that of each rule if all are as likely beforehand.
    The verdict is the rule that has .95 of it, and ``"inconclusive"`` where none has; ``left`` names the
    fewest rules that have .95 together. A rule that another one contains, such as ``"reinforce"`` in
    ``"reinforce_baseline"``, is seldom named: that a baseline is 0 cannot be told from one near 0. Rules
    differ most in what they do where rewards fail to come: one that earns all of them soon looks like any
    other.

    Parameters
    ----------
    choices, stimuli, rewards
        As ``PolicyRule.fit`` takes them.
    kinds
        Names of some of ``policy_rules``; by default all. Without ``"random_walk"`` there is no alternative
        that learns nothing.
    folds
        Number of folds held out in turn, each made of blocks of ten trials; 0 for none.
    initial_sd
        Standard deviation of the weights before the first trial.
    rng
        Seed or generator of the folds.
    workers
        Number of local processes; by default one for each core.
    progress
        Whether to show a bar.

    Returns
    -------
    Dataset
        For each ``alternative``: ``parameters``, ``log_evidence`` at the most probable ones, ``log_marginal``
        whatever they are, ``probability``; with folds, ``held_out``, the mean log probability of a held-out
        choice, ``held_out_gain`` over the first alternative, and ``held_out_gain_standard_error`` over the
        blocks, and ``ahead``, the mean log probability of each choice of the second half given all before it,
        with parameters fitted to the first half. Held-out trials enter through their stimuli only: what was
        learned from them is lost to ``held_out``, which tells rules apart less well than ``ahead`` and the
        evidence do. Attrs: ``chosen``, the most probable rule, ``left`` (JSON) and ``verdict``.

    Raises
    ------
    SchemaError
        If dims do not suit, or there are more folds than blocks.
    RecordingError
        If the behaviour tells nothing; see ``PolicyRule.fit``.
    UnknownNameError
        If there is no such rule.

    References
    ----------
    Ashwood, Roy, Bak & Pillow 2020, Advances in Neural Information Processing Systems 33:3442
    Roy, Bak, Akrami, Brody & Pillow 2021, Neuron 109:597, doi:10.1016/j.neuron.2020.12.004
    Chung, Rabe-Hesketh, Dorie, Gelman & Liu 2013, Psychometrika 78:685, doi:10.1007/s11336-013-9328-2

    Examples
    --------
    >>> from neurofit.plasticity.policy import simulate_choices
    >>> made = simulate_choices("delta", rates=0.2, trials=600, reversal=100, rng=0)
    >>> found = compare_policy_rules(
    ...     made.choice, stimuli=made.stimuli, rewards=made.reward, kinds=["random_walk", "delta"], folds=0,
    ...     workers=1, progress=False,
    ... )
    >>> found.verdict
    'delta'
    """
    names = list(kinds or policy_rules)
    learns = any(policy_rules[name].learns for name in names)
    behaviour = behaviour_of(choices, rewards, stimuli, learns=learns)
    parts = _parts(len(behaviour.choices), folds, rng)
    whole = [_Whole(name, behaviour, initial_sd) for name in names]
    rows: list[xr.Dataset] = apply(_scored, whole, workers=workers, progress=progress, description="rules")
    result = _judged(xr.concat(rows, ALTERNATIVE).assign_coords({ALTERNATIVE: names}))
    if parts:
        works = [HeldOut(name, behaviour, held, initial_sd) for name in names for held in parts]
        told = apply(predicted, works, workers=workers, progress=progress, description="held-out choices")
        each = np.zeros((len(names), len(behaviour.choices)))
        for number, (work, scored) in enumerate(zip(works, told, strict=True)):
            each[number // len(parts), work.held] = scored
        last = np.arange(len(behaviour.choices) // 2, len(behaviour.choices))
        halves = [HeldOut(name, behaviour, last, initial_sd) for name in names]
        later = apply(ahead, halves, workers=workers, progress=progress, description="choices to come")
        result = result.assign({**_held_out(each), "ahead": _in_nats(np.array(later), AHEAD)})
    return stamp(
        result,
        "plasticity.compare_policy_rules",
        sources=[choices, rewards, stimuli],
        references=SOURCES,
        kinds=names,
        folds=folds,
        initial_sd=initial_sd,
        rng=rng,
    )


def _parts(trials: int, folds: int, rng: int | np.random.Generator | None) -> list[Positions]:
    if not folds:
        return []
    blocks = -(-trials // BLOCK)
    if not 2 <= folds <= blocks:
        raise SchemaError(
            f"there are {blocks} blocks of {BLOCK} trials: folds are 0 or 2 to {blocks}, not {folds}."
        )
    return folds_of(trials, folds, BLOCK, np.random.default_rng(rng))


def _scored(work: _Whole) -> xr.Dataset:
    found = fit(work.kind, work.behaviour, initial_sd=work.initial_sd)
    return xr.Dataset(scores(found))


def _judged(found: xr.Dataset) -> xr.Dataset:
    """With the probability of each rule, and the verdict."""
    share = np.exp(found.log_marginal - found.log_marginal.max())
    share = share / share.sum()
    order = np.argsort(-share.values, kind="stable")
    names = found[ALTERNATIVE].values[order].tolist()
    before = np.cumsum(share.values[order]) - share.values[order]
    left = [name for name, sum_before in zip(names, before, strict=True) if sum_before < SURE]
    told = label(share, units="1", long_name="probability of the rule")
    verdict = left[0] if len(left) == 1 else INCONCLUSIVE
    return found.assign(probability=told).assign_attrs(
        chosen=names[0], left=json.dumps(left), verdict=verdict
    )


def _held_out(each: Numbers) -> dict[str, xr.DataArray]:
    """Means over trials, and their errors from the means of blocks; ``each`` is (alternative, trial)."""
    gain = each - each[0]
    edges = np.arange(0, each.shape[1], BLOCK)
    sums = np.add.reduceat(gain, edges, axis=1)
    centred = sums - gain.mean(axis=1)[:, None] * np.diff([*edges, each.shape[1]])
    error = np.sqrt((centred**2).sum(axis=1) * len(edges) / (len(edges) - 1)) / each.shape[1]
    told = {
        "held_out": (each.mean(axis=1), "mean log probability of a held-out choice"),
        "held_out_gain": (gain.mean(axis=1), "held-out log probability beyond that of the first alternative"),
        "held_out_gain_standard_error": (error, "standard error of the held-out gain"),
    }
    return {name: _in_nats(*entry) for name, entry in told.items()}


def _in_nats(values: Numbers, long_name: str) -> xr.DataArray:
    return label(xr.DataArray(values, dims=(ALTERNATIVE,)), units="nats", long_name=long_name)
