"""A Jacobian from weights over sessions, in spite of noise in the weights and of long intervals."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ._curl import p_value
from ._sums import Estimate, Sums

Numbers = np.ndarray
GROUPS = 25
BLOCK = 5  # sessions in a row that have one sign: noise of one session is in two steps
ERRORS = 500


class Steps(NamedTuple):
    """Steps from ``now`` to ``after`` (step, synapse), each with an ``instrument`` and one ``before`` that.

    Missing values are NaN. ``interval`` is one number, or one for each step where they differ.
    """

    now: Numbers
    after: Numbers
    instrument: Numbers
    before: Numbers
    interval: Numbers
    trajectory: Numbers

    def rows(self, kept: Numbers) -> Steps:
        """Some of the steps."""
        return Steps(*(part[kept] for part in self))

    def together(self) -> int:
        """Steps in which the pair of synapses that is seen least often is seen, of now, after, instrument."""
        return int(min(_counts(part, self.instrument).min() for part in (self.now, self.after)))

    def centred(self) -> Steps:
        """Each trajectory about its own mean."""
        parts = [part.copy() for part in self[:4]]
        for one in np.unique(self.trajectory):
            rows = self.trajectory == one
            for part in parts:
                part[rows] -= np.nanmean(part[rows], axis=0)
        now, after, instrument, before = parts
        return Steps(now, after, instrument, before, self.interval, self.trajectory)


def steps(steps_: Steps, *, exact: bool, draws: int, rng: np.random.Generator) -> Estimate:
    r"""Of J from w(t + dt) = exp(J dt) w(t) + noise about the mean, by instrumental variables.

    With an instrument z that shares no noise with w(t) and w(t + dt), such as w(t - dt),

    .. math:: \hat\Phi = \langle w(t + dt)\, z^\top \rangle \langle w(t)\, z^\top \rangle^{-1}, \qquad
        \hat J = \log\hat\Phi / dt ,

    or :math:`(\hat\Phi - 1)/dt` where ``exact`` is False. Moments are over all sessions that have both
    synapses. The bias of the sums is that of steps whose residuals have random signs.
    """
    given = steps_.centred()
    jacobian, step = _fit(given, exact=exact)
    errors = _errors(given, step, min(draws, ERRORS), rng, exact=exact)
    noisy = _jacobian(step + errors, given, exact=exact)
    bias = Sums(*(values.mean() for values in Sums.of(noisy))).less(Sums.of(jacobian))
    sums = Sums.of(jacobian).less(bias)
    scale = 1.0 if not exact else float(given.interval[0])
    plain = Sums.of(step).less(Sums(*(values.mean() for values in Sums.of(errors))))
    none = Sums.of(errors)
    null = (none.square - none.turned) / 2
    edges = np.linspace(0, len(given.now), GROUPS + 1).astype(int)
    rows = np.arange(len(given.now))
    parts = [
        steps_.rows(np.delete(rows, np.s_[a:b])).centred() for a, b in zip(edges, edges[1:], strict=False)
    ]
    left = Sums.of(np.array([_fit(part, exact=exact)[0] for part in parts]))
    return Estimate(
        sums,
        Sums(*(values - shift for values, shift in zip(left, bias, strict=True))),
        curl=float(plain.square - plain.turned) / 2 / scale**2,
        curl_null=(null - null.mean()) / scale**2,
        drift=_drift(steps_, jacobian, step, exact=exact),
        jacobian=jacobian,
        noise=noisy - jacobian,
        memory=_memory(given, step, draws, rng, exact=exact),
    )


def logarithm(step: Numbers) -> Numbers:
    """Principal logarithm of matrices (..., synapse, synapse) by their eigenvectors; the real part of it."""
    values, vectors = np.linalg.eig(step)
    logs = np.log(values.astype(complex))
    return np.real((vectors * logs[..., None, :]) @ np.linalg.inv(vectors))


def _drift(given: Steps, jacobian: Numbers, step: Numbers, *, exact: bool) -> Numbers:
    """The field at mean weights m: with a fixed point m + x, the mean step is (1 - exp(J dt)) x, f = -J x."""
    if not exact:
        return np.nanmean(_target(given, exact=False), axis=0)
    moved = np.nanmean(given.after - given.now, axis=0)
    return jacobian @ np.linalg.pinv(step - np.eye(len(step))) @ moved


def flips(given: Steps) -> bool:
    """Whether the step has a negative eigenvalue: no real matrix has it as exponential."""
    values = np.linalg.eigvals(_fit(given.centred(), exact=True)[1])
    return bool(((values.real < 0) & (np.abs(values.imag) < 1e-9 * np.abs(values))).any())


def strength(given: Steps) -> float:
    """Smallest canonical correlation of weights and instruments, in standard errors of one that is 0."""
    given = given.centred()
    roots = []
    # Synapses by their own spread: sizes that differ by many digits are no weakness.
    parts = [part / np.nanstd(part, axis=0) for part in (given.now, given.instrument)]
    for part in parts:
        values, vectors = np.linalg.eigh(_moments(part, part))
        roots.append(vectors / np.sqrt(np.maximum(values, 1e-12 * values.max())))
    between = roots[0].T @ _moments(*parts) @ roots[1]
    return float(np.linalg.svd(between, compute_uv=False).min() * np.sqrt(len(given.now)))


def _fit(given: Steps, *, exact: bool) -> tuple[Numbers, Numbers]:
    """The Jacobian, and what it was made of: exp(J dt), or J dt, J where intervals differ."""
    step = _moments(_target(given, exact=exact), given.instrument) @ np.linalg.inv(
        _moments(given.now, given.instrument)
    )
    return _jacobian(step, given, exact=exact), step


def _target(given: Steps, *, exact: bool) -> Numbers:
    """What is linear in the weights now: those after the step, or their change per unit of time."""
    return given.after if exact else (given.after - given.now) / given.interval[:, None]


def _jacobian(step: Numbers, given: Steps, *, exact: bool) -> Numbers:
    if not exact:
        return step
    return logarithm(step) / given.interval[0]


def _errors(given: Steps, step: Numbers, draws: int, rng: np.random.Generator, *, exact: bool) -> Numbers:
    """Draws of the error of ``step``: residuals with the signs of blocks of sessions turned at random."""
    inverse = np.linalg.inv(_moments(given.now, given.instrument))
    residual, instrument = _residual(given, step, exact=exact), np.nan_to_num(given.instrument)
    counts = np.maximum(_counts(given.after, given.instrument), 1)
    signs = _signs(len(residual), draws, rng)
    return np.array([((sign[:, None] * residual).T @ instrument / counts) @ inverse for sign in signs])


def _residual(given: Steps, step: Numbers, *, exact: bool) -> Numbers:
    """What steps do beyond the field; 0 where a synapse is missing."""
    return np.nan_to_num(_target(given, exact=exact) - np.nan_to_num(given.now) @ step.T)


def _memory(given: Steps, step: Numbers, draws: int, rng: np.random.Generator, *, exact: bool) -> float:
    """p-value of residuals unrelated to weights one session before the instrument (Sargan 1958).

    The part of these weights along which the fit itself makes residuals 0 is taken off.
    """
    rows = np.isfinite(given.before).any(axis=1)
    if rows.sum() < 2 * BLOCK:
        return np.nan
    some = given.rows(rows)
    turn = np.linalg.solve(_moments(some.now, some.instrument), _moments(some.now, some.before))
    before = np.nan_to_num(some.before) - np.nan_to_num(some.instrument) @ turn
    residual = _residual(some, step, exact=exact)
    left, sizes, _ = np.linalg.svd(before, full_matrices=False)
    white = left[:, sizes > 1e-6 * sizes[0]]
    moved = residual / residual.std(axis=0)
    signs = _signs(len(moved), draws, rng)
    turned = np.array([((sign[:, None] * moved).T @ white) for sign in signs])
    observed = ((moved.T @ white) ** 2).sum()
    return p_value(observed, (turned**2).sum((1, 2)))


def _signs(rows: int, draws: int, rng: np.random.Generator) -> Numbers:
    """Random signs (draw, row), the same for a block of rows."""
    return rng.choice([-1.0, 1.0], size=(draws, -(-rows // BLOCK))).repeat(BLOCK, axis=1)[:, :rows]


def _counts(a: Numbers, b: Numbers) -> Numbers:
    return np.isfinite(a).T.astype(float) @ np.isfinite(b)


def _moments(a: Numbers, b: Numbers) -> Numbers:
    """Mean of a b' over the rows that have both."""
    return np.nan_to_num(a).T @ np.nan_to_num(b) / np.maximum(_counts(a, b), 1)
