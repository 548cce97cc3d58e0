"""Estimators of a Jacobian's parts by name, and which of them suits the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ...registry import Registry
from ._least_squares import least_squares as _least_squares
from ._least_squares import split_half as _split_half
from ._pairs import covariance_product
from ._pairs import pairs as _pairs
from ._steps import Steps
from ._steps import steps as _steps

if TYPE_CHECKING:
    from collections.abc import Callable

Numbers = np.ndarray
FEWEST = 8  # trials, of which pairs make a spread
ENOUGH = 0.9  # signal-to-noise ratio times spare trials a synapse, from which least squares are nearer
WHITE = 0.2  # of their variance, by which perturbations may differ from white ones


class Trials(NamedTuple):
    """Changes y per unit of time after perturbations x, and p = C^-1 x, each (trial, synapse)."""

    y: Numbers
    x: Numbers
    p: Numbers

    @property
    def colour(self) -> float:
        r"""How far from white perturbations are: the unbiased :math:`n |K|^2 / (\mathrm{tr} K)^2 - 1`.

        K is the covariance of x, relative to the C that was told.
        """
        product = self.x @ self.p.T
        own = np.diag(product)
        trials, synapses = self.x.shape
        square = ((product * product.T).sum() - (own**2).sum()) / (trials * (trials - 1))
        return float(synapses * square / own.mean() ** 2 - 1)

    @property
    def signal(self) -> float:
        """Variance of changes that perturbations cause, over that of the rest; infinite without noise."""
        y = self.y - self.y.mean(0)
        total = (y**2).sum() / (len(y) - 1)
        caused, _ = covariance_product(y @ y.T, self.x @ self.p.T)
        return float(max(caused, 0.0) / max(total - caused, 1e-12 * total))


@dataclass(frozen=True)
class Estimator:
    """How the parts of a Jacobian are estimated.

    Parameters
    ----------
    takes
        The kind of data: ``"trials"``, ``"trajectory"`` or ``"samples"``.
    summary
        In one line.
    lacks
        ``lacks(data)`` says what the data lack, or nothing.
    estimate
        ``estimate(data, draws=, rng=)``: an ``Estimate``; of samples, what a result says.
    """

    takes: str
    summary: str
    lacks: Callable[[Any], str]
    estimate: Callable[..., Any]

    @property
    def __doc__(self) -> str:  # type: ignore[override]
        return self.summary


field_estimators: Registry[Estimator] = Registry("estimator of a field")


def _few_pairs(data: Trials) -> str:
    if len(data.y) < FEWEST:
        return f"{len(data.y)} trials are too few: it needs at least {FEWEST}"
    if data.colour > WHITE:
        return (
            f"perturbations are not white (their covariance differs by {data.colour:.2f} of its size "
            "from the one told): tell it with covariance=, or have at least as many trials as synapses + 2"
        )
    return ""


def _few_rows(data: Trials) -> str:
    trials, synapses = data.x.shape
    fewest = int(np.ceil((synapses + 3) / 0.9))  # a tenth is left out at a time
    if trials < fewest:
        return f"{trials} trials are too few for {synapses} synapses: it needs at least {fewest}"
    reached = np.linalg.matrix_rank(data.x - data.x.mean(0))
    if reached < synapses:
        return f"perturbations reach {reached} directions of {synapses}: perturb all, independently"
    return ""


field_estimators.register("pairs")(
    Estimator(
        "trials",
        "products over pairs of trials: any noise, fewer trials than synapses, white perturbations",
        _few_pairs,
        lambda data, **options: _pairs(data.y, data.p, **options),
    )
)
field_estimators.register("least_squares")(
    Estimator(
        "trials",
        "regression, less what noise adds: any perturbations, more trials than synapses",
        _few_rows,
        lambda data, **options: _least_squares(data.y, data.x, **options),
    )
)
field_estimators.register("split_half")(
    Estimator(
        "trials",
        "products of estimates from two halves of the trials",
        lambda data: _few_pairs(data) if len(data.y) <= 2 * data.x.shape[1] + 4 else "",
        lambda data, **options: _split_half(data.y, data.x, data.p, **options),
    )
)


def _few_steps(data: Steps) -> str:
    synapses = data.now.shape[1]
    steps = data.together()
    fewest = max(2 * synapses + 10, 20)
    if steps < fewest:
        return f"{steps} steps with all pairs of synapses seen are too few: it needs at least {fewest}"
    return ""


field_estimators.register("steps")(
    Estimator(
        "trajectory", "regression of each session on the one before, by instruments", _few_steps, _steps
    )
)


def chosen(data: Trials) -> tuple[str, str]:
    """Which estimator suits designed perturbations, and why.

    What noise adds to a Jacobian by least squares is n / (N - n) of its size, over the signal-to-noise ratio
    of a synapse; pairs err by how few directions are perturbed, whatever the noise.
    """
    trials, synapses = data.x.shape
    counted = f"{trials} trials of {synapses} synapses"
    if _few_rows(data):
        return "pairs", f"{counted} are too few for least squares"
    if _few_pairs(data):
        return "least_squares", f"{counted}, and perturbations are not white"
    signal = data.signal
    told = f"{counted}, with a signal-to-noise ratio of {signal:.2g}"
    if signal * (trials / synapses - 1) >= ENOUGH:
        return "least_squares", f"{told}: enough for a Jacobian"
    return "pairs", f"{told}: too few for a Jacobian"
