"""A rule with no form given: a small network from pre, post and weight to the change of the weight."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ...errors import TrainingError
from ._inputs import complete
from ._score import Predictor

if TYPE_CHECKING:
    import torch
    import xarray as xr

    from ._score import Prediction
    from ._terms import Numbers
    from ._torch import Change
    from ._unroll import Observed

RIDGE = 1e-5


@dataclass
class NetworkRule(Predictor):
    r"""The nonparametric alternative to ``TaylorRule``: its change of weights is a small network's output.

    .. math:: W'_{ij} = W_{ij} + \eta\, v \cdot \tanh(A\, (x_j, y_i, W_{ij}, r) + b)

    A, b and v are fitted through whole trajectories from known first weights, by gradient descent with
    curvature (L-BFGS). Where it predicts trajectories that were held out better than ``TaylorRule`` does, the
    rule is not of that order. It gives no coefficients and no errors.

    Parameters
    ----------
    hidden
        Number of units of the small network.
    learning_rate
        eta.
    activation
        Activation function of the layer that learns, ``linear``, ``sigmoid``, ``tanh`` or ``rectified``.
    iterations
        Most steps of descent.
    rng
        Seed or generator of the small network's own first weights.

    Attributes
    ----------
    params_
        A and b (hidden, factor), v (hidden).

    References
    ----------
    Mehta et al. 2024, Advances in Neural Information Processing Systems 37:48519,
    doi:10.1101/2023.12.11.571103

    Examples
    --------
    >>> from neurofit.plasticity.taylor import plastic_trajectories
    >>> data = plastic_trajectories({(0, 0, 1): -1.0}, units=(3, 2), steps=10, rng=0)
    >>> rule = NetworkRule(hidden=3, learning_rate=0.04, rng=0)
    >>> rule = rule.fit(data.inputs, weights=data.weights, initial_weights=data.first_weights)
    >>> bool(abs(rule.change(pre=0.0, post=0.0, weight=0.5) + 0.5) < 0.05)
    True
    """

    hidden: int = 8
    learning_rate: float = 1.0
    activation: str = "linear"
    iterations: int = 100
    rng: int | np.random.Generator | None = None
    params_: tuple[Numbers, Numbers] = field(init=False, repr=False)

    def fit(
        self,
        pre: xr.DataArray,
        *,
        initial_weights: xr.DataArray,
        activity: xr.DataArray | None = None,
        weights: xr.DataArray | None = None,
        choices: xr.DataArray | None = None,
        reward: xr.DataArray | None = None,
        recorded: xr.DataArray | None = None,
    ) -> NetworkRule:
        """Fit the small network; arrays are those of ``TaylorRule.fit``.

        Returns
        -------
        NetworkRule
            Itself.

        Raises
        ------
        SchemaError
            If shapes do not fit, or first weights have NaN.
        TrainingError
            If the descent diverged.
        """
        seen, given = self._observed(
            pre=pre,
            activity=activity,
            weights=weights,
            choices=choices,
            reward=reward,
            initial_weights=initial_weights,
            recorded=recorded,
        )
        first = complete(given, of="the small network")
        rng = np.random.default_rng(self.rng)
        start = rng.normal(size=(self.hidden, 5)), 0.01 * rng.normal(size=self.hidden)
        self.params_ = _descended(seen, first, start, self.iterations)
        if not all(np.isfinite(values).all() for values in self.params_):
            raise TrainingError("the small network diverged: give a smaller learning_rate, or another rng.")
        return self

    def change(self, *, pre: Numbers | float, post: Numbers | float, weight: Numbers | float) -> Numbers:
        """Change of a weight in units of the learning rate, at reward 1, for arrays that broadcast."""
        inner, outer = self.params_
        factors = np.stack(
            np.broadcast_arrays(*(np.asarray(v, dtype=float) for v in (pre, post, weight, 1, 1)))
        )
        return np.tensordot(outer, np.tanh(np.tensordot(inner, factors, 1)), 1)

    def _predicted(self, seen: Observed, first: Numbers) -> tuple[Prediction, Prediction]:
        inner, outer = self.params_
        learned, still = (_followed(seen, first, (inner, share * outer)) for share in (1.0, 0.0))
        return learned, still


def _followed(seen: Observed, first: Numbers, params: tuple[Numbers, Numbers]) -> tuple[Numbers, Numbers]:
    import torch

    from ._torch import unrolled

    with torch.no_grad():
        inner, outer = (torch.as_tensor(values) for values in params)
        rates, weights = unrolled(seen, torch.as_tensor(first), _network(inner, outer))
    return rates.numpy(), weights.numpy()


def _network(inner: torch.Tensor, outer: torch.Tensor) -> Change:
    """The change of weights that the small network makes."""
    import torch

    def change(*factors: torch.Tensor) -> torch.Tensor:
        pre, post, weight, reward, one = inner.T[..., None, None, None]
        x, y, w, r = factors
        drive = pre * x + post * y + weight * w + reward * r + one
        return torch.tensordot(outer, torch.tanh(drive), 1)

    return change


def _descended(
    seen: Observed, first: Numbers, start: tuple[Numbers, Numbers], iterations: int
) -> tuple[Numbers, Numbers]:
    import torch

    from ._torch import misfits, unrolled

    inner, outer = (torch.tensor(values, requires_grad=True) for values in start)
    params = [inner, outer]
    # Squares in units of the variance, surprise as it is, both for one observation.
    data = (seen.activity, seen.weights)
    units = [np.nanvar(values) if n else 1.0 for values, n in zip(data, seen.counts, strict=True)]
    units[0] = 2.0 if seen.binary else units[0]
    scale = [1 / (n * unit) if n else 0.0 for n, unit in zip(seen.counts, units, strict=True)]
    descent = torch.optim.LBFGS(params, max_iter=iterations, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        descent.zero_grad()
        parts = misfits(seen, unrolled(seen, torch.as_tensor(first), _network(inner, outer)))
        total = RIDGE * torch.stack([(values**2).sum() for values in params]).sum()
        for weight, part in zip(scale, parts, strict=True):
            total = total + weight * part
        total.backward()  # type: ignore[no-untyped-call]
        return total

    descent.step(loss)  # type: ignore[no-untyped-call]
    return inner.detach().numpy(), outer.detach().numpy()
