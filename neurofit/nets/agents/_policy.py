"""From what the readout prefers to an action, and how its log-probability changes with what is preferred."""

from __future__ import annotations

import torch
from torch.nn.functional import one_hot

from ..learning.reward._acting import draw_actions
from ..learning.reward._kick import normal


def act(preferences: torch.Tensor, generator: torch.Generator, *, sigma: float | None) -> torch.Tensor:
    """Numbers of actions drawn from the softmax or, with ``sigma``, vectors drawn around those preferred."""
    if sigma is None:
        return draw_actions(preferences.softmax(1), generator)
    return preferences + sigma * normal(preferences, generator)


def score(preferences: torch.Tensor, actions: torch.Tensor, *, sigma: float | None) -> torch.Tensor:
    """Gradient of the log-probability of ``actions`` in the preferences."""
    if sigma is None:
        return one_hot(actions, preferences.shape[1]).to(preferences) - preferences.softmax(1)
    return (actions - preferences) / sigma**2


def explore(values: torch.Tensor, generator: torch.Generator, *, epsilon: float) -> torch.Tensor:
    """The most valuable action, ties being drawn; in a share ``epsilon`` of decisions any action."""
    noise = torch.rand(values.shape, generator=generator).to(values.device)
    best = values == values.max(1, keepdim=True).values
    drawn = torch.rand(len(values), 1, generator=generator).to(values.device) < epsilon
    return torch.where(drawn | best, noise, -1.0).argmax(1)
