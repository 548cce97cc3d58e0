"""Likelihood of counts whose stimuli are not known, only the distribution of their inputs.

A count k over the exposure e = n T of a stimulus whose input h is N(0, 1) has the likelihood

    L(k) = integral Poisson(k; e phi(h)) N(h) dh,

with h + dh in place of h for familiar stimuli. A Fano factor F other than 1 divides counts and exposures.
Nodes of h lie no further apart than a count can tell: a rule with few nodes misses narrow likelihoods.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import gammaln

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._inputs import Counts, Numbers, Unit

LogRate = tuple[np.ndarray, np.ndarray]  # log rate at each node, and its derivatives (node, parameter)
REACH = 4.5
TINY = 1e-6
FARTHEST = 3.0  # that a parameter goes in one step


class Rows(NamedTuple):
    """Distinct counts of one kind of stimulus, and how many stimuli have each."""

    spikes: Numbers
    exposure: Numbers
    copies: Numbers
    constant: Numbers


class Nodes(NamedTuple):
    """Inputs, and the share of stimuli that each stands for."""

    h: Numbers
    log_share: Numbers


def rows_of(counts: Counts, fano: float) -> Rows:
    """Counts that occur more than once are computed once."""
    pairs, copies = np.unique(np.stack([counts.total, counts.trials]), axis=1, return_counts=True)
    count, exposure = pairs[0] / fano, pairs[1] * counts.window / fano
    # Divided by F, the density of a whole count is F times too high.
    constant = count * np.log(exposure) - gammaln(count + 1) - np.log(fano)
    return Rows(count, exposure, copies.astype(np.float64), constant)


def kinds_of(unit: Unit) -> tuple[Rows, Rows]:
    """Rows of a unit's novel and of its familiar stimuli."""
    return rows_of(unit.novel, unit.fano), rows_of(unit.familiar, unit.fano)


def nodes_for(unit: Unit) -> Nodes:
    """Nodes as dense as the largest count asks for: it tells log rates apart by 1 / sqrt(k)."""
    most = max(unit.novel.total.max(), unit.familiar.total.max()) / unit.fano
    number = int(np.ceil(2 * REACH / min(0.15, 0.7 / np.sqrt(max(most, 1.0))))) + 1
    h = np.linspace(-REACH, REACH, number)
    log_share = -(h**2) / 2
    return Nodes(h, log_share - np.log(np.exp(log_share).sum()))


def log_likelihood(rows: Rows, log_rate: Numbers, nodes: Nodes) -> tuple[Numbers, Numbers]:
    """Log L of each row, and its derivative by the log rate at each node (row, node)."""
    rate = np.exp(log_rate)
    log_joint = rows.spikes[:, None] * log_rate - rows.exposure[:, None] * rate + nodes.log_share
    top = log_joint.max(axis=1, keepdims=True)
    joint = np.exp(log_joint - top)
    total = joint.sum(axis=1, keepdims=True)
    slope = joint / total * (rows.spikes[:, None] - rows.exposure[:, None] * rate)
    return np.log(total[:, 0]) + top[:, 0] + rows.constant, slope


class Model(NamedTuple):
    """Log rates for novel and familiar stimuli, as functions of the parameters and the nodes."""

    log_rates: Callable[[Numbers, Numbers], tuple[LogRate, LogRate]]
    mean: Numbers
    precision: Numbers  # of the normal prior (parameter, parameter)


class Fitted(NamedTuple):
    """Parameters of highest posterior density, their likelihood and the inverse of their covariance."""

    theta: Numbers
    posterior: float
    log_likelihood: float
    information: Numbers


def evaluate(
    model: Model, kinds: tuple[Rows, Rows], nodes: Nodes, theta: Numbers
) -> tuple[float, Numbers, Numbers]:
    """Log likelihood, its gradient, and the sum of outer products of the stimuli's gradients."""
    value, gradient = 0.0, np.zeros(len(theta))
    outer = np.zeros((len(theta), len(theta)))
    for rows, (log_rate, jacobian) in zip(kinds, model.log_rates(theta, nodes.h), strict=True):
        each, slope = log_likelihood(rows, log_rate, nodes)
        scores = slope @ jacobian
        value += float(rows.copies @ each)
        gradient += rows.copies @ scores
        outer += (scores * rows.copies[:, None]).T @ scores
    return value, gradient, outer


def maximise(
    model: Model,
    kinds: tuple[Rows, Rows],
    nodes: Nodes,
    start: Numbers,
    *,
    steps: int = 60,
    settled: float = 1e-4,
    through: Callable[[Numbers], tuple[Numbers, Numbers]] | None = None,
) -> Fitted:
    """Highest posterior density, by damped scoring with the outer products as curvature.

    It ends once a step gains less than ``settled``. ``through`` gives the parameters of the model, and their
    derivatives, for those that are searched.

    References: Berndt et al. 1974, Annals of Economic and Social Measurement 3:653.
    """

    def at(searched: Numbers) -> tuple[float, float, Numbers, Numbers]:
        theta, by = through(searched) if through else (searched, None)
        value, gradient, outer = evaluate(model, kinds, nodes, theta)
        off = theta - model.mean
        pull = model.precision @ off
        gradient, information = gradient - pull, outer + model.precision
        if by is not None:
            gradient, information = gradient @ by, by.T @ information @ by
        return value - off @ pull / 2, value, gradient, information

    theta, damping = start, 1e-2
    posterior, value, gradient, information = at(theta)
    for _ in range(steps):
        damped = information + damping * np.diag(np.diagonal(information)) + TINY * np.eye(len(theta))
        step = np.linalg.solve(damped, gradient)
        step /= max(1.0, np.abs(step).max() / FARTHEST)
        tried = at(theta + step)
        if tried[0] >= posterior:
            gained, theta, damping = tried[0] - posterior, theta + step, max(damping / 5, 1e-6)
            posterior, value, gradient, information = tried
            if gained < settled:
                break
        else:
            damping *= 5
            if damping > 1e6:
                break
    return Fitted(theta, posterior, value, information)
