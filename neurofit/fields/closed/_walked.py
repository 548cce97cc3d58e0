"""Weights that follow a closed field, with noise of their own, seen in sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ...errors import SchemaError
from ...names import SESSION_INDEX, SYNAPSE, TRAJECTORY
from ...provenance import label, stamp
from ._kernels import exact_step, root

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._field import ClosedField

Numbers = np.ndarray
LONGEST = 0.01  # a step of the Euler-Maruyama scheme, in times of the fastest direction at 0


def walked(  # noqa: PLR0913 - how weights move, and how they are seen
    field: ClosedField,
    *,
    w0: Any = None,
    sessions: int = 100,
    interval: float = 0.1,
    noise: float = 0.0,
    measurement_noise: float = 0.0,
    missing: float = 0.0,
    trajectories: int | None = None,
    rng: int | np.random.Generator | None = None,
) -> xr.Dataset:
    r"""Weights of a closed field, in sessions at equal intervals.

    .. math:: dw = f(w)\, dt + \sigma\, dB, \qquad \tilde w = w + \text{measurement noise}

    Linear fields are followed exactly, :math:`w(t + \Delta) = e^{J \Delta} w(t) + \xi` with the covariance
    of :math:`\xi` in closed form; others in small Euler-Maruyama steps.

    Parameters
    ----------
    field
        From ``closed_field``.
    w0
        Weights at the first session, (synapse,); by default drawn with variance 1, for each trajectory.
    sessions
        How many; at least 2.
    interval
        Time from one to the next.
    noise
        sigma, of the process: sd of a weight after one unit of time without a field.
    measurement_noise
        Sd of what each measurement adds by itself.
    missing
        Share of measurements that are missing, at random: NaN.
    trajectories
        How many times over; without it there is one, and no such dim.
    rng
        Seed or generator.

    Returns
    -------
    Dataset
        ``weights`` as measured and ``true_weights`` ([trajectory,] session_index, synapse), ``times``
        (session_index), and the truth at weights of 0, ``true_gradient_share``, ...

    Raises
    ------
    SchemaError
        If shapes do not fit, an option is out of range, or weights grow beyond all bounds.

    Examples
    --------
    >>> from neurofit.fields.closed import closed_field
    >>> turn = closed_field("rotation", synapses=2, rng=0)
    >>> made = walked(turn, w0=[1.0, 0.0], sessions=3, interval=np.pi, rng=0)
    >>> made.weights.values[:, 0].round(6).tolist()
    [1.0, -1.0, 1.0]
    """
    seed, rng = rng, np.random.default_rng(rng)
    _check(sessions, interval, noise, measurement_noise, missing, trajectories)
    shape = (trajectories or 1, field.synapses)
    now = rng.normal(size=shape) if w0 is None else np.broadcast_to(np.asarray(w0, dtype=float), shape)
    field(now)  # refuses weights of another shape
    step = (_exact if field.linear else _small_steps)(field, interval, noise, rng)
    path = [now]
    # What runs away is told below, once, in words.
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(sessions - 1):
            path.append(step(path[-1]))
    weights = np.stack(path, axis=1)
    if not np.isfinite(weights).all():
        raise SchemaError("weights grow beyond all bounds: take fewer sessions, or shorter intervals")
    measured = weights + measurement_noise * rng.normal(size=weights.shape)
    measured[rng.random(weights.shape) < missing] = np.nan
    result = _label(measured, weights, interval, field.truth)
    options: dict[str, Any] = {"sessions": sessions, "interval": interval, "noise": noise, "missing": missing}
    return stamp(
        result if trajectories else result.isel({TRAJECTORY: 0}),
        "fields.walked",
        field=field.kind,
        **options,
        measurement_noise=measurement_noise,
        rng=seed,
    )


def _exact(
    field: ClosedField, interval: float, noise: float, rng: np.random.Generator
) -> Callable[[Numbers], Numbers]:
    forth, spread = exact_step(field.matrix, noise**2 * np.eye(field.synapses), interval)
    mixing = root(spread)
    return lambda w: w @ forth.T + rng.normal(size=w.shape) @ mixing.T


def _small_steps(
    field: ClosedField, interval: float, noise: float, rng: np.random.Generator
) -> Callable[[Numbers], Numbers]:
    fastest = float(np.linalg.norm(field.jacobian(np.zeros(field.synapses)), 2))
    count = int(np.ceil(interval * max(fastest, 1e-12) / LONGEST))
    short = interval / count

    def step(w: Numbers) -> Numbers:
        for _ in range(count):
            w = w + short * field(w) + noise * np.sqrt(short) * rng.normal(size=w.shape)
        return w

    return step


def _label(measured: Numbers, weights: Numbers, interval: float, truth: dict[str, float]) -> xr.Dataset:
    dims = (TRAJECTORY, SESSION_INDEX, SYNAPSE)
    times = interval * np.arange(weights.shape[1])
    arrays = {
        "weights": (dims, measured, "weight as measured"),
        "true_weights": (dims, weights, "weight"),
        "times": (SESSION_INDEX, times, "time of the session"),
        **{
            f"true_{name}": ((), value, f"{name.replace('_', ' ')} of the exact Jacobian at weights of 0")
            for name, value in truth.items()
        },
    }
    return xr.Dataset(
        {
            name: label(xr.DataArray(values, dims=dims), units="1", long_name=long_name)
            for name, (dims, values, long_name) in arrays.items()
        }
    )


def _check(  # noqa: PLR0913 - one by one
    sessions: int,
    interval: float,
    noise: float,
    measurement_noise: float,
    missing: float,
    trajectories: int | None,
) -> None:
    wanted = {
        f"sessions must be 2 or more, not {sessions}": sessions >= 2,
        f"interval must be above 0, not {interval}": interval > 0,
        f"noise must be 0 or more, not {noise}": noise >= 0,
        f"measurement_noise must be 0 or more, not {measurement_noise}": measurement_noise >= 0,
        f"missing is a share below 1, not {missing}": 0 <= missing < 1,
        f"trajectories must be 1 or more, not {trajectories}": trajectories is None or trajectories >= 1,
    }
    wrong = [phrase for phrase, fine in wanted.items() if not fine]
    if wrong:
        raise SchemaError("; ".join(wrong))
