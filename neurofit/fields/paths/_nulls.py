"""How changes and gradient would align if they were unrelated: blocks of one of them change places.

An isotropic null, random directions among all synapses, is no choice here: changes and gradients share
presynaptic activity and are of low rank, so that unrelated ones have far larger cosines than those. For the
same reason presynaptic neurons and layers may change places only where presynaptic activity is not shared.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from math import exp, lgamma, log
from typing import NamedTuple

import numpy as np

from ...errors import RecordingError
from ...registry import Registry

Numbers = np.ndarray
MOST = 1e9  # arrangements, beyond which the number does not matter


class Wiring(NamedTuple):
    """Which synapse is where, (synapse), and whether rows follow each other in time."""

    pre: Numbers
    post: Numbers
    layer: Numbers
    ordered: bool


class Exchange(NamedTuple):
    """Inner products (block of changes, block of gradient) of each set of blocks that can change places."""

    tables: list[Numbers]
    cyclic: bool = False

    @property
    def arrangements(self) -> float:
        """Number of different ones, up to a billion."""
        if self.cyclic:
            return float(len(self.tables[0]))
        return exp(min(sum(lgamma(len(table) + 1) for table in self.tables), log(MOST)))

    def drawn(self, draws: int, rng: np.random.Generator) -> Numbers:
        """Inner products of changes and gradient (draw), with blocks in random places."""
        total = np.zeros(draws)
        for table in self.tables:
            places = np.arange(len(table))
            if self.cyclic:
                order = (places + rng.integers(len(table), size=(draws, 1))) % len(table)
            else:
                order = rng.permuted(np.tile(places, (draws, 1)), axis=1)
            total += table[places, order].sum(axis=1)
        return total


Null = Callable[[Numbers, Numbers, Wiring], Exchange]
alignment_nulls: Registry[Null] = Registry("null of alignment")


@alignment_nulls.register("post")
def of_posts(changes: Numbers, descent: Numbers, wiring: Wiring) -> Exchange:
    """Whole postsynaptic neurons change places, within a layer, among those with the same inputs."""
    return _blocks(changes, descent, wiring.layer, wiring.post, wiring.pre, "postsynaptic neurons")


@alignment_nulls.register("pre")
def of_pres(changes: Numbers, descent: Numbers, wiring: Wiring) -> Exchange:
    """Whole presynaptic neurons change places, within a layer; not where their activity is shared."""
    return _blocks(changes, descent, wiring.layer, wiring.pre, wiring.post, "presynaptic neurons")


@alignment_nulls.register("layer")
def of_layers(changes: Numbers, descent: Numbers, wiring: Wiring) -> Exchange:
    """Whole layers of the same shape change places; not where presynaptic activity is shared."""
    shape, order = np.zeros(len(wiring.layer), int), np.zeros(len(wiring.layer), int)
    for layer in np.unique(wiring.layer):
        inside = np.flatnonzero(wiring.layer == layer)
        sizes = [np.unique(names[inside], return_inverse=True) for names in (wiring.post, wiring.pre)]
        order[inside] = sizes[0][1] * len(sizes[1][0]) + sizes[1][1]
        shape[inside] = len(sizes[1][0])
    return _blocks(changes, descent, shape, wiring.layer, order, "layers")


@alignment_nulls.register("time")
def of_times(changes: Numbers, descent: Numbers, wiring: Wiring) -> Exchange:
    """Rows change places: trials in any order, sessions and steps by a shift of them all, round the end."""
    if len(changes) < 2:
        raise RecordingError(
            "null='time' needs a gradient for each row: with one for all, the order of rows does not matter. "
            "Give a gradient with the dims of the changes, or choose null='post'."
        )
    return Exchange([changes @ descent.T], cyclic=wiring.ordered)


def _blocks(
    changes: Numbers, descent: Numbers, within: Numbers, block: Numbers, member: Numbers, what: str
) -> Exchange:
    """Blocks of one ``within`` that have the same members, each matched member by member."""
    entries = defaultdict(list)
    for at in np.argsort(member, kind="stable"):
        entries[within[at], block[at]].append(at)
    alike = defaultdict(list)
    for (inside, _), places in entries.items():
        alike[inside, tuple(member[places])].append(places)
    if max(map(len, alike.values())) < 2:
        raise RecordingError(
            f"no two {what} can change places: no two of them have the same partners. "
            "Give the synapses that were not seen as NaN, or choose another null."
        )
    tables = []
    for places in alike.values():
        one, other = (
            part[:, places].transpose(1, 0, 2).reshape(len(places), -1) for part in (changes, descent)
        )
        tables.append(one @ other.T)
    return Exchange(tables)
