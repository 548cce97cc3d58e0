"""A rule with no form given: a small network from pre, post and weight to the change of the weight."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from ...errors import SchemaError, TrainingError
from ._inputs import observed
from ._score import Predictor
from ._unroll import LEAST_PROBABILITY

if TYPE_CHECKING:
    import torch
    import xarray as xr

    from ._score import Prediction
    from ._terms import Numbers
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
        arrays = {"pre": pre, "activity": activity, "weights": weights, "choices": choices}
        arrays |= {"reward": reward, "initial_weights": initial_weights, "recorded": recorded}
        seen, first = observed(arrays, activation=self.activation, learning_rate=self.learning_rate)
        if first is None or np.isnan(first).any():
            raise SchemaError("the small network needs initial_weights= without NaN.")
        rng = np.random.default_rng(self.rng)
        start = rng.normal(size=(self.hidden, 5)), 0.01 * rng.normal(size=self.hidden)
        self.params_ = _descended(seen, first, start, self.activation, self.iterations)
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
        learned, still = (
            _followed(seen, first, (inner, share * outer), self.activation) for share in (1.0, 0.0)
        )
        return learned, still


def _followed(
    seen: Observed, first: Numbers, params: tuple[Numbers, Numbers], activation: str
) -> tuple[Numbers, Numbers]:
    import torch

    with torch.no_grad():
        inner, outer = (torch.as_tensor(values) for values in params)
        rates, weights = _unrolled(seen, torch.as_tensor(first), inner, outer, activation)
    return rates.numpy(), weights.numpy()


def _unrolled(
    seen: Observed, weights: torch.Tensor, inner: torch.Tensor, outer: torch.Tensor, activation: str
) -> tuple[torch.Tensor, torch.Tensor]:
    """Activity (trajectory, step, post) and weights (trajectory, step, post, pre) under the small network."""
    import torch

    phi = {"linear": lambda u: u, "sigmoid": torch.sigmoid, "tanh": torch.tanh, "rectified": torch.relu}
    rates, history = [], []
    for x, r in zip(*(torch.as_tensor(v).transpose(0, 1) for v in (seen.pre, seen.reward)), strict=True):
        rate = phi[activation](torch.einsum("kmn,kn->km", weights, x))
        rates.append(rate)
        history.append(weights)
        drive = inner[:, 0, None, None, None] * x[:, None, :] + inner[:, 2, None, None, None] * weights
        drive = drive + inner[:, 1, None, None, None] * rate[:, :, None] + inner[:, 4, None, None, None]
        drive = drive + inner[:, 3, None, None, None] * r[:, None, None]
        weights = weights + seen.learning_rate * torch.tensordot(outer, torch.tanh(drive), 1)
    return torch.stack(rates, 1), torch.stack(history, 1)


def _descended(
    seen: Observed, first: Numbers, start: tuple[Numbers, Numbers], activation: str, iterations: int
) -> tuple[Numbers, Numbers]:
    import torch

    inner, outer = (torch.tensor(values, requires_grad=True) for values in start)
    params = [inner, outer]
    data = [torch.as_tensor(values) for values in (seen.activity, seen.weights)]
    there = [~torch.isnan(values) for values in data]
    descent = torch.optim.LBFGS(params, max_iter=iterations, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        descent.zero_grad()
        predicted = _unrolled(seen, torch.as_tensor(first), inner, outer, activation)
        total = RIDGE * torch.stack([(values**2).sum() for values in params]).sum()
        for at, (values, mask) in enumerate(zip(data, there, strict=True)):
            if mask.any():
                misfit = _surprise if seen.binary and at == 0 else _squares
                total = total + misfit(values[mask], predicted[at][mask])
        total.backward()  # type: ignore[no-untyped-call]
        return total

    descent.step(loss)  # type: ignore[no-untyped-call]
    return inner.detach().numpy(), outer.detach().numpy()


def _squares(values: torch.Tensor, predicted: torch.Tensor) -> torch.Tensor:
    return ((values - predicted) ** 2).mean() / values.var()


def _surprise(values: torch.Tensor, chance: torch.Tensor) -> torch.Tensor:
    import torch

    chance = chance.clip(LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
    return -torch.where(values > 0.5, chance, 1 - chance).log().mean()
