"""Designed perturbations of a closed field: weights are displaced at random, and their change is measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ...errors import SchemaError
from ...names import SYNAPSE, TRIAL
from ...provenance import label, stamp
from ._kernels import root
from ._noise import noises

if TYPE_CHECKING:
    from ._field import ClosedField

Numbers = np.ndarray


def perturbed(  # noqa: PLR0913 - what is displaced, and which noise there is
    field: ClosedField,
    *,
    w0: Any = None,
    trials: int = 200,
    scale: float = 0.01,
    snr: float | None = None,
    noise: float = 0.0,
    noise_kind: str = "gaussian",
    covariance: Any = None,
    rng: int | np.random.Generator | None = None,
) -> xr.Dataset:
    r"""Measured changes of weights that were displaced at random from one point.

    .. math::

        \delta_k \sim N(0, \tau^2 I), \qquad \Delta w_k = f(w_0 + \delta_k) + \varepsilon_k

    Parameters
    ----------
    field
        From ``closed_field``.
    w0
        The point, (synapse,); weights of 0 by default.
    trials
        How many displacements.
    scale
        tau, sd of the displacement of each synapse.
    snr
        Variance of the change that displacements cause over that of the noise, mean over synapses: the
        noise has variance tau^2 \|J\|^2 / (n snr). In place of ``noise``.
    noise
        Sd of the noise of each synapse, root mean square over synapses.
    noise_kind
        A name in ``noises``.
    covariance
        Of the noise over synapses, (n, n), but for a factor; by default independent.
    rng
        Seed or generator.

    Returns
    -------
    Dataset
        ``delta`` and ``dw`` (trial, synapse), ``w0`` (synapse), and the truth at ``w0``:
        ``true_gradient_share``, ``true_divergence``, ``true_curl_norm``, ``true_reciprocity``,
        ``true_spectral_index``.

    Raises
    ------
    SchemaError
        If shapes do not fit, sizes are not positive, or both ``snr`` and ``noise`` are given.

    Examples
    --------
    >>> from neurofit.fields.closed import closed_field
    >>> made = perturbed(closed_field("rotation", synapses=4, rng=0), trials=3, rng=1)
    >>> made.dw.sizes, round(made.true_gradient_share.item(), 6)
    (Frozen({'trial': 3, 'synapse': 4}), 0.0)
    """
    seed, rng = rng, np.random.default_rng(rng)
    at = np.zeros(field.synapses) if w0 is None else np.asarray(w0, dtype=float)
    _check(trials, scale, snr, noise)
    truth = field.truth_at(at)
    delta = scale * rng.normal(size=(trials, field.synapses))
    drawn = noises[noise_kind](delta.shape, rng) @ _mixing(covariance, field.synapses)
    dw = field(at + delta) + noise_sd(truth, field.synapses, scale, snr, noise) * drawn
    options: dict[str, Any] = {"trials": trials, "scale": scale, "snr": snr, "noise": noise}
    result = designed(at, delta, dw, truth)
    return stamp(result, "fields.perturbed", field=field.kind, **options, noise_kind=noise_kind, rng=seed)


def noise_sd(truth: dict[str, float], synapses: int, scale: float, snr: float | None, noise: float) -> float:
    """Sd of the noise of a synapse, told directly or by its ratio to the signal."""
    if snr is None:
        return noise
    return float(scale * truth["jacobian_norm"] / np.sqrt(synapses * snr))


def designed(w0: Numbers, delta: Numbers, dw: Numbers, truth: dict[str, float]) -> xr.Dataset:
    """The labelled arrays of an experiment whose truth is known."""
    arrays = {
        "delta": ((TRIAL, SYNAPSE), delta, "displacement of the weight"),
        "dw": ((TRIAL, SYNAPSE), dw, "change of the weight a unit of time"),
        "w0": (SYNAPSE, w0, "weight that displacements start from"),
        **{
            f"true_{name}": ((), value, f"{name.replace('_', ' ')} of the exact Jacobian at w0")
            for name, value in truth.items()
        },
    }
    return xr.Dataset(
        {
            name: label(xr.DataArray(values, dims=dims), units="1", long_name=long_name)
            for name, (dims, values, long_name) in arrays.items()
        }
    )


def _mixing(covariance: Any, synapses: int) -> Numbers:
    """What turns white noise, a row for each trial, into noise of this covariance and mean variance 1."""
    if covariance is None:
        return np.eye(synapses)
    covariance = np.asarray(covariance, dtype=float)
    if covariance.shape != (synapses, synapses) or not np.allclose(covariance, covariance.T):
        raise SchemaError(
            f"covariance has shape {covariance.shape}; it has to be symmetric, ({synapses}, {synapses})"
        )
    if not np.trace(covariance) > 0:
        raise SchemaError("covariance has no variance: its trace has to be above 0")
    return root(covariance * synapses / np.trace(covariance)).T


def _check(trials: int, scale: float, snr: float | None, noise: float) -> None:
    wanted = {
        f"trials must be 1 or more, not {trials}": trials >= 1,
        f"scale must be above 0, not {scale}": scale > 0,
        f"snr must be above 0, not {snr}": snr is None or snr > 0,
        f"noise must be 0 or more, not {noise}": noise >= 0,
        "snr and noise both tell the noise: give one of them": snr is None or not noise,
    }
    wrong = [phrase for phrase, fine in wanted.items() if not fine]
    if wrong:
        raise SchemaError("; ".join(wrong))
