"""The same trajectories in torch, for what needs slopes by reverse accumulation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from ._unroll import LEAST_PROBABILITY

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._terms import Counts, Numbers
    from ._unroll import Observed

    # Of weights, from pre, post, weight and reward, which broadcast to (trajectory, post, pre).
    Change = Callable[[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]
    Data = tuple[torch.Tensor, torch.Tensor]  # activity, weights


def unrolled(seen: Observed, weights: torch.Tensor, change: Change) -> Data:
    """Activity (trajectory, step, post) and weights (trajectory, step, post, pre) under a rule."""
    rates, history = [], []
    for x, r in zip(*(torch.as_tensor(v).transpose(0, 1) for v in (seen.pre, seen.reward)), strict=True):
        rate = seen.activation.in_torch(torch.einsum("kmn,kn->km", weights, x))
        rates.append(rate)
        history.append(weights)
        weights = weights + seen.learning_rate * change(
            x[:, None, :], rate[..., None], weights, r[:, None, None]
        )
    return torch.stack(rates, -2), torch.stack(history, -3)


def misfits(seen: Observed, predicted: Data) -> tuple[torch.Tensor, torch.Tensor]:
    """Deviance of activity and of weights."""
    told = bernoulli if seen.binary else squares
    return told(torch.as_tensor(seen.activity), predicted[0]), squares(
        torch.as_tensor(seen.weights), predicted[1]
    )


def squares(values: torch.Tensor, predicted: torch.Tensor) -> torch.Tensor:
    """Sum of squared residuals of what was observed."""
    there = ~torch.isnan(values)
    return ((values - predicted)[there] ** 2).sum()


def bernoulli(values: torch.Tensor, chance: torch.Tensor) -> torch.Tensor:
    """Twice the surprise of the yes and no that were observed."""
    there = ~torch.isnan(values)
    chance = chance.clip(LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
    return -2 * torch.where(values > 0.5, chance, 1 - chance)[there].log().sum()


def polynomial(powers: Counts, theta: Numbers) -> Change:
    """The change of weights by a sum of terms."""

    def change(*factors: torch.Tensor) -> torch.Tensor:
        total = torch.zeros_like(factors[2])
        for exponents, coefficient in zip(powers.tolist(), theta.tolist(), strict=True):
            term = torch.tensor(coefficient, dtype=total.dtype)
            for factor, power in zip(factors, exponents, strict=True):
                term = term * factor**power if power else term
            total = total + term
        return total

    return change


def misfits_of_units(seen: Observed, predicted: Data) -> list[torch.Tensor]:
    """Deviance of activity and of weights of each unit (trajectory, post)."""
    found = []
    for values, expected, binary in zip(
        (seen.activity, seen.weights), predicted, (seen.binary, False), strict=True
    ):
        known = torch.as_tensor(values)
        there = ~torch.isnan(known)
        if binary:
            chance = expected.clip(LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
            every = -2 * torch.where(known > 0.5, chance, 1 - chance).log()
        else:
            every = (torch.where(there, known, 0.0) - expected) ** 2
        every = torch.where(there, every, 0.0).sum(1)
        found.append(every.sum(-1) if every.ndim > 2 else every)
    return found
