"""Which layer of which model is most similar to each area, how surely, and against which controls."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ..names import MODEL
from ..provenance import FRAMEWORK, stamp
from ._models import controls_for, layer_rdms, named
from ._permuted import against_permuted_areas
from ._recording import usable
from ._resample import draw_stimuli
from ._result import labelled
from ._summary import against_the_best, against_the_control, leader, summarise
from ._verdict import verdicts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._models import Models

BOOTSTRAP = "Schuett et al. 2023, eLife 12:e82566, doi:10.7554/eLife.82566"
LAYERS_TO_AREAS = "Yamins et al. 2014, PNAS 111:8619, doi:10.1073/pnas.1403112111"


def areas_to_layers(  # noqa: PLR0913 - what is compared, how, and against what
    responses: xr.DataArray,
    activations: Models,
    *,
    measure: str = "crossnobis",
    noise: str = "diagonal",
    comparator: str = "pearson",
    order: Sequence[str] | None = None,
    control: Models | None = None,
    draws: int = 1000,
    permutations: int = 200,
    rng: int | np.random.Generator | None = None,
    progress: bool = True,
) -> xr.Dataset:
    """How similar each area is to each layer of each model, and where on the way through the network it lies.

    For each area and each layer, the dissimilarities between all pairs of stimuli are compared. Stimuli are
    resampled; in each draw, the layer that is best *on the stimuli left out* is noted. An area's position
    is the depth of that layer, averaged over draws: 0 is the first layer, 1 the last.

    Parameters
    ----------
    responses
        Counts or rates with dims ``trial`` and ``unit``, coords ``stimulus_id`` on ``trial`` and ``area`` on
        ``unit``.
    activations
        Dims ``stimulus`` and ``unit``, coord ``area`` for the layer; or several such, by name.
    measure
        Dissimilarity for the recording. The models' are its noise-free counterpart.
    noise
        How the noise of units is estimated, where ``measure`` weighs it. By default variances alone: with
        covariances, gain that units share and that lies along what tells stimuli apart is taken off with the
        signal, and the geometry is no longer the layer's.
    comparator
        How two RDMs are compared.
    order
        The areas from the first of the anatomical hierarchy to the last; needed for ``hierarchy``.
    control
        Activations of the same networks before training, under the same names.
    draws
        How often the stimuli are resampled.
    permutations
        How often units are exchanged between the areas of ``order``, among units of about the same signal to
        noise. Shared noise apart, an area's noise alone may move its position.
    rng
        Seed or generator.
    progress
        Whether to show a bar.

    Returns
    -------
    Dataset
        With dims ``area``, ``model``, ``layer`` and ``bound`` (lower and upper end of 95 % intervals):

        - ``similarity``, ``interval``, ``p_zero``: comparator of the area's RDM with the layer's, on all
          stimuli, with what ``rsa.evaluate`` says about other stimuli;
        - ``reliability``, ``ceiling``: split-half reliability of the area's RDM over its repeats,
          Spearman-Brown corrected, and its square root, the similarity that a perfect model would reach;
        - ``share``: share of draws in which the layer is best on the stimuli left out;
        - ``position``, ``position_interval``: sum over layers of depth times share, and the central 95 % of
          the depths found; ``hierarchy``, ``hierarchy_interval``: rise of the position from the first
          area of the order to the last, by least squares;
        - ``hierarchy_null``, ``p_hierarchy``: where 95 % of the rises lie with units exchanged between areas,
          and the one-sided p of the rise against them; NaN without ``order``;
        - ``score``, ``score_interval``: similarity on the stimuli left out, of the layer that was best on
          the others; ``deficit``, ``deficit_interval``: how far the model's score, averaged over areas,
          lies behind that of the best, the attr ``leading_model`` (the intervals hold for these networks, not
          for others trained alike);
        - ``control_similarity``, ``control_interval``, ``control_position``, ``control_position_interval``,
          ``control_hierarchy``, ``control_hierarchy_interval``: the same for the control, and
          ``advantage``, ``advantage_interval``, ``hierarchy_advantage``, ``hierarchy_advantage_interval``:
          score and rise above the control's; NaN without a control;
        - ``conclusive``, ``reason``: whether a layer can be named for the area, and what speaks against it;
        - ``rdm``, ``layer_rdm``: the dissimilarities (dim ``pair``).

    Raises
    ------
    RecordingError
        If an area has one unit, or no stimulus has two repeats.
    AlignmentError
        If a stimulus of the recording is not in a model; all are listed.
    SchemaError, UnknownNameError
        If the data are of the wrong shape, or a name does not exist.

    References
    ----------
    Yamins et al. 2014, PNAS 111:8619, doi:10.1073/pnas.1403112111
    Schuett et al. 2023, eLife 12:e82566, doi:10.7554/eLife.82566
    """
    generator = np.random.default_rng(rng)
    models = named(activations)
    controls = controls_for(models, control)
    recording = usable(responses, measure=measure, order=order or ())
    rdms, control_rdms = (
        {name: layer_rdms(recording.shown, model, measure=measure) for name, model in group.items()}
        for group in (models, controls)
    )
    options = {"measure": measure, "noise": noise, "comparator": comparator}
    data = recording.rdms(measure, noise)
    reliability = recording.reliability(**options, rng=generator, progress=progress)
    drawn = draw_stimuli(recording.shown, draws, generator)
    seed = int(generator.integers(2**32))
    shared: dict[str, Any] = {"order": order or (), "progress": progress}
    against: Any = partial(summarise, data, drawn=drawn, comparator=comparator, seed=seed, **shared)
    table = against(rdms)
    untrained = against(control_rdms) if controls else table.isel({MODEL: []})
    exchanged: dict[str, Any] = {"permutations": permutations, "rng": generator, **shared, **options}
    beside = against_permuted_areas(recording, rdms, drawn, hierarchy=table.hierarchy, **exchanged)
    beside |= {"reliability": reliability, "ceiling": reliability.clip(min=0) ** 0.5, "rdm": data}
    beside["layer_rdm"] = xr.concat(rdms.values(), xr.Variable(MODEL, list(rdms)), join="outer")
    table = table.assign(beside | against_the_control(table, untrained) | against_the_best(table))
    result = labelled(table.assign(verdicts(table, n_repeated=recording.n_repeated)))
    return stamp(
        result.assign_attrs(leading_model=leader(table), **recording.told),
        "compare.areas_to_layers",
        sources=[data, reliability, *models.values()],
        references=[FRAMEWORK, LAYERS_TO_AREAS, BOOTSTRAP],
        **options,
        order=order,
        draws=draws,
        permutations=permutations,
        rng=rng,
    )
