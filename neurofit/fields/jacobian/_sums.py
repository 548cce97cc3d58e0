"""Four sums over a Jacobian, of which every index is made, and what an estimator gives back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import stats

from ._curl import p_value

if TYPE_CHECKING:
    from collections.abc import Callable

Numbers = np.ndarray
SURE = 0.05
TINY = 1e-300


class Sums(NamedTuple):
    r""":math:`|J|^2`, :math:`\mathrm{tr} J^2`, :math:`\mathrm{tr} J` and :math:`\sum_i J_{ii}^2`."""

    square: Numbers
    turned: Numbers
    trace: Numbers
    diagonal: Numbers

    @classmethod
    def of(cls, jacobian: Numbers) -> Sums:
        """Plug-in sums of Jacobians (..., synapse, synapse)."""
        diagonal = np.diagonal(jacobian, axis1=-2, axis2=-1)
        turned = (jacobian * np.swapaxes(jacobian, -1, -2)).sum((-2, -1))
        return cls((jacobian**2).sum((-2, -1)), turned, diagonal.sum(-1), (diagonal**2).sum(-1))

    def less(self, other: Sums) -> Sums:
        """Each sum less that of ``other``."""
        return Sums(*(a - b for a, b in zip(self, other, strict=True)))


class Indices(NamedTuple):
    """What is asked of a Jacobian, from its sums."""

    gradient_share: Numbers
    divergence: Numbers
    curl_norm: Numbers
    reciprocity: Numbers
    square: Numbers

    @classmethod
    def of(cls, sums: Sums) -> Indices:
        r"""Share :math:`|S|^2/|J|^2` and curl :math:`\sqrt{2}|A|` of J = S + A, and the others.

        :math:`2|S|^2 = |J|^2 + \mathrm{tr} J^2` and :math:`2|A|^2 = |J|^2 - \mathrm{tr} J^2`. A
        debiased square may fall below 0: there the share is NaN, and a curl is 0.
        """
        square = np.where(sums.square > TINY, sums.square, np.nan)
        off = sums.square - sums.diagonal
        off = np.where(off > TINY, off, np.nan)
        return cls(
            0.5 * (1 + sums.turned / square),
            sums.trace,
            np.sqrt(np.maximum(sums.square - sums.turned, 0.0)),
            (sums.turned - sums.diagonal) / off,
            sums.square,
        )


@dataclass(frozen=True)
class Estimate:
    """What an estimator found out about a Jacobian.

    Parameters
    ----------
    sums
        Debiased sums.
    left_out
        The same without each group of trials, sums (group,).
    curl
        Debiased :math:`|A|^2`, in any unit.
    curl_null
        The same where there is none (draw,).
    jacobian
        Its estimate (synapse, synapse), where one is formed.
    drift
        The constant part of the field (synapse,).
    noise
        Draws of the error of ``jacobian`` (draw, synapse, synapse), where there are any.
    memory
        p-value of no dependence on the previous step; NaN where it was not asked.
    """

    sums: Sums
    left_out: Sums
    curl: float
    curl_null: Numbers
    drift: Numbers
    jacobian: Numbers | None = None
    noise: Numbers | None = None
    memory: float = np.nan

    @property
    def p_curl(self) -> float:
        """Share of sign-flipped samples with at least as much curl."""
        return p_value(self.curl, self.curl_null)

    def indices(self) -> tuple[Indices, Indices, Indices]:
        """Each index, and the lower and upper bounds of its 95 % jackknife interval."""
        found = Indices.of(self.sums)
        bounds = [jackknife(a, b) for a, b in zip(found, Indices.of(self.left_out), strict=True)]
        return found, Indices(*(low for low, _ in bounds)), Indices(*(high for _, high in bounds))


def jackknife(whole: Numbers, left_out: Numbers) -> tuple[Numbers, Numbers]:
    """95 % interval of ``whole`` from its values without each group (group,), by Student's t."""
    groups = len(left_out)
    error = np.sqrt((groups - 1) / groups * ((left_out - left_out.mean()) ** 2).sum())
    reach = stats.t.ppf(1 - SURE / 2, groups - 1) * error
    return whole - reach, whole + reach


def left_out_of(estimate: Callable[[Numbers], Sums], trials: int, groups: int) -> Sums:
    """Sums without each of ``groups`` contiguous groups of trials; ``estimate`` takes the rows to keep."""
    edges = np.linspace(0, trials, min(groups, trials) + 1).astype(int)
    rows = np.arange(trials)
    kept = [estimate(np.delete(rows, np.s_[low:high])) for low, high in zip(edges, edges[1:], strict=False)]
    return Sums(*(np.array(values) for values in zip(*kept, strict=True)))
