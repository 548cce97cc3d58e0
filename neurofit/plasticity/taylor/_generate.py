"""Trajectories of a network whose weights change by a known rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from ... import provenance
from ...names import POST, PRE, STEP, TRAJECTORY
from ...provenance import label
from ._terms import activations, powers
from ._unroll import Observed, unroll

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._terms import Numbers, Term

MEHTA = (
    "Mehta et al. 2024, Advances in Neural Information Processing Systems 37:48519, "
    "doi:10.1101/2023.12.11.571103"
)
DIMS = (TRAJECTORY, STEP, POST, PRE)


def plastic_trajectories(
    rule: Mapping[Term, float],
    *,
    units: tuple[int, int] = (20, 20),
    steps: int = 50,
    trajectories: int = 6,
    learning_rate: float = 0.04,
    activation: str = "linear",
    noise: float = 0.0,
    recorded: float = 1.0,
    rng: int | np.random.Generator | None = None,
) -> xr.Dataset:
    r"""Activity and weights of one layer while a rule that is known changes its weights.

    Inputs x are drawn from N(0, 1) at each step, first weights from N(0, 1 / pre). Then

    .. math:: y = \phi(W x), \qquad W'_{ij} = W_{ij} + \eta \sum_{abc} \theta_{abc} x_j^a y_i^b W_{ij}^c .

    Parameters
    ----------
    rule
        Coefficient of each term, by its powers of pre, post and weight. Oja's rule is
        ``{(1, 1, 0): 1.0, (0, 2, 1): -1.0}``.
    units
        Numbers of inputs and of units.
    steps
        Number of inputs shown, one after the other.
    trajectories
        How many networks, each with its own first weights and inputs.
    learning_rate
        eta, by which all changes are multiplied.
    activation
        Name of phi, one of ``linear``, ``sigmoid``, ``tanh``, ``rectified``.
    noise
        Gaussian noise of what is observed, in sd of activity and in sd of weights. The network itself has
        none.
    recorded
        Share of units recorded, at least one, the same in all trajectories.
    rng
        Seed or generator.

    Returns
    -------
    Dataset
        ``inputs`` (trajectory, step, pre); ``activity`` (trajectory, step, post) and ``weights``
        (trajectory, step, post, pre) as observed, the weights of a step being those before they change;
        ``first_weights`` (trajectory, post, pre) without noise; ``recorded`` (post). Activity and weights of
        units that are not recorded are NaN.

    Raises
    ------
    SchemaError
        If a term is not one.

    References
    ----------
    Mehta et al. 2024, Advances in Neural Information Processing Systems 37:48519,
    doi:10.1101/2023.12.11.571103;
    Oja 1982, Journal of Mathematical Biology 15:267, doi:10.1007/BF00275687

    Examples
    --------
    >>> data = plastic_trajectories({(1, 1, 0): 1.0}, units=(3, 2), steps=4, trajectories=1, rng=0)
    >>> dict(data.weights.sizes)
    {'trajectory': 1, 'step': 4, 'post': 2, 'pre': 3}
    >>> first = data.isel(trajectory=0, step=0)
    >>> change = 0.04 * first.activity * first.inputs
    >>> bool(np.allclose(data.weights.isel(trajectory=0, step=1), first.weights + change))
    True
    """
    rng = np.random.default_rng(rng)
    pre, post = units
    inputs = rng.normal(size=(trajectories, steps, pre))
    first = rng.normal(size=(trajectories, post, pre)) / np.sqrt(pre)
    ones, nothing = np.ones(inputs.shape[:2]), np.empty(0)
    given = Observed(inputs, ones, nothing, nothing, activations[activation], learning_rate, binary=False)
    clean = predict(given, first, rule)
    seen = np.zeros(post, dtype=bool)
    seen[rng.permutation(post)[: max(round(recorded * post), 1)]] = True
    observed = [values + noise * values.std() * rng.normal(size=values.shape) for values in clean]
    result = xr.Dataset(
        {
            "inputs": ((*DIMS[:2], PRE), inputs),
            "activity": (DIMS[:3], np.where(seen, observed[0], np.nan)),
            "weights": (DIMS, np.where(seen[:, None], observed[1], np.nan)),
            "first_weights": ((TRAJECTORY, POST, PRE), first),
            "recorded": ((POST,), seen),
        },
        coords={TRAJECTORY: range(trajectories), STEP: range(steps), POST: range(post), PRE: range(pre)},
    )
    for name, what in (("inputs", "activity of inputs"), ("activity", "activity"), ("weights", "weight")):
        result[name] = label(result[name], units="1", long_name=what)
    result["first_weights"] = label(result["first_weights"], units="1", long_name="weight before learning")
    result["recorded"] = label(result["recorded"], units="1", long_name="whether the unit is recorded")
    return provenance.stamp(
        result,
        "plasticity.plastic_trajectories",
        references=[MEHTA],
        rule={str(term): value for term, value in rule.items()},
        learning_rate=learning_rate,
        activation=activation,
        noise=noise,
        recorded=recorded,
    )


def predict(seen: Observed, first: Numbers, rule: Mapping[Term, float]) -> tuple[Numbers, Numbers]:
    """Activity (trajectory, step, post) and weights (trajectory, step, post, pre) that a rule makes."""
    # A rule of no terms is one whose only term does nothing.
    table, theta = powers(rule or [(0, 0, 0)]), np.array(list(rule.values()) or [0.0], dtype=float)
    moments = unroll(seen, table, theta, first, of_rule=False, of_first=False)
    rates, weights = zip(*((at.rate, at.weights) for at in moments), strict=True)
    return np.stack(rates, axis=1), np.stack(weights, axis=1)
