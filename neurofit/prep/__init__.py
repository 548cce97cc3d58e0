"""From a session to responses, averages and halves."""

from ._align import align
from ._average import average
from ._responses import responses
from ._split import split_half

__all__ = ["align", "average", "responses", "split_half"]
