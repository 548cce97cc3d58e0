"""How well models predict the RDMs of subjects, and how sure that is for new stimuli and new subjects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import provenance
from ...errors import SchemaError
from ...names import PAIR, STIMULUS, SUBJECT, UNIT
from ...parallel import bar
from .. import _sources
from .._compare import SOURCES, noise_for, tell_undefined
from .._kernels.comparison import comparators
from ._assess import Assessor
from ._inputs import Inputs, factors, prepare
from ._kernels import mean_over, variance
from ._label import labelled
from ._reliability import of_means
from ._samples import COSINES
from ._spread import Draws, Spread
from ._units import Units, units_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr

    from .._trials import Numbers
    from ._models import Model


def evaluate(
    models: xr.DataArray | Mapping[str, xr.DataArray | Model],
    data: xr.DataArray | Mapping[str, xr.DataArray],
    *,
    measure: str = "pearson",
    resample: str | Sequence[str] = (STIMULUS, SUBJECT),
    draws: int = 1000,
    noise: xr.DataArray | None = None,
    dissimilarity: Mapping[str, object] | None = None,
    rng: int | np.random.Generator | None = None,
    progress: bool = True,
) -> xr.Dataset:
    """Similarity of each model to the RDMs of subjects, with errors, tests and noise ceilings.

    The estimate is the mean similarity over subjects, on all stimuli. Its variance over what is resampled
    says to what the result generalises:

    - ``"stimulus"``: to new stimuli, in these subjects;
    - ``"subject"``: to new subjects, with these stimuli;
    - both: to new stimuli and new subjects, by three bootstraps on the same draws (two-factor correction);
    - ``"unit"``: to new units of the same areas, with these stimuli and subjects. ``data`` are responses.

    A pair of stimuli weighs as much as the product of how often the two were drawn; copies of a stimulus are
    not compared with each other, and copies of a subject do not predict each other. What the bootstrap makes
    of the scatter of single pairs, which it counts up to three times, is taken off by what leaving out one
    stimulus and two of them does to the score. Where the jackknife over stimuli says more than the bootstrap,
    as for scores that few stimuli dominate, it counts.

    Intervals and p values are from Student's t. Similarities between -1 and 1 are first put on Fisher's
    scale, z = artanh r, where they are as likely to be off either way. ``degrees_of_freedom`` are n - 1, n
    the smaller one of the numbers that are resampled. Where stimuli or subjects alone are, they are fewer if
    a few of them dominate: 2 n / (k - (n - 3) / (n - 1)), k the kurtosis of what each of them contributes.

    Models that have something to fit (``rsa.models``) are fitted to other subjects and other stimuli than
    those they are scored on, in each draw, for two random choices of folds; copies of a stimulus or a subject
    are in one fold. Fixed models, and the ceilings, are then scored on the same folds. Errors do not allow
    for the scatter of single pairs here: for few stimuli they are too large rather than too small.

    Parameters
    ----------
    models
        RDMs: dims ``pair`` and, for several, ``model``. Or a dict of RDMs and of models that are fitted, such
        as ``rsa.Weighted(rdms)``, by name.
    data
        RDMs with dims ``pair`` and ``subject``; further dims, such as ``time``, are kept. Without ``subject``
        they are one subject's, which has no ceiling. To resample units: responses as ``rsa.rdm`` takes them,
        or a dict of them, one for each subject, whose units differ.
    measure
        Name of one of ``rsa.comparators``.
    resample
        What is drawn anew.
    draws
        How many times.
    noise
        For whitened comparators: covariance of the stimuli's noise, as ``rsa.compare`` takes it.
    dissimilarity
        To resample units: options of ``rsa.rdm``.
    rng
        Seed or generator of draws and folds.
    progress
        Whether to show a bar where further dims, or units, are gone through.

    Returns
    -------
    Dataset
        For each model: ``estimate`` and ``similarity`` to subjects; ``standard_error``,
        ``degrees_of_freedom``; 95 % ``interval``;
        ``p_zero``, one-sided, that it is no more than 0; ``p_ceiling``, one-sided, that it is not below the
        lower ceiling; ``p_pairwise``, two-sided, that two models are alike. p values have dim ``correction``:
        none, fdr (Benjamini & Hochberg) and fwer (Holm), over the models or their pairs.
        ``ceiling_lower`` and ``ceiling_upper`` with standard errors, ``agreement`` of each subject with the
        others, ``reliability`` of the subjects' mean RDM. Attrs say to what the result generalises, from
        how many, and that ceilings are approximate where they are: for ranks, ``riemannian`` and ``bures``
        the pooled RDM is that of all stimuli and subjects in every draw.

    Raises
    ------
    SchemaError
        If dims do not suit.
    AlignmentError
        If models and data have different pairs.
    RecordingError
        If there is one subject, or too few stimuli, to resample; or no similarity is defined.

    References
    ----------
    Schuett et al. 2023, eLife 12:e82566, doi:10.7554/eLife.82566
    Aronow et al. 2015, Political Analysis 23:564, doi:10.1093/pan/mpv018
    Efron & Stein 1981, Annals of Statistics 9:586, doi:10.1214/aos/1176345462
    Fisher 1915, Biometrika 10:507, doi:10.1093/biomet/10.4.507
    O'Neill 2014, American Statistician 68:282, doi:10.1080/00031305.2014.966589

    Examples
    --------
    Two subjects that agree with the model on every pair leave no doubt, and no room below the ceiling.

    >>> import xarray as xr
    >>> names = np.array(list("abcdef"))
    >>> first, second = np.triu_indices(6, 1)
    >>> pairs = {"stimulus_a": ("pair", names[first]), "stimulus_b": ("pair", names[second])}
    >>> model = xr.DataArray(np.arange(15.0), pairs, ("pair",))
    >>> data = xr.concat([model, 2 * model], "subject")
    >>> found = evaluate(model, data, resample="subject", draws=20, rng=0)
    >>> found.estimate.round(6).values, found.ceiling_lower.round(6).item()
    (array([1.]), 1.0)
    """
    seed, rng = rng, np.random.default_rng(rng)
    over = factors(resample)
    units = units_of(data, dissimilarity) if UNIT in over else None
    inputs = prepare(models, units.rdms() if units else _rdms(data, dissimilarity), over)
    assessor = Assessor(tuple(inputs.models.values()), measure, noise_for(measure, noise, inputs.data))
    reliability = of_means(inputs.data, measure=measure, noise=assessor.noise, rng=rng.spawn(1)[0])
    if units:
        found = _over_units(assessor, inputs, units, draws, rng, progress=progress)
    else:
        found = _over_draws(assessor, inputs, over, draws, rng, progress=progress)
    sizes = dict(zip((STIMULUS, SUBJECT), inputs.size, strict=True)) | ({UNIT: units.fewest} if units else {})
    result = _labelled(*found, assessor, inputs)
    tell_undefined(result.estimate, f"{measure} similarity", stacklevel=3)
    result["reliability"] = reliability
    result = result.assign_attrs(_said(over, sizes, inputs, draws, measure))
    return provenance.stamp(
        result,
        "rsa.evaluate",
        sources=[*_arrays(models), *_arrays(data)],
        references=[*SAID_BY, SOURCES.get(measure, _sources.RSA)],
        measure=measure,
        resample=sorted(over),
        draws=draws,
        noise=None if noise is None else noise.attrs.get("long_name", "given"),
        dissimilarity=dict(dissimilarity or {}),
        rng=seed,
    )


def _labelled(per_subject: Numbers, spread: Spread, assessor: Assessor, inputs: Inputs) -> xr.Dataset:
    shape = tuple(inputs.data.sizes[dim] for dim in inputs.further)
    each = (part.reshape(*shape, *part.shape[1:]) for part in (per_subject, *spread))
    scores, spread = next(each), Spread(*each)
    names, bounded = list(inputs.models), comparators[assessor.measure].bounded
    further, contrasts = inputs.further, assessor.contrasts
    result = labelled(scores, spread, contrasts, further=further, names=names, bounded=bounded)
    return result.assign_coords(
        {name: coord for name, coord in inputs.data.coords.items() if PAIR not in coord.dims}
    )


def _rdms(data: xr.DataArray | Mapping[str, xr.DataArray], dissimilarity: object) -> xr.DataArray:
    if isinstance(data, Mapping) or dissimilarity is not None:
        raise SchemaError("data are RDMs unless units are resampled; make them with rsa.rdm.")
    return data


def _over_draws(
    assessor: Assessor,
    inputs: Inputs,
    over: frozenset[str],
    draws: int,
    rng: np.random.Generator,
    *,
    progress: bool,
) -> tuple[Numbers, Spread]:
    """Scores (entry, column, subject) and spread (entry, contrast), by the same draws for all entries."""
    made = Draws.make(*inputs.size, draws, rng)
    several = progress and (bool(inputs.further) or inputs.fitted)
    entries = list(inputs.entries())
    found = [
        assessor.assess(rdms, made, over, rng)
        for rdms in bar(entries, total=len(entries), progress=several, description="resampling")
    ]
    spread = Spread(*(np.stack(part) for part in zip(*(one.spread for one in found), strict=True)))
    return np.stack([one.per_subject for one in found]), spread


def _over_units(
    assessor: Assessor, inputs: Inputs, units: Units, draws: int, rng: np.random.Generator, *, progress: bool
) -> tuple[Numbers, Spread]:
    """The same over draws of units, each with RDMs of its own."""
    scores = np.stack([assessor.per_subject(rdms, rng) for rdms in inputs.entries()])
    members = np.ones((1, inputs.size[1]))
    turns = bar(units.drawn(draws, rng), total=draws, progress=progress, description="drawing units")
    columns = []
    for rdms in turns:
        drawn = inputs.with_data(rdms)
        each = np.stack([assessor.per_subject(entry, rng) for entry in drawn.entries()])
        columns.append(assessor.contrasts.of(mean_over(each, members)))
    each_variance = np.stack([variance(np.stack(entry)) for entry in zip(*columns, strict=True)])
    each_variance *= units.fewest / (units.fewest - 1)
    return scores, Spread(each_variance, np.full_like(each_variance, units.fewest - 1))


PLURAL = {STIMULUS: "stimuli", SUBJECT: "subjects", UNIT: "units"}
GENERALISES_TO = {STIMULUS: "new stimuli", SUBJECT: "new subjects", UNIT: "new units of the same areas"}
DYADIC = "Aronow et al. 2015, Political Analysis 23:564, doi:10.1093/pan/mpv018"
JACKKNIFE = "Efron & Stein 1981, Annals of Statistics 9:586, doi:10.1214/aos/1176345462"
FISHER = "Fisher 1915, Biometrika 10:507, doi:10.1093/biomet/10.4.507"
DEGREES = "O'Neill 2014, American Statistician 68:282, doi:10.1080/00031305.2014.966589"
SAID_BY = (_sources.COMPARISON, _sources.CEILING, DYADIC, JACKKNIFE, FISHER, DEGREES)


def _said(
    over: frozenset[str], sizes: dict[str, int], inputs: Inputs, draws: int, measure: str
) -> dict[str, str | int]:
    kind = "exact" if measure in COSINES else "approximate: pooled once over all stimuli and subjects"
    given = [f"these {PLURAL[name]}" for name in (STIMULUS, SUBJECT) if name not in over]
    to = " and ".join(GENERALISES_TO[name] for name in sizes if name in over)
    said: dict[str, str | int] = {
        "generalises_to": ", with ".join([to, *([" and ".join(given)] if given else [])]),
        "draws": draws,
        "models_fitted": "held out" if inputs.fitted else "none",
        "ceiling": "none: there is one subject" if sizes[SUBJECT] < 2 else kind,
    }
    return said | {PLURAL[name]: count for name, count in sizes.items()}


def _arrays(given: xr.DataArray | Mapping[str, Any]) -> list[Any]:
    each = given.values() if isinstance(given, Mapping) else [given]
    return [getattr(one, "rdms", one) for one in each]
