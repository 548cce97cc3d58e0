"""Buffers of attractor networks between which thalamic gates copy content."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from ...errors import TrainingError
from .._cell import Cell, silence
from .._cell import recurrent as recurrent_layer
from .._hopfield import hopfield_store
from ._build import architectures, identity
from ._recurrent import features_in_time, last_readout

if TYPE_CHECKING:
    from .._stages import Stage, Weights
    from ._build import Shape


@architectures.register("attractor_buffer")
def attractor_buffer(
    input_shape: Shape,
    outputs: int,
    *,
    units: int = 64,
    gates: tuple[int, ...] = (-1,),
    slope: float = 2.0,
) -> tuple[Stage, ...]:
    r"""Attractor buffers with thalamic gates: an open gate copies content in, a closed one holds it.

    .. math::

        x^k_t = \tanh\!\left(\beta \left[(1 - g^k_t)\, J^k x^k_{t-1} + g^k_t\, T^k_t\right]\right), \qquad
        T^1_t = U u_t, \quad T^k_t = x^{k-1}_{t-1}

    The gate :math:`g^k \in [0, 1]` of buffer :math:`k` is a feature of the input, cut to this interval; the
    other features are what the first buffer copies, and each further buffer copies the one before it.
    While its gate is closed nothing from outside reaches a buffer, and its own weights keep it at an
    attractor; while it is open the content is overwritten, whatever it was. The columns of :math:`U` start
    as random patterns of -1 and 1, and these are stored in :math:`J` by Hebb's rule, so that an input with
    one feature at 1 is copied and held. One stored pattern is held at the amplitude
    :math:`m = \tanh(\beta m (N - 1) / N)`; the load, features over units, should stay well below 0.138.

    The attractors are made, not learned: train with ``frozen=["buffer"]``. A readout then names the one of
    four items that came with an open gate, distractors after it, in .98 to 1 of sequences, and at chance
    with the gate held open; where backpropagation through time also moves the buffer's weights it loses its
    attractors, and is right in .4 to .75 after as many steps.

    Parameters
    ----------
    input_shape
        (time, feature).
    outputs
        Number of units of the readout, which sees all buffers at the last moment.
    units
        Number of units of each buffer.
    gates
        For each buffer, the index of the feature that is its gate; -1 is the last.
    slope
        :math:`\beta`; up to 1, not even a single pattern is held.

    Returns
    -------
    tuple of Stage
        ``buffer`` (the units of the first buffer, then of the next), ``readout``.

    Raises
    ------
    TrainingError
        If inputs have no time, a gate is no feature, or nothing is left to copy.

    References
    ----------
    Hayworth & Marblestone 2018, bioRxiv 304980, doi:10.1101/304980
    """
    features = features_in_time("attractor_buffer", input_shape)
    at = [gate + features if gate < 0 else gate for gate in gates]
    copied = [feature for feature in range(features) if feature not in at]
    if not at or not copied or not all(0 <= gate < features for gate in at) or len(set(at)) < len(at):
        raise TrainingError(
            f"gates={tuple(gates)} must be different features among {features}, one for each buffer, and "
            "leave at least one feature to copy"
        )
    buffers = len(at)
    cell = Cell(partial(silence, buffers * units), partial(_step, at, copied, units, slope), identity)
    layer = recurrent_layer("buffer", partial(_weights, len(copied), units, buffers), cell)
    return layer, last_readout(buffers * units, outputs)


def _step(
    gates: list[int],
    copied: list[int],
    units: int,
    slope: float,
    weights: Weights,
    inputs: torch.Tensor,
    heard: torch.Tensor,
    state: torch.Tensor,
) -> torch.Tensor:
    content = heard.reshape(len(heard), len(gates), units)
    among = weights["recurrent_weight"].reshape(len(gates), units, units)
    kept = torch.einsum("kij,bkj->bki", among, content)
    relayed = functional.linear(inputs[:, copied], weights["weight"])[:, None]
    offered = torch.cat([relayed, content[:, :-1]], dim=1)
    gate = inputs[:, gates].clamp(0, 1)[..., None]
    return torch.tanh(slope * ((1 - gate) * kept + gate * offered)).flatten(1)


def _weights(features: int, units: int, buffers: int, generator: torch.Generator) -> Weights:
    patterns = torch.randint(2, (features, units), generator=generator) * 2.0 - 1
    stored = torch.from_numpy(hopfield_store(patterns.numpy())).float()
    return {"weight": patterns.T.contiguous(), "recurrent_weight": stored.repeat(buffers, 1)}
