"""A network: its stages, their weights, how they came about, and the untrained control."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..names import STEP
from ..provenance import stamp
from ._choice import said
from ._stages import forward
from .material import IMAGE_DIMS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch
    import xarray as xr

    from ._stages import Params, Stage


@dataclass(frozen=True, repr=False)
class Network:
    """What ``nets.train`` gives. It is never changed: training again gives another.

    Parameters
    ----------
    stages
        The layers, in order; the last one is the ``readout``.
    snapshots
        Weights by layer at each step of the history: the first ones are those that training started from.
    recipe
        What it was made with, as JSON can hold it: ``task``, ``architecture``, ``objective``, ``rule``,
        ``steps``, ``batch_size``, ``learning_rate``, ``optimizer``, ``seed``, ``input_shape``, ``outputs``.
        What is chosen by name is the name or, with options, a mapping.
    history
        Dataset with dim ``step``: ``loss`` and ``accuracy`` on held-out images.
    """

    stages: tuple[Stage, ...]
    snapshots: tuple[Params, ...]
    recipe: Mapping[str, Any]
    history: xr.Dataset

    @property
    def params(self) -> Params:
        """Weights by layer, after training."""
        return self.snapshots[-1]

    @property
    def initial(self) -> Params:
        """The weights that training started from."""
        return self.snapshots[0]

    @property
    def trajectory(self) -> xr.Dataset:
        """Weights, and activations for the task's stimuli, at each step of the history.

        ``weights`` (step, synapse), without biases, with coords ``pre``, ``post`` and ``layer`` of each
        synapse; ``activations`` (step, stimulus, unit) of all layers, the readout among them.
        """
        from ._trajectory import trajectory

        return trajectory(self)

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers, in order, the ``readout`` among them."""
        return tuple(stage.name for stage in self.stages)

    @property
    def inner(self) -> tuple[str, ...]:
        """Names of the layers but the ``readout``: those that are shown by default."""
        return self.layers[:-1]

    @property
    def timed(self) -> frozenset[str]:
        """Names of the layers with an output for each moment: (batch, time, ...)."""
        return frozenset(stage.name for stage in self.stages if stage.timed)

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Of the inputs that it takes: (channel, y, x) of an image."""
        return tuple(self.recipe["input_shape"])

    @property
    def dims(self) -> tuple[str, ...]:
        """Of one input: ``("channel", "y", "x")`` for an image."""
        return tuple(self.recipe.get("dims", IMAGE_DIMS[1:]))

    @property
    def device(self) -> torch.device:
        """Where its weights are."""
        return self._weight.device

    @property
    def dtype(self) -> torch.dtype:
        """Precision of its weights."""
        return self._weight.dtype

    @property
    def _weight(self) -> torch.Tensor:
        return next(w for weights in self.params.values() for w in weights.values())

    @property
    def name(self) -> str:
        """Short name for people: architecture, objective, rule and seed."""
        made = ["objective", "rule"] if self.recipe["steps"] else []
        words = [said(self.recipe[name]) for name in ("architecture", *made)]
        return ", ".join([*words, *([] if made else ["untrained"]), f"seed {self.recipe['seed']}"])

    def __call__(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        """Output of every layer for images (batch, channel, y, x), by name."""
        return forward(self.stages, self.params, images)

    def __repr__(self) -> str:
        last = self.history.isel({STEP: -1})
        measured = ", ".join(f"{name} {float(value):.3f}" for name, value in last.data_vars.items())
        sizes = ", ".join(
            f"{layer} ({sum(tensor.numel() for tensor in weights.values())})"
            for layer, weights in self.params.items()
        )
        return (
            f"Network: {self.name}\n"
            f"  task      {said(self.recipe['task'])}, step {int(last[STEP])}\n"
            f"  measured  {measured}\n"
            f"  weights   {sizes}"
        )


def untrained(network: Network) -> Network:
    """The network before training: its control.

    Parameters
    ----------
    network
        From ``nets.train`` or ``nets.load``.

    Returns
    -------
    Network
        The same layers with the weights that ``network`` started from; equal to training for 0 steps with
        the same seed.

    Examples
    --------
    >>> from neurofit import nets
    >>> untrained(nets.train("digits", steps=10, rng=0, progress=False)).name
    'mlp, untrained, seed 0'
    """
    return replace(
        network,
        snapshots=(network.initial,),
        recipe={**network.recipe, "steps": 0},
        history=stamp(network.history.isel({STEP: [0]}), "nets.untrained", sources=[network.history]),
    )
