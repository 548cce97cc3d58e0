"""A recurrent network of rates that moves a cursor through a decoder, and two ways in which it learns to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

Numbers = np.ndarray
LEAK = 0.3  # of one bin


class Task(NamedTuple):
    """Where the cursor is to go (target, time, component), and what tells the network so (target, cue)."""

    wanted: Numbers
    cues: Numbers

    def repeated(self, repeats: int) -> Task:
        """Each target so many times in a row."""
        return Task(np.repeat(self.wanted, repeats, axis=0), np.repeat(self.cues, repeats, axis=0))


class Network(NamedTuple):
    """Recurrent weights (unit, unit), weights of cues (unit, cue), and sd of the noise in every bin."""

    recurrent: Numbers
    inward: Numbers
    noise: float


class Trace(NamedTuple):
    """What passed in each bin, (time, trial, ...): activity, that before it, slope of units, noise, error."""

    activity: Numbers
    pre: Numbers
    slope: Numbers
    noise: Numbers
    error: Numbers


def run(network: Network, task: Task, decoder: Numbers, rng: np.random.Generator) -> Trace:
    r"""x(t) = (1 - a) x(t - 1) + a (tanh(W x(t - 1) + U s) + noise), from x = 0; the cursor is at D x(t)."""
    drive = task.cues @ network.inward.T
    x = np.zeros_like(drive)
    bins = []
    for wanted in task.wanted.transpose(1, 0, 2):
        pre, rate = x, np.tanh(x @ network.recurrent.T + drive)
        noise = network.noise * rng.normal(size=x.shape)
        x = (1 - LEAK) * pre + LEAK * (rate + noise)
        bins.append((x, pre, 1 - rate**2, noise, wanted - x @ decoder.T))
    return Trace(*(np.array(part) for part in zip(*bins, strict=True)))


def supervised(trace: Trace, internal: Numbers) -> Numbers:
    """Change of weights by errors sent back through the internal model (Murray 2019: RFLO)."""
    return _with_eligibility(trace, LEAK * trace.error @ internal)


def reinforced(trace: Trace, repeats: int, spread: float) -> Numbers:
    """Change of weights by noise that came before more reward than usual for the target (Miconi 2017)."""
    reward = -(trace.error**2).sum(axis=-1)
    by_target = reward.reshape(len(reward), -1, repeats)
    usual = (by_target.sum(axis=2, keepdims=True) - by_target) / (repeats - 1)
    surprise = (by_target - usual).reshape(reward.shape)
    return _with_eligibility(trace, surprise[..., None] / (2 * spread**2), trace.noise)


def _with_eligibility(trace: Trace, credit: Numbers, tag: Numbers | float = 1.0) -> Numbers:
    """Sum over t of credit(t) times the trace that pre, slope and tag left; it decays with the leak."""
    later = np.zeros_like(credit[0])
    change = np.zeros((trace.pre.shape[2],) * 2)
    tags = np.broadcast_to(tag, trace.slope.shape)
    for now, mark, slope, pre in zip(
        credit[::-1], tags[::-1], trace.slope[::-1], trace.pre[::-1], strict=True
    ):
        later = now + (1 - LEAK) * later
        change += (later * mark * slope).T @ pre
    return change / trace.pre.shape[1]


def learn(
    network: Network,
    task: Task,
    decoder: Numbers,
    change: Callable[[Trace], Numbers],
    *,
    updates: int,
    repeats: int,
    learning_rate: float,
    rng: np.random.Generator,
) -> Network:
    """The network after so many updates, each from ``repeats`` trials of every target."""
    trials = task.repeated(repeats)
    for _ in range(updates):
        step = change(run(network, trials, decoder, rng))
        network = network._replace(recurrent=network.recurrent + learning_rate * step)
    return network
