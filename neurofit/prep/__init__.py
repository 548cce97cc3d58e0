"""From a session to responses: averages, rates, z-scores, halves and tuning."""

from ._align import align
from ._align_series import align_series
from ._average import average
from ._dprime import dprime
from ._join import join
from ._normalise import rates, subtract_baseline, zscore
from ._repeats import repeats
from ._responses import responses
from ._select import select_units
from ._split import split_half
from ._tuning import tuning

__all__ = [
    "align",
    "align_series",
    "average",
    "dprime",
    "join",
    "rates",
    "repeats",
    "responses",
    "select_units",
    "split_half",
    "subtract_baseline",
    "tuning",
    "zscore",
]
