"""Weights of a network that learns, as imaging would see them: in sessions, with gaps and noise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import xarray as xr

from ..errors import TrainingError
from ..names import SESSION_INDEX, SYNAPSE
from ..provenance import label, stamp
from ._field_rule import after, recipe, rule_field

if TYPE_CHECKING:
    from ..nets import Batch
    from ..nets._choice import Choice
    from ._field_rule import RuleField


def weights(  # noqa: PLR0913 - how weights move, and how they are seen; the network is told by options
    rule: Choice,
    *,
    sessions: int = 30,
    interval: int = 10,
    learning_rate: float = 0.1,
    batch_size: int | None = None,
    momentum: float = 0.0,
    measurement_noise: float = 0.0,
    missing: float = 0.0,
    rng: int | np.random.Generator | None = None,
    **network: Any,
) -> xr.Dataset:
    r"""Weights of a network that learns by a rule, in sessions.

    .. math:: v \leftarrow \mu v + f(w), \qquad w \leftarrow w + \eta\, v

    With momentum the next change depends on the last one, so that weights alone have no field.

    Parameters
    ----------
    rule
        As ``rule_field`` takes it.
    sessions
        How many; at least 2.
    interval
        Updates from one to the next.
    learning_rate
        eta.
    batch_size
        Examples of each update, drawn at random; all of them by default, and then there is no noise.
    momentum
        mu, the share of the last step that goes on.
    measurement_noise
        Sd of what each measurement adds by itself.
    missing
        Share of measurements that are missing, at random: NaN.
    rng
        Seed or generator.
    **network
        As ``rule_field`` takes them: ``task``, ``layers``, ``objective``, ``examples``, ``step``.

    Returns
    -------
    Dataset
        ``weights`` as measured and ``true_weights`` (session_index, synapse), with coords ``pre``, ``post``,
        ``layer``; ``times`` and ``loss`` (session_index). A unit of time is 1 / eta updates.

    Raises
    ------
    TrainingError
        If options are out of range, choices do not fit together, or training diverges.

    Examples
    --------
    >>> made = weights("backprop", layers=(3, 4, 2), sessions=5, rng=0)
    >>> made.weights.dims, bool(made.loss[-1] < made.loss[0])
    (('session_index', 'synapse'), True)
    """
    seed, rng = rng, np.random.default_rng(rng)
    _check(sessions, interval, batch_size, momentum, measurement_noise, missing)
    made = rule_field(rule, learning_rate=learning_rate, **network, rng=rng)
    path, loss = _learned(made, (sessions, interval), learning_rate, momentum, batch_size, rng)
    measured = path + measurement_noise * rng.normal(size=path.shape)
    measured[rng.random(path.shape) < missing] = np.nan
    dims = (SESSION_INDEX, SYNAPSE)
    arrays = {
        "weights": (dims, measured, "weight as measured", "1"),
        "true_weights": (dims, path, "weight", "1"),
        "times": (SESSION_INDEX, learning_rate * interval * np.arange(sessions), "time of the session", "1"),
        "loss": (SESSION_INDEX, loss, f"{made.objective.name} on all examples", made.objective.units),
    }
    result = xr.Dataset(
        {
            name: label(xr.DataArray(values, dims=dims), units=units, long_name=long_name)
            for name, (dims, values, long_name, units) in arrays.items()
        },
        made.coords,
    )
    return stamp(
        result,
        "simulate.weights",
        references=made.rule.references,
        rule=recipe(rule),
        network=network,
        sessions=sessions,
        interval=interval,
        learning_rate=learning_rate,
        batch_size=batch_size,
        momentum=momentum,
        measurement_noise=measurement_noise,
        missing=missing,
        rng=seed,
    )


def _learned(  # noqa: PLR0913 - one by one
    made: RuleField,
    plan: tuple[int, int],
    learning_rate: float,
    momentum: float,
    batch_size: int | None,
    rng: np.random.Generator,
) -> tuple[np.ndarray, list[float]]:
    """Weights and loss at each session."""
    sessions, interval = plan
    generator = torch.Generator().manual_seed(int(rng.integers(2**63)))
    velocity = torch.zeros_like(made.w0)
    path, loss = [made.w0.numpy()], [made.loss(made.w0)]
    for _ in range(sessions - 1):
        for _ in range(interval):
            batch = _some(made.batch, batch_size, rng)
            velocity = momentum * velocity + made.once(made.w0, generator, batch=batch)
            made = after(made, learning_rate * velocity, generator, batch=batch)
        path.append(made.w0.numpy())
        loss.append(made.loss(made.w0))
    if not np.isfinite(loss).all():
        raise TrainingError("training diverged: lower learning_rate")
    return np.stack(path), loss


def _some(batch: Batch, size: int | None, rng: np.random.Generator) -> Batch:
    if size is None:
        return batch
    chosen = torch.from_numpy(rng.integers(len(batch.inputs), size=size))
    return batch._replace(inputs=batch.inputs[chosen], labels=batch.labels[chosen])


def _check(  # noqa: PLR0913 - one by one
    sessions: int,
    interval: int,
    batch_size: int | None,
    momentum: float,
    measurement_noise: float,
    missing: float,
) -> None:
    wanted = {
        f"sessions must be 2 or more, not {sessions}": sessions >= 2,
        f"interval must be 1 or more, not {interval}": interval >= 1,
        f"batch_size must be 1 or more, not {batch_size}": batch_size is None or batch_size >= 1,
        f"momentum is a share below 1, not {momentum}": 0 <= momentum < 1,
        f"measurement_noise must be 0 or more, not {measurement_noise}": measurement_noise >= 0,
        f"missing is a share below 1, not {missing}": 0 <= missing < 1,
    }
    wrong = [phrase for phrase, fine in wanted.items() if not fine]
    if wrong:
        raise TrainingError("; ".join(wrong))
