"""Fields of weight changes by kernel regression, curl-free, divergence-free or any."""

from ._field import Field
from ._fit import fit
from ._kinds import field_kinds
from ._samples import SampleDecomposition, decompose_samples
from ._share import gradient_share

__all__ = ["Field", "SampleDecomposition", "decompose_samples", "field_kinds", "fit", "gradient_share"]
