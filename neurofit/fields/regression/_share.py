"""How much of what a field predicts of new changes is a gradient."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import xarray as xr

from ... import parallel, provenance
from ...errors import RecordingError
from ...names import BOUND, BOUNDS, FOLD
from ...provenance import label
from ._fit import fitted
from ._inputs import Samples, samples

Numbers = np.ndarray
DRAWS = 2000
MICCHELLI = "Micchelli & Pontil 2005, Neural Computation 17:177, doi:10.1162/0899766052530802"


class _Job(NamedTuple):
    """One kind of field, learned without one fold."""

    given: Samples
    kind: str
    test: Numbers
    method: str
    centres: int | None
    seed: int


def gradient_share(
    W: xr.DataArray,
    dW: xr.DataArray,
    *,
    folds: int = 5,
    method: str = "held_out",
    centres: int | None = None,
    rng: int | np.random.Generator | None = None,
    workers: int | None = None,
    progress: bool = True,
) -> xr.Dataset:
    r"""Held-out gradient share: what a curl-free field predicts of new changes, to what any field does.

    .. math:: \mathrm{share} = R^2_\mathrm{curl\ free} / R^2_\mathrm{full}

    Both fields are learned without one fold of samples and predict it; R2 is against the mean of the other
    folds, pooled over folds and synapses. Noise in dw lowers both alike. For dw = J w + noise with isotropic
    w, the share is \|S\|^2 / \|J\|^2; in general it is the part of the variance of f that the best gradient
    has under the distribution of the samples, so sampling is part of the answer.

    Parameters
    ----------
    W, dW
        Weights, and their changes per unit of time, (sample, synapse); see ``fields.fit``.
    folds
        Number of folds of samples, drawn at random.
    method, centres
        As in ``fields.fit``. Length scales are those of least error in inner folds, by default: a rotation
        that a gradient cannot follow is no independent noise, and misleads criteria that take it for that.
    rng
        Seed or generator of folds, centres and bootstrap.
    workers
        Number of local processes; see ``parallel.apply``.
    progress
        Whether to show a bar.

    Returns
    -------
    Dataset
        ``share`` with its 95 % ``share_interval`` (bound), ``r2_curl_free`` and ``r2_full`` with
        ``r2_full_interval``, and both by ``fold``; ``share_null``, that of a random matrix, (n + 1) / 2n;
        ``identified``, False where the interval of the full field's R2 holds 0, with attr ``reason``.
        Intervals are over held-out samples, by bootstrap, and leave out that other samples would teach other
        fields.

    Raises
    ------
    SchemaError, AlignmentError, RecordingError
        As in ``fields.fit``; also if folds are fewer than 2, or leave too few samples to learn from.

    References
    ----------
    Micchelli & Pontil 2005, Neural Computation 17:177, doi:10.1162/0899766052530802

    Examples
    --------
    >>> w = np.random.default_rng(0).normal(size=(200, 2))
    >>> W = xr.DataArray(w, dims=("trial", "synapse"))
    >>> half = np.array([[-1.0, -1.0], [1.0, -1.0]])
    >>> found = gradient_share(W, W.copy(data=w @ half.T), rng=0, workers=1, progress=False)
    >>> round(float(found.share), 1)
    0.5
    """
    seed, rng = rng, np.random.default_rng(rng)
    given = samples(W, dW)
    _check_folds(len(given.w), given.w.shape[1], folds)
    fold = rng.permutation(np.arange(len(given.w)) % folds)
    seeds = rng.integers(2**32, size=folds)
    jobs = [
        _Job(given, kind, fold == number, method, centres, int(seeds[number]))
        for kind in ("curl_free", "full")
        for number in range(folds)
    ]
    errors = parallel.apply(_errors, jobs, workers=workers, progress=progress, description="folds")
    table = np.zeros((3, len(given.w)))
    for job, (error, total) in zip(jobs, errors, strict=True):
        table[0 if job.kind == "curl_free" else 1, job.test] = error
        table[2, job.test] = total
    result = _told(table, fold, given.w.shape[1], rng)
    parameters = {"folds": folds, "method": method, "centres": centres, "rng": seed}
    return provenance.stamp(
        result, "fields.gradient_share", sources=[W, dW], references=[MICCHELLI], **parameters
    )


def _check_folds(count: int, n: int, folds: int) -> None:
    least = 2 * (n + 1)
    if folds < 2 or count - -(-count // max(folds, 1)) < least:
        raise RecordingError(
            f"{count} samples in {folds} folds leave too few to learn from: the other folds need at least "
            f"{least} samples for {n} synapses. Record more, or take another number of folds, at least 2."
        )


def _errors(job: _Job) -> tuple[Numbers, Numbers]:
    """Squared errors of held-out samples, of the field and of the mean."""
    learned = job.given._replace(w=job.given.w[~job.test], dw=job.given.dw[~job.test])
    field = fitted(learned, job.kind, job.method, job.centres, np.random.default_rng(job.seed))
    asked, seen = job.given.w[job.test], job.given.dw[job.test]
    error = np.square(seen - np.asarray(field(asked))).sum(axis=1)
    return error, np.square(seen - learned.dw.mean(axis=0)).sum(axis=1)


def _told(table: Numbers, fold: Numbers, n: int, rng: np.random.Generator) -> xr.Dataset:
    """Every number of the result, from squared errors (curl-free, full, mean; sample)."""
    r2 = _r2(table.sum(axis=1))
    counts = rng.multinomial(table.shape[1], np.full(table.shape[1], 1 / table.shape[1]), size=DRAWS)
    drawn = _r2(table @ counts.T)
    by_fold = _r2(
        np.stack([table[:, fold == number].sum(axis=1) for number in range(fold.max() + 1)], axis=1)
    )
    full = np.quantile(drawn[1], [0.025, 0.975])
    identified = bool(full[0] > 0)
    share = r2[0] / r2[1] if identified else np.nan
    interval = np.quantile(drawn[0] / drawn[1], [0.025, 0.975]) if identified else np.full(2, np.nan)
    bounds = (BOUND,)
    told = {
        "share": ((), share, "held-out gradient share"),
        "share_interval": (bounds, interval, "95 % interval of the share"),
        "share_null": ((), (n + 1) / (2 * n), "share of a random matrix"),
        "r2_curl_free": ((), r2[0], "held-out R2 of the curl-free field"),
        "r2_full": ((), r2[1], "held-out R2 of the full field"),
        "r2_full_interval": (bounds, full, "95 % interval of the full field's R2"),
        "r2_curl_free_by_fold": ((FOLD,), by_fold[0], "held-out R2 of the curl-free field"),
        "r2_full_by_fold": ((FOLD,), by_fold[1], "held-out R2 of the full field"),
        "identified": ((), identified, "whether the full field predicts changes"),
    }
    failed = (
        f"the full field does not predict new changes: R2 {r2[1]:.3f}, "
        f"interval {full[0]:.3f} to {full[1]:.3f}"
    )
    return xr.Dataset(
        {
            name: label(xr.DataArray(values, dims=dims), units="1", long_name=what)
            for name, (dims, values, what) in told.items()
        },
        {BOUND: list(BOUNDS)},
        {"reason": "" if identified else failed},
    )


def _r2(errors: Numbers) -> Numbers:
    """Of curl-free and full field, from (curl-free, full, mean; ...)."""
    return 1 - errors[:2] / errors[2]
