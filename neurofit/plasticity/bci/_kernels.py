"""What each kind of feedback predicts of a change of activity, and how well that is borne out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

Numbers = np.ndarray


def flow_change(before: Numbers, after: Numbers, shrinkage: float) -> Numbers:
    """Change of where activity flows, (target, time - 1, unit), less its mean over targets.

    The change of activity, d(t), less A d(t - 1), which the dynamics before learning carry on from the bin
    before. A is a ridge regression of activity on that of the bin before; its penalty is ``shrinkage`` times
    the mean variance of a unit; where it is infinite, A is 0.
    """
    early, change = before - before.mean(axis=0), after - before
    change = change - change.mean(axis=0)
    if np.isinf(shrinkage):
        return change[:, 1:]
    units = before.shape[2]
    pre, post = early[:, :-1].reshape(-1, units), early[:, 1:].reshape(-1, units)
    second = pre.T @ pre
    penalty = shrinkage * np.trace(second) / units
    carried = np.linalg.lstsq(second + penalty * np.eye(units), pre.T @ post, rcond=None)[0]
    return change[:, 1:] - change[:, :-1] @ carried


def carried_errors(before: Numbers, errors: Numbers) -> Numbers:
    """Errors of all (target, time) as they reach each, (target, time - 1, component).

    A synapse that changes by error times presynaptic activity x changes the input of its unit wherever x is
    alike: g(c, t) = sum over c', t' of e(c', t') x(c', t' - 1) . x(c, t - 1), less its mean over targets.
    """
    pre = before[:, :-1].reshape(-1, before.shape[2])
    reached = pre @ (pre.T @ errors[:, 1:].reshape(-1, errors.shape[2]))
    reached = reached.reshape(*before[:, 1:].shape[:2], -1)
    return reached - reached.mean(axis=0)


class Moments(NamedTuple):
    """All that correlations need of each target: (target, component, unit), (target, ...), (target,)."""

    cross: Numbers
    errors: Numbers
    change: Numbers

    @classmethod
    def of(cls, change: Numbers, errors: Numbers) -> Moments:
        """From (target, time, unit) and (target, time, component)."""
        cross = errors.transpose(0, 2, 1) @ change
        return cls(cross, errors.transpose(0, 2, 1) @ errors, (change**2).sum(axis=(1, 2)))

    def along(self, decoders: Numbers) -> tuple[Numbers, Numbers]:
        """Inner product of change and prediction, and of the prediction with itself, (..., target)."""
        along = np.einsum("...ku,cku->...c", decoders, self.cross)
        gram = decoders @ np.swapaxes(decoders, -1, -2)
        return along, np.einsum("...kl,ckl->...c", gram, self.errors)

    def correlation(self, decoders: Numbers, *, weights: Numbers | None = None) -> Numbers:
        """Signed correlation, about 0, of the change with what feedback through ``decoders`` predicts.

        ``weights`` (draw, target) say how often each target counts.
        """
        along, own = self.along(decoders)
        counts = np.ones(along.shape[-1]) if weights is None else weights.T
        total = (own @ counts) * (self.change @ counts)
        return np.divide(along @ counts, np.sqrt(total), out=np.zeros_like(total), where=total > 0)


def likeness(moments: Moments, first: Numbers, second: Numbers) -> float:
    """Correlation between the predictions of two decoders (component, unit)."""
    errors = moments.errors.sum(axis=0)
    inner = [
        np.sum((one @ other.T) * errors) for one, other in ((first, second), (first, first), (second, second))
    ]
    return float(inner[0] / np.sqrt(inner[1] * inner[2]))


def turned(decoders: Numbers, activity: Numbers, draws: int, rng: np.random.Generator) -> Numbers:
    """Decoders (draw, component, unit) with the inner products of ``decoders``, in random directions.

    Directions are drawn with the covariance of ``activity`` (sample, unit), as in Elsayed & Cunningham 2017.
    """
    components = len(decoders)
    noise = rng.normal(size=(draws, components, len(activity))) / np.sqrt(len(activity))
    drawn = noise @ (activity - activity.mean(axis=0))
    left, _, right = np.linalg.svd(drawn, full_matrices=False)
    values, vectors = np.linalg.eigh(decoders @ decoders.T)
    root = vectors * np.sqrt(np.maximum(values, 0.0)) @ vectors.T
    return root @ left @ right


def held_out(change: Numbers, predictions: Numbers) -> float:
    """Signed R2 of the change of each target from weights, none below 0, that fit all other targets.

    ``predictions`` are (alternative, target, time, unit). Against no change: below 0 is worse than none.
    """
    targets = len(change)
    gram = np.einsum("actu,bctu->cab", predictions, predictions)
    cross = np.einsum("actu,ctu->ca", predictions, change)
    residual = 0.0
    for target in range(targets):
        rest = np.arange(targets) != target
        weights = non_negative(gram[rest].sum(axis=0), cross[rest].sum(axis=0))
        residual += weights @ gram[target] @ weights - 2 * weights @ cross[target]
    total = float((change**2).sum())
    return float(-residual / total) if total else 0.0


def non_negative(gram: Numbers, cross: Numbers) -> Numbers:
    """Weights of one or two predictions, none below 0, of least squares."""
    alone = np.maximum(cross, 0.0) / np.where(np.diag(gram) > 0, np.diag(gram), 1.0)
    if len(cross) == 1:
        return alone
    both = np.linalg.lstsq(gram, cross, rcond=None)[0]
    if (both >= 0).all():
        return both
    best = int(np.argmax(alone * cross))
    return np.where(np.arange(2) == best, alone, 0.0)
