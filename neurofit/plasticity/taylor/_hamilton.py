r"""Draws of first weights from their posterior, by Hamilton's equations (Duane et al. 1987; Neal 2011).

A unit's trajectory depends on its own first weights alone, so that every unit has a posterior of its own, of
only as many dimensions as there are inputs: all of them move side by side, and each is accepted or not by
itself. Steps are measured in the sd of the Gaussian of the linearised trajectory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from ._descend import Start
    from ._terms import Counts, Numbers
    from ._unroll import Observed

STEPS, LENGTH = 3, (0.4, 0.7)  # of one move; the length of steps is drawn for each


class Draws(NamedTuple):
    """Draws of first weights, and the misfit of each."""

    weights: Numbers  # (draw, trajectory, post, pre)
    squares: Numbers  # (modality, draw, trajectory, post)


class Energy:
    """Minus the log posterior of first weights, and its slope."""

    def __init__(
        self, seen: Observed, powers: Counts, theta: Numbers, precision: Numbers, start: Start
    ) -> None:
        self.seen, self.powers, self.theta = seen, powers, theta
        self.precision, self.start = precision, start

    def __call__(self, weights: Numbers) -> tuple[Numbers, Numbers, Numbers]:
        """Energy (draw, trajectory, post), slope, and misfit by modality."""
        import torch

        from ._torch import misfits_of_units, polynomial, unrolled

        flat = torch.tensor(weights.reshape(-1, *weights.shape[2:]), requires_grad=True)
        parts = misfits_of_units(self.seen, unrolled(self.seen, flat, polynomial(self.powers, self.theta)))
        used = np.flatnonzero(self.precision)
        misfit = torch.stack([float(self.precision[at]) / 2 * parts[at] for at in used]).sum(0)
        (slope,) = torch.autograd.grad(misfit.sum(), flat)
        off = weights - self.start.weights
        energy = misfit.detach().numpy().reshape(weights.shape[:3])
        energy = energy + self.start.precision * (off**2).sum(-1) / 2
        pull = np.nan_to_num(slope.numpy().reshape(weights.shape), posinf=0, neginf=0)
        squares = np.stack([part.detach().numpy().reshape(weights.shape[:3]) for part in parts])
        return np.where(np.isfinite(energy), energy, np.inf), pull + self.start.precision * off, squares


def move(energy: Energy, weights: Numbers, root: Numbers, rng: np.random.Generator) -> Draws:
    """One move of every draw; ``root`` is that of its posterior's covariance (trajectory, post, pre, pre)."""
    length = rng.uniform(*LENGTH, size=(*weights.shape[:3], 1))
    momentum = np.asarray(rng.normal(size=weights.shape), dtype=float)
    with np.errstate(invalid="ignore", over="ignore"):
        before, slope, squares = energy(weights)
        there, speed = weights, momentum
        for _ in range(STEPS):
            speed = speed - length / 2 * np.einsum("kmno,rkmn->rkmo", root, slope)
            there = there + np.einsum("kmno,rkmo->rkmn", root, length * speed)
            after, slope, new_squares = energy(there)
            speed = speed - length / 2 * np.einsum("kmno,rkmn->rkmo", root, slope)
        lost = after - before + ((speed**2).sum(-1) - (momentum**2).sum(-1)) / 2
        go = rng.exponential(size=before.shape) > lost
    return Draws(np.where(go[..., None], there, weights), np.where(go, new_squares, squares))
