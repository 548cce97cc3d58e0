"""What each number of a comparison is, and in which units."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..names import BOUND, BOUNDS, DRAW
from ..provenance import label

if TYPE_CHECKING:
    import xarray as xr

MEANINGS = {
    "similarity": "similarity of the area's RDM to the layer's",
    "interval": "95 % interval of the similarity over stimuli",
    "p_zero": "p that the similarity is not above 0, at a false discovery rate over layers",
    "reliability": "split-half reliability of the area's RDM, Spearman-Brown corrected",
    "ceiling": "similarity that a perfect model would reach",
    "share": "share of draws in which the layer is best on the stimuli left out",
    "position": "expected depth of the best layer, from 0 (first) to 1 (last)",
    "position_interval": "95 % interval of the depth of the best layer over draws",
    "hierarchy": "rise of the position from the first area of the order to the last",
    "hierarchy_interval": "95 % interval of the rise over draws",
    "hierarchy_null": "95 % of the rises with units exchanged between areas, at equal signal to noise",
    "p_hierarchy": "share of exchanges that give such a rise or more, this one counted",
    "hierarchy_advantage": "rise above the control's",
    "hierarchy_advantage_interval": "95 % interval of the difference in rise over draws",
    "score": "similarity on the stimuli left out, of the layer best on the others",
    "score_interval": "95 % interval of the score over draws",
    "deficit": "how far the score, averaged over areas, lies behind the best model's",
    "deficit_interval": "95 % interval of the deficit over draws",
    "control_similarity": "similarity of the area's RDM to the same layer before training",
    "control_interval": "95 % interval of the control's similarity over stimuli",
    "control_position": "expected depth of the control's best layer",
    "control_position_interval": "95 % interval of the depth of the control's best layer",
    "control_hierarchy": "rise of the control's position from the first area to the last",
    "control_hierarchy_interval": "95 % interval of the control's rise",
    "advantage": "score above the control's",
    "advantage_interval": "95 % interval of the advantage over draws",
    "conclusive": "whether a layer can be named for the area",
    "reason": "which layer and how surely, or what speaks against naming one",
}


def labelled(table: xr.Dataset) -> xr.Dataset:
    """The finished result: draws dropped, bounds named, every variable with its meaning and units."""
    result = table.drop_dims(DRAW).assign_coords({BOUND: list(BOUNDS)})
    for name, meaning in MEANINGS.items():
        result[name] = label(result[name], units="1", long_name=meaning)
    result["depth"] = label(result["depth"], units="1", long_name="depth of the layer, from 0 to 1")
    return result.transpose("area", "model", "layer", ..., BOUND)
