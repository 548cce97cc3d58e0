"""Comparators of the centred second moments G = -1/2 H D H of squared distances D, with H = I - 1 1' / n.

They need whole matrices: of the stimuli that lack pairs in either RDM, the one that lacks most is left out,
until none is lacking. A draw counts which stimuli are in it, not how often.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.optimize import minimize_scalar
from scipy.spatial.distance import squareform

from .comparison import FEWEST_PAIRS, Noise, RdmsA, RdmsB, Similarities, Times, comparators, over_presence

Moment = Float[np.ndarray, "contrast contrast"]
MomentsA = Float[np.ndarray, "a contrast contrast"]
MomentsB = Float[np.ndarray, "b contrast contrast"]
Alike = Float[np.ndarray, "a b"]
OverMoments = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


class MatrixComparator:
    """A comparator of second moments (and that of the noise) in orthonormal contrasts of the same stimuli."""

    def __init__(
        self, over_moments: OverMoments, *, takes_noise: bool, bounded: bool, undefined: str
    ) -> None:
        self.over_moments = over_moments
        self.bounded = bounded
        self.undefined = undefined
        self.takes_noise = takes_noise
        self.__doc__ = over_moments.__doc__

    def __call__(self, a: RdmsA, b: RdmsB, times: Times, noise: Noise | None = None) -> Similarities:
        """Similarity of each RDM of ``a`` to each of ``b``, over the stimuli that are in each draw."""
        covariance = np.eye(times.shape[1]) if noise is None else noise

        def similarity(a: RdmsA, b: RdmsB, times: Times, here: Bool[np.ndarray, " pair"]) -> Similarities:
            result = np.full((len(times), len(a), len(b)), np.nan)
            squares = [np.stack([squareform(row, checks=False) for row in rdms]) for rdms in (a, b)]
            lacks = ~squareform(here) & ~np.eye(times.shape[1], dtype=bool)
            for draw, drawn in enumerate(times > 0):
                stimuli = complete(lacks, drawn)
                if len(stimuli) >= FEWEST_PAIRS:  # As many stimuli have as many pairs.
                    moments = [-0.5 * _in_contrasts(square, stimuli) for square in squares]
                    noise_moment = _in_contrasts(covariance, stimuli)
                    result[draw] = self.over_moments(moments[0], moments[1], noise_moment)
            return result

        return over_presence(similarity, a, b, times)


def complete(
    lacks: Bool[np.ndarray, "stimulus stimulus"], drawn: Bool[np.ndarray, " stimulus"]
) -> Int[np.ndarray, " kept"]:
    """The stimuli that are left when, one by one, the drawn one that lacks most pairs is taken out."""
    kept = drawn.copy()
    while (missing := np.where(kept, (lacks & kept).sum(axis=1), 0)).any():
        kept[np.argmax(missing)] = False
    return np.flatnonzero(kept)


def _in_contrasts(
    square: Float[np.ndarray, "*more stimulus stimulus"], stimuli: Int[np.ndarray, " kept"]
) -> Float[np.ndarray, "*more contrast contrast"]:
    """C M C' for orthonormal contrasts C of the stimuli, under which C' C = I - 1 1' / n."""
    step = np.arange(1.0, len(stimuli))[:, None]
    position = np.arange(len(stimuli))
    contrasts = ((position < step) - step * (position == step)) / np.sqrt(step * (step + 1.0))
    return contrasts @ square[..., stimuli[:, None], stimuli] @ contrasts.T


def bures(a: MomentsA, b: MomentsB, noise: Moment) -> Alike:
    """Nuclear norm of G_a^1/2 G_b^1/2 over sqrt(tr G_a tr G_b), with negative eigenvalues taken as 0."""
    (root_a, trace_a), (root_b, trace_b) = _root(a), _root(b)
    overlap = np.linalg.svd(root_a[:, None] @ root_b[None], compute_uv=False).sum(axis=-1)
    lengths = np.sqrt(trace_a[:, None] * trace_b[None])
    return overlap / np.where(lengths > 0, lengths, np.nan)


def _root(moments: MomentsA) -> tuple[MomentsA, Float[np.ndarray, " a"]]:
    values, axes = np.linalg.eigh(moments)
    values = np.maximum(values, 0.0)
    return (axes * np.sqrt(values)[:, None, :]) @ axes.mT, values.sum(axis=-1)


def riemannian(a: MomentsA, b: MomentsB, noise: Moment) -> Alike:
    """Minus the distance of G_b from s G_a + t S, the scale s and the share t of noise S fitted.

    The affine-invariant distance is sqrt(sum_i log^2 l_i), l the eigenvalues of G_b^-1 (s G_a + t S).
    """
    result = np.full((len(a), len(b)), np.nan)
    for j, (values, axes) in enumerate(zip(*np.linalg.eigh(b), strict=True)):
        if values[0] > np.finfo(float).eps * len(values) * values[-1]:
            whitening = axes / np.sqrt(values)
            relative = whitening.T @ noise @ whitening
            for i, moment in enumerate(whitening.T @ a @ whitening):
                result[i, j] = -_distance_from_identity(moment, relative)
    return result


def _distance_from_identity(moment: Moment, noise: Moment) -> float:
    """Least sqrt(sum log^2 l) over s, t >= 0, with l the eigenvalues of s moment + t noise."""
    size = np.linalg.norm(moment)
    if not size > 0:
        return np.nan
    moment, noise = moment / size, noise / np.linalg.norm(noise)

    def squared(share: float) -> float:
        """The least over s for t / s = exp(share): then the logarithms have mean 0."""
        return float(_spread(moment + np.exp(share) * noise))

    shares = np.arange(-16.0, 17.0, 2.0)
    nearest = shares[np.argmin(_spread(moment + np.exp(shares)[:, None, None] * noise))]
    found = minimize_scalar(squared, bounds=(nearest - 2, nearest + 2), method="bounded")
    return float(np.sqrt(min(found.fun, _spread(moment), _spread(noise))))


def _spread(moments: Float[np.ndarray, "*more contrast contrast"]) -> Float[np.ndarray, "*more"]:
    """Sum of squares of the eigenvalues' logarithms about their mean; infinite if one is not positive."""
    values = np.linalg.eigvalsh(moments)
    tiny = np.finfo(float).eps * values.shape[-1] * values[..., -1:]
    positive = (values > tiny).all(axis=-1)
    logarithms = np.log(np.maximum(values, np.finfo(float).tiny))
    return np.where(positive, logarithms.var(axis=-1) * values.shape[-1], np.inf)


FEW = f"fewer than {FEWEST_PAIRS} stimuli have all pairs in both"
comparators.register("riemannian")(
    MatrixComparator(
        riemannian,
        takes_noise=True,
        bounded=False,
        undefined=f"{FEW}, or the second moment of the data (b) has eigenvalues that are not positive",
    )
)
comparators.register("bures")(
    MatrixComparator(
        bures, takes_noise=False, bounded=True, undefined=f"{FEW}, or an RDM has no positive eigenvalue"
    )
)
