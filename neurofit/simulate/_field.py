"""Designed perturbations of a network's weights, and how a learning rule changes them from there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ..errors import SchemaError, TrainingError, listing
from ..fields.closed import noises
from ..fields.closed._kernels import summary
from ..fields.closed._perturbed import designed
from ..provenance import stamp
from ._field_rule import NINOU, RuleField, recipe, rule_field

if TYPE_CHECKING:
    import xarray as xr

    from ..nets._choice import Choice

EXACT = 2000  # synapses up to which the Jacobian is formed
SPECTRUM = 1000  # synapses up to which its eigenvalues are computed


def field(  # noqa: PLR0913 - what is displaced, and which noise there is; the network is told by options
    rule: Choice | RuleField,
    *,
    trials: int = 200,
    scale: float = 0.01,
    snr: float | None = 1.0,
    noise_kind: str = "gaussian",
    draws: int = 16,
    linear: bool = False,
    rng: int | np.random.Generator | None = None,
    **network: Any,
) -> xr.Dataset:
    r"""Changes of a network's weights that were displaced at random from where training had led.

    .. math::

        \delta_k \sim N(0, \tau^2 I), \qquad \Delta w_k = f(w_0 + \delta_k) + \varepsilon_k

    with f the rule's mean change of weights a unit of time on all examples.

    Parameters
    ----------
    rule
        A rule as ``rule_field`` takes it; or a field from there, for experiments at one network.
    trials
        How many displacements.
    scale
        tau, sd of the displacement of each synapse.
    snr
        Variance of the change that displacements cause over that of the noise, mean over synapses; None for
        no noise. The signal's is tau^2 \|J\|^2 / n.
    noise_kind
        A name in ``fields.closed.noises``.
    draws
        Updates that are averaged in each trial, for rules that draw at random, whose noise comes on top.
    linear
        Whether to replace f by its linear part at w0, where J is exact: no curvature, and fast.
    rng
        Seed or generator.
    **network
        As ``rule_field`` takes them: ``task``, ``layers``, ``objective``, ``examples``, ``step``,
        ``learning_rate``.

    Returns
    -------
    Dataset
        ``delta`` and ``dw`` (trial, synapse), ``w0`` (synapse), with coords ``pre``, ``post``, ``layer``; and
        up to 2,000 synapses the truth from the exact Jacobian: ``true_gradient_share``, ``true_divergence``,
        ``true_curl_norm``, ``true_reciprocity``, ``true_jacobian_norm``, up to 1,000 synapses also
        ``true_spectral_index``.

    Raises
    ------
    SchemaError
        If a size is not positive.
    UnknownNameError, TrainingError
        As ``rule_field`` does.

    Examples
    --------
    >>> made = field("backprop", layers=(3, 4, 2), trials=5, rng=0)
    >>> dict(made.sizes), round(made.true_gradient_share.item(), 6)
    ({'trial': 5, 'synapse': 20}, 1.0)
    """
    seed, rng = rng, np.random.default_rng(rng)
    if trials < 1 or not scale > 0 or draws < 1 or (snr is not None and not snr > 0):
        raise SchemaError(
            f"trials and draws must be 1 or more, scale and snr above 0, not {trials=}, {draws=}, {scale=}, "
            f"{snr=}"
        )
    if network and isinstance(rule, RuleField):
        raise TrainingError(f"a field of its own network was given: {listing(network)} would change nothing")
    made = rule if isinstance(rule, RuleField) else rule_field(rule, **network, rng=rng)
    n = len(made.w0)
    delta = scale * rng.normal(size=(trials, n))
    mean, dw = _linear(made, delta) if linear else _changes(made, delta, draws, rng)
    truth = summary(made.jacobian, spectrum=n <= SPECTRUM) if n <= EXACT else {}
    if snr is not None:
        signal = scale * truth["jacobian_norm"] / np.sqrt(n) if truth else (dw - mean).std()
        dw = dw + signal / np.sqrt(snr) * noises[noise_kind](delta.shape, rng)
    return stamp(
        designed(made.w0.numpy(), delta, dw, truth).assign_coords(made.coords),
        "simulate.field",
        references=[*made.rule.references, *([NINOU] if made.signs.min() < 0 else [])],
        rule=recipe(rule) if not isinstance(rule, RuleField) else made.rule.name,
        network=network,
        trials=trials,
        scale=scale,
        snr=snr,
        noise_kind=noise_kind,
        draws=draws,
        linear=linear,
        rng=seed,
    )


def _linear(made: RuleField, delta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    mean = made(made.w0).numpy()
    return mean, mean + delta @ made.jacobian.T


def _changes(
    made: RuleField, delta: np.ndarray, draws: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """The field at w0, and a measured change for each trial."""
    generator = torch.Generator().manual_seed(int(rng.integers(2**63)))
    count = draws if made.random else 1
    rows = [
        sum(made.once(made.w0 + one, generator) for _ in range(count)) / count
        for one in torch.from_numpy(delta)
    ]
    return made(made.w0).numpy(), np.stack([row.numpy() for row in rows])  # type: ignore[union-attr]
