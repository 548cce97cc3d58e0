"""Levenberg-Marquardt on rule and first weights together, with precisions of noise learned on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ._unroll import Normal, Observed, normal

if TYPE_CHECKING:
    from ._terms import Counts, Numbers

SMALLEST_NOISE = 1e-5  # in sd of what was observed: keeps exact data from looking infinitely precise
FLAT = 1e-9  # of the largest precision: what is taken to be known of weights that nothing depends on
LONGEST = 60


@dataclass(frozen=True)
class Start:
    """First weights: their values, or a first guess or the mean of a prior of them where they are free."""

    weights: Numbers  # (trajectory, post, pre)
    free: bool
    precision: float = 0.0  # of the prior


class Fit(NamedTuple):
    """A rule fitted to trajectories."""

    theta: Numbers  # (term,)
    first: Numbers  # (trajectory, post, pre)
    precision: Numbers  # (modality,)
    sums: Normal

    def loss(self, precision: Numbers) -> float:
        """Misfit in units of the noise."""
        used = precision > 0
        return float(self.sums.squares[used] @ precision[used])


class Reduced(NamedTuple):
    """The rule's normal equations after first weights are projected out of them."""

    products: Numbers  # (term, term)
    gradient: Numbers  # (term,)
    inverse: Numbers  # (trajectory, post, pre, pre): of first weights alone
    cross: Numbers  # (trajectory, post, term, pre)
    inner: Numbers  # (trajectory, post, pre): gradient of first weights


def reduce(fit: Fit, start: Start, *, damping: float = 0.0) -> Reduced:
    """Weigh modalities by the precision of their noise and eliminate each unit's first weights."""
    terms = len(fit.theta)
    products = np.einsum("s,skmqr->kmqr", fit.precision, fit.sums.products)
    gradient = np.einsum("s,skmq->kmq", fit.precision, fit.sums.gradient)
    whole, slope = products[..., :terms, :terms].sum((0, 1)), gradient[..., :terms].sum((0, 1))
    cross, inner = products[..., :terms, terms:], gradient[..., terms:]
    if not start.free:
        return Reduced(whole, slope, products[..., terms:, terms:], cross, inner)
    inner = inner - start.precision * (fit.first - start.weights)
    block = products[..., terms:, terms:].copy()
    diagonal = np.einsum("kmnn->kmn", block)
    diagonal *= 1 + damping
    diagonal += start.precision + max(FLAT * float(diagonal.max(initial=0)), 1e-300)
    inverse = np.linalg.inv(block)
    return Reduced(
        whole - np.einsum("kmpn,kmno,kmqo->pq", cross, inverse, cross),
        slope - np.einsum("kmpn,kmno,kmo->p", cross, inverse, inner),
        inverse,
        cross,
        inner,
    )


def descend(seen: Observed, powers: Counts, theta: Numbers, start: Start, *, begin: Fit | None = None) -> Fit:
    """Fit the coefficients of all ``powers``, beginning from ``theta`` and from the weights of ``begin``."""
    here = evaluate(seen, powers, theta, start.weights if begin is None else begin.first, start)
    if not np.isfinite(here.sums.squares).all():
        return here
    here = _weighed(here, seen, start) if begin is None else here._replace(precision=begin.precision)
    damping = 1e-3
    for _ in range(LONGEST):
        next_theta, next_first = _step(here, start, damping)
        there = evaluate(seen, powers, next_theta, next_first, start)
        before, after = here.loss(here.precision), there.loss(here.precision)
        if not after < before:
            damping *= 8
            if damping > 1e8:
                break
            continue
        damping = max(damping / 8, 1e-9)
        weighed = _weighed(there, seen, start)
        settled = np.allclose(weighed.precision, here.precision, rtol=1e-5) and before - after < 1e-4
        here = weighed
        if settled:
            break
    return here


def evaluate(seen: Observed, powers: Counts, theta: Numbers, first: Numbers, start: Start) -> Fit:
    sums = normal(seen, powers, theta, first, of_rule=True, of_first=start.free)
    return Fit(theta, first, np.ones(2), sums)


def _step(fit: Fit, start: Start, damping: float) -> tuple[Numbers, Numbers]:
    reduced = reduce(fit, start, damping=damping)
    scale = np.sqrt(np.diag(reduced.products)) + 1e-300
    matrix = reduced.products / np.outer(scale, scale) + damping * np.eye(len(scale))
    change = np.linalg.lstsq(matrix, reduced.gradient / scale, rcond=1e-12)[0] / scale
    if not start.free:
        return fit.theta + change, fit.first
    rest = reduced.inner - np.einsum("p,kmpn->kmn", change, reduced.cross)
    return fit.theta + change, fit.first + np.einsum("kmno,kmo->kmn", reduced.inverse, rest)


def _weighed(fit: Fit, seen: Observed, start: Start) -> Fit:
    """Noise of each modality, from its residuals less what was fitted."""
    data, counts = (seen.activity, seen.weights), seen.counts
    terms = len(fit.theta)
    spent = np.full(2, float(terms))
    if start.free:
        blocks = fit.sums.products[..., terms:, terms:] * fit.precision[:, None, None, None, None]
        spent = spent + np.einsum("skmno,kmno->s", blocks, reduce(fit, start).inverse)
    spread = np.array([np.nanvar(values) if n else 0.0 for values, n in zip(data, counts, strict=True)])
    noise = fit.sums.squares / np.maximum(counts - spent, 1)
    noise = np.maximum(noise, SMALLEST_NOISE**2 * spread + 1e-300)
    precision = np.where(counts > 0, 1 / noise, 0.0)
    if seen.binary:
        precision[0] = 1.0
    return fit._replace(precision=precision)
