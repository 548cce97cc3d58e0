"""From a design to named arrays of scores; work on one piece of it needs nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ...names import BOUND, FOLD, LAYER, UNIT
from ._held_out import HeldOut, Scheme, all_held_out, explained
from ._kernels import SCORES, interval, jackknife_variance, median, median_variance, scores, terms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .._trials import Codes, Flags, Numbers

LEAST_CEILING = 0.1
REASONS = ("", "does not vary over stimuli", "no stimulus is repeated", "ceiling is too low")

ENTRY = "entry"

Columns = dict[str, tuple[tuple[str, ...], np.ndarray[Any, Any]]]


class Work(NamedTuple):
    """One piece of a design, that stands on its own."""

    scheme: Scheme
    layers: list[Numbers]  # (stimulus, feature) each
    targets: Numbers  # (entry, stimulus, unit)
    noise: Numbers
    group: Codes  # (stimulus,), groups that the jackknife leaves out
    seed: int  # of a permutation of the stimuli, or of draws of units

    def only(self, kept: Flags) -> Work:
        """The same with some of the stimuli, in the folds that they were in."""
        return self._replace(
            scheme=self.scheme._replace(fold=self.scheme.fold[kept]),
            layers=[layer[kept] for layer in self.layers],
            targets=self.targets[:, kept],
            noise=self.noise[:, kept],
        )


def null_scores(work: Work) -> Numbers:
    """Explained variance (layer, entry, unit) with the stimuli of all features permuted."""
    order = np.random.default_rng(work.seed).permutation(work.targets.shape[-2])
    shuffled = [layer[order] for layer in work.layers]
    return explained(all_held_out(work.scheme, shuffled, work.targets), work.targets)


def _scores(work: Work, held: HeldOut) -> Numbers:
    """All scores (layer, entry, score, unit)."""
    return np.array(
        [
            [
                scores(terms(target, layer[:, entry], held.baseline[:, entry], noise, work.scheme.fold))
                for entry, (target, noise) in enumerate(zip(work.targets, work.noise, strict=True))
            ]
            for layer in held.prediction
        ]
    )


def _without_each_group(work: Work) -> Numbers:
    """All scores (group, layer, entry, score, unit) of the rest: mappings are learned and chosen anew."""
    parts = [work.only(work.group != group) for group in range(work.group.max() + 1)]
    return np.stack([_scores(part, all_held_out(part.scheme, part.layers, part.targets)) for part in parts])


def columns(work: Work) -> Columns:
    """Scores by name, each with the dims that it has beside those of the further dims, called ``entry``."""
    held = all_held_out(work.scheme, work.layers, work.targets)
    estimate, without = _scores(work, held), _without_each_group(work)
    bounds = interval(estimate, jackknife_variance(without), len(without))
    ceiling = SCORES.index("ceiling")
    trusted = (estimate[:, :, ceiling] >= LEAST_CEILING) & (bounds[:, :, ceiling, :, 0] > 0)
    for corrected in (SCORES.index("corrected_explained_variance"), SCORES.index("corrected_correlation")):
        for values in (estimate, without, bounds[..., 0], bounds[..., 1]):
            values[..., corrected, :][..., ~trusted] = np.nan
    middle, spread = median(estimate), jackknife_variance(median(without))
    rng = np.random.default_rng(work.seed)
    for at in np.ndindex(*middle.shape):
        spread[at] += median_variance(estimate[at], rng)
    middle_bounds = interval(middle, spread, len(without))
    return _named(held, estimate, bounds, middle, middle_bounds)


def _named(
    held: HeldOut, estimate: Numbers, bounds: Numbers, middle: Numbers, middle_bounds: Numbers
) -> Columns:
    table: Columns = {}
    for index, name in enumerate(SCORES):
        # The ceiling is that of the responses, whatever predicts them.
        at, where = (0, ()) if name == "ceiling" else (slice(None), (LAYER,))
        table[name] = ((*where, ENTRY, UNIT), estimate[at, :, index])
        table[f"{name}_interval"] = ((*where, ENTRY, UNIT, BOUND), bounds[at, :, index])
        table[f"median_{name}"] = ((*where, ENTRY), middle[at, :, index])
        table[f"median_{name}_interval"] = ((*where, ENTRY, BOUND), middle_bounds[at, :, index])
    table["reason"] = ((ENTRY, UNIT), _reasons(estimate[0]))
    table["choice"] = ((LAYER, FOLD, ENTRY, UNIT), held.choice)
    layers = len(held.prediction) - 1
    if layers:
        shares = (held.best == np.arange(layers)[:, None, None, None]).mean(axis=1)
        table["share"] = ((LAYER, ENTRY, UNIT), np.concatenate([shares, np.ones_like(shares[:1])]))
    return table


def _reasons(estimate: Numbers) -> np.ndarray[Any, Any]:
    """Why there is no corrected score, for estimates (entry, score, unit)."""
    scored = dict(zip(SCORES, np.moveaxis(estimate, 1, 0), strict=True))
    code = np.select(
        [
            np.isnan(scored["explained_variance"]),
            np.isnan(scored["ceiling"]),
            np.isnan(scored["corrected_explained_variance"]),
        ],
        [1, 2, 3],
        0,
    )
    return np.array(REASONS)[code]


def with_null(table: Columns, null: Sequence[Numbers]) -> Columns:
    """``table`` with the share of permutations that explain as much: of each unit, and of the median."""
    drawn = np.stack(null)
    observed, middle = (table[name][1] for name in ("explained_variance", "median_explained_variance"))
    return table | {
        "p": ((LAYER, ENTRY, UNIT), _share(drawn, observed)),
        "median_p": ((LAYER, ENTRY), _share(median(drawn), middle)),
    }


def _share(null: Numbers, observed: Numbers) -> Numbers:
    """(1 + number of draws at or above what was observed) / (1 + number of draws)."""
    p = (1 + np.count_nonzero(null >= observed, axis=0)) / (1 + len(null))
    return np.where(np.isnan(observed), np.nan, p)


def stacked(tables: Sequence[Columns], outer: Mapping[str, int], inner: Mapping[str, int]) -> Columns:
    """One table of all pieces, with the further dims in their places."""
    found: Columns = {}
    for name, (dims, first) in tables[0].items():
        values = np.stack([table[name][1] for table in tables])
        at = dims.index(ENTRY)
        shape = (*outer.values(), *first.shape[:at], *inner.values(), *first.shape[at + 1 :])
        found[name] = ((*outer, *dims[:at], *inner, *dims[at + 1 :]), values.reshape(shape))
    return found
