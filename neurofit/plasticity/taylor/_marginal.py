r"""First weights that are not known, integrated out: each is drawn from N(a + b guess, sd^2).

Fitting every first weight biases the rule, as each has only its own unit's data to learn it from (Neyman &
Scott 1948). Here the likelihood of what was seen is maximised over the rule, the noise, a, b and sd alone. By
Fisher's identity its slope is the mean, over the posterior of first weights, of the slope as if they were
known; by Louis's (1982) its curvature is the mean curvature less the variance of that slope. Both are means
over draws, and Newton's steps follow them (Gu & Kong 1998).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import linalg

from ._descend import Fit, Reduced, Start, evaluate, reduce
from ._hamilton import Draws, Energy, move
from ._unroll import normal

if TYPE_CHECKING:
    from ._terms import Counts, Numbers
    from ._unroll import Observed

DRAWS = 8  # of each unit's first weights, side by side
BATCH, FIRST, MOST = 10, 3, 12  # turns in a batch; batches to get near, and at most
AGREE = 0.4  # standard errors that the means of two batches may lie apart
PACE, FARTHEST = 0.5, 5.0  # share of a Newton step, and its greatest length in standard errors
FLOOR = 0.1  # share of the curvature that unknown weights leave at least, for the length of steps
SINGULAR = 1e-9  # added to the known curvature of parameters in units of their own
FORGET = 0.2  # weight of the last turn in the curvature


class Prior(NamedTuple):
    """First weights are N(columns times mean, 1 / precision)."""

    columns: Numbers  # (column, trajectory, post, pre): ones, and a guess
    mean: Numbers  # (column,)
    precision: float

    @property
    def start(self) -> Start:
        """The same for the linearised trajectory."""
        return Start(np.tensordot(self.mean, self.columns, 1), free=True, precision=self.precision)


class State(NamedTuple):
    """A rule, noise and prior, and draws of first weights."""

    fit: Fit  # at the mean of the draws
    prior: Prior
    weights: Numbers  # (draw, trajectory, post, pre)
    reduced: Reduced  # the linearised trajectory, as it was when the draws were last centred


class Marginal(NamedTuple):
    """A rule with first weights integrated out."""

    state: State
    covariance: Numbers  # (term, term)
    settled: bool


class Slopes(NamedTuple):
    """Of log likelihood, by coefficients, log precisions of noise, the prior's means and log precision."""

    score: Numbers
    known: Numbers  # curvature if first weights were known
    missing: Numbers  # what is lost as they are not


def begin(seen: Observed, guess: Numbers | None, rng: np.random.Generator) -> State:
    """No rule, half of what was seen being noise, and first weights as wide as would explain the rest."""
    shape = (*seen.activity.shape[::2], seen.pre.shape[-1])
    columns = np.stack([np.ones(shape), *([] if guess is None or not np.ptp(guess) else [guess])])
    data = (seen.activity, seen.weights)
    half = np.array([np.nanvar(v) / 2 if n else np.inf for v, n in zip(data, seen.counts, strict=True)])
    half = np.maximum(half, 1e-300)
    variance = half[1] if seen.counts[1] else half[0] / float((seen.pre**2).sum(-1).mean())
    precision = 1 / half
    if seen.binary:
        precision[0], variance = 1.0, 1 / shape[-1]
    prior = Prior(columns, np.zeros(len(columns)), 1 / float(variance))
    none, nothing = np.zeros((0, 4), dtype=int), np.zeros(0)
    fit = evaluate(seen, none, nothing, np.zeros(shape), prior.start)._replace(precision=precision)
    reduced = reduce(fit, prior.start)
    centre = fit.first + np.einsum("kmno,kmo->kmn", reduced.inverse, reduced.inner)
    root = np.linalg.cholesky(reduced.inverse)
    weights = centre + np.einsum("kmno,rkmo->rkmn", root, rng.normal(size=(DRAWS, *shape)))
    return State(fit._replace(first=centre), prior, weights, reduced)


def side_by_side(seen: Observed) -> Observed:
    """The same trajectories for every draw."""
    pre, reward, activity, weights = (np.concatenate([values] * DRAWS) for values in seen[:4])
    return seen._replace(pre=pre, reward=reward, activity=activity, weights=weights)


def marginalise(seen: Observed, powers: Counts, state: State, rng: np.random.Generator) -> Marginal:
    """The coefficients of ``powers`` that make what was seen most probable."""
    many, pace = side_by_side(seen), PACE
    path: list[Numbers] = []
    curvatures: list[Numbers] = []
    curvature: Numbers = np.zeros(0)
    sound = state
    for turn in range(BATCH * MOST):
        if turn < BATCH * FIRST or turn % BATCH == 0:
            state = _centred(seen, powers, state)
        draws = _moved(many, powers, state, rng)
        slopes = None if draws is None else _slopes(many, powers, state, draws)
        if draws is None or slopes is None:  # A step too far: trajectories explode.
            state, pace = sound, pace / 2
            path.append(state.fit.theta)
            curvatures.append(curvatures[-1])
        else:
            sound = state
            now = np.stack([slopes.known, slopes.missing])
            curvature = curvature + max(1 / (turn + 1), FORGET) * (now - curvature) if turn else now
            state = _changed(seen, state, draws, _newton(slopes.score, *curvature, pace=pace))
            path.append(state.fit.theta)
            curvatures.append(now[0] - now[1])
        if (turn + 1) % BATCH == 0 and turn + 1 >= BATCH * (FIRST + 2):
            theta, covariance, settled = _averaged(path[-2 * BATCH :], curvatures[-2 * BATCH :])
            if settled:
                break
    fit = state.fit._replace(theta=theta)
    return Marginal(_centred(seen, powers, state._replace(fit=fit)), covariance, settled)


def _moved(many: Observed, powers: Counts, state: State, rng: np.random.Generator) -> Draws | None:
    """Draws after one move; none where a trajectory explodes."""
    fit, prior, weights, reduced = state
    if not np.isfinite(fit.sums.squares).all():
        return None
    root = np.asarray(np.linalg.cholesky(reduced.inverse), dtype=float)
    draws = move(Energy(many, powers, fit.theta, fit.precision, prior.start), weights, root, rng)
    return draws if np.isfinite(draws.squares).all() else None


def _averaged(path: list[Numbers], curvatures: list[Numbers]) -> tuple[Numbers, Numbers, bool]:
    """Coefficients, their covariance, and whether both halves of the path agree."""
    curvature, terms = np.mean(curvatures, axis=0), path[0].size
    covariance = np.linalg.pinv(curvature, hermitian=True)[:terms, :terms]
    old, new = (np.mean(half, axis=0) for half in (path[:BATCH], path[BATCH:]))
    apart = np.abs(new - old) / np.sqrt(np.maximum(np.diag(covariance), 1e-300))
    settled = np.linalg.eigvalsh(curvature)[0] > 0 and (apart < AGREE).all()
    return (old + new) / 2, covariance, bool(settled)


def _centred(seen: Observed, powers: Counts, state: State) -> State:
    """The linearised trajectory at the mean of the draws."""
    fit = evaluate(seen, powers, state.fit.theta, state.weights.mean(0), state.prior.start)
    if not np.isfinite(fit.sums.squares).all():
        return state._replace(fit=fit)
    fit = fit._replace(precision=state.fit.precision)
    return state._replace(fit=fit, reduced=reduce(fit, state.prior.start))


def _changed(seen: Observed, state: State, draws: Draws, change: Numbers) -> State:
    """The next state; draws go along with what the rule now says of first weights."""
    fit, prior, _, reduced = state
    terms, noise = len(fit.theta), _free_noise(seen, fit)
    by_rule, by_noise, by_mean = np.split(change[:-1], [terms, terms + len(noise)])
    shift = np.einsum("kmno,kmpo,p->kmn", reduced.inverse, reduced.cross, by_rule)
    precision = fit.precision.copy()
    precision[noise] *= np.exp(by_noise)
    prior = Prior(prior.columns, prior.mean + by_mean, prior.precision * float(np.exp(change[-1])))
    fit = fit._replace(theta=fit.theta + by_rule, precision=precision)
    return State(fit, prior, draws.weights - shift, reduced)


def _free_noise(seen: Observed, fit: Fit) -> Counts:
    """Modalities whose noise is learned."""
    return np.flatnonzero((fit.precision > 0) & ~np.array([seen.binary, False]))


def _slopes(many: Observed, powers: Counts, state: State, draws: Draws) -> Slopes | None:
    """Means over draws and the variance between them, of units that were recorded; none if infinite."""
    fit, prior, shape = state.fit, state.prior, draws.weights.shape
    flat = draws.weights.reshape(-1, *shape[2:])
    sums = normal(many, powers, fit.theta, flat, of_rule=True, of_first=False)
    by_rule = np.einsum("s,skmq->kmq", fit.precision, sums.gradient).reshape(*shape[:3], -1)
    free = _free_noise(many, fit)
    counts = np.stack([(~np.isnan(many.activity)).sum(1), (~np.isnan(many.weights)).sum((1, 3))])
    counts = counts.reshape(2, *shape[:3])
    there = np.any(counts[:, 0], axis=0)
    misfit = np.moveaxis(fit.precision[free, None, None, None] * draws.squares[free], 0, -1)
    counts = np.moveaxis(counts[free], 0, -1)
    off = draws.weights - prior.start.weights
    by_mean = prior.precision * np.einsum("ckmn,rkmn->rkmc", prior.columns, off)
    spread = prior.precision * (off**2).sum(-1, keepdims=True)
    parts = [by_rule, (counts - misfit) / 2, by_mean, (shape[-1] - spread) / 2]
    every = np.concatenate(parts, -1) * there[..., None]
    halves = np.concatenate([misfit, spread], -1) * there[..., None] / 2
    halves = halves.mean(0).sum((0, 1))
    blocks = [
        np.einsum("s,skmqr->qr", fit.precision, sums.products) / shape[0],
        np.diag(halves[:-1]),
        prior.precision * np.einsum("ckmn,dkmn,km->cd", prior.columns, prior.columns, there),
        halves[-1:, None],
    ]
    if not all(np.isfinite(block).all() for block in (every, *blocks)):
        return None
    centred = every - every.mean(0)
    missing = np.einsum("rkmp,rkmq->pq", centred, centred) / (shape[0] - 1)
    return Slopes(every.mean(0).sum((0, 1)), linalg.block_diag(*blocks), missing)


def _newton(score: Numbers, known: Numbers, missing: Numbers, *, pace: float) -> Numbers:
    """A share of Newton's step, no longer than what the known curvature bears."""
    scale = np.sqrt(np.diag(known)) + 1e-300
    alike = known / np.outer(scale, scale) + SINGULAR * np.eye(len(known))
    inverse = np.linalg.inv(np.linalg.cholesky(alike)) / scale
    left, axes = np.linalg.eigh(np.eye(len(known)) - inverse @ missing @ inverse.T)
    slope = axes.T @ inverse @ score
    step = slope / np.maximum(left, FLOOR)
    length = np.sqrt(slope @ step) + 1e-300
    return min(pace, FARTHEST / length) * (inverse.T @ axes @ step)
