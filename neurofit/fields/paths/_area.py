"""The area that a path of weights sweeps, by blocks that are told apart, for any number of synapses."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

Numbers = np.ndarray
CHUNK = 2e7  # numbers held at once


class Block(NamedTuple):
    """Steps dw and weights w before them, about their mean, (transition, synapse); 0 where not both seen."""

    steps: Numbers
    weights: Numbers
    seen: Numbers
    place: int  # within its trajectory


def blocks_of(weights: Numbers, count: int) -> list[Block]:
    """``count`` blocks or more of transitions of weights (trajectory, session, synapse)."""
    seen = np.isfinite(weights)
    about = np.where(seen, weights - np.nanmean(weights, axis=(0, 1)), 0.0)
    both = seen[:, 1:] & seen[:, :-1]
    steps, before = np.where(both, np.diff(about, axis=1), 0.0), np.where(both, about[:, :-1], 0.0)
    each = -(-count // len(weights))
    return [
        Block(steps[one, places], before[one, places], both[one, places], place)
        for one in range(len(weights))
        for place, places in enumerate(np.array_split(np.arange(steps.shape[1]), each))
    ]


class Areas(NamedTuple):
    """Inner products (block, block) of E[dw w'] and of its antisymmetric part, and transitions in each."""

    whole: Numbers
    turning: Numbers
    sizes: Numbers


def areas(blocks: list[Block]) -> Areas:
    """Inner products over all pairs of synapses, each pair weighted by how often both were seen."""
    synapses = blocks[0].steps.shape[1]
    width = max(1, int(CHUNK / (4 * len(blocks) * synapses)))
    whole, turning = np.zeros((2, len(blocks), len(blocks)))
    for start in range(0, synapses, width):
        rows = slice(start, start + width)
        often = sum(block.seen[:, rows].T.astype(float) @ block.seen for block in blocks)
        share = np.divide(1.0, often, out=np.zeros_like(often), where=often > 0)
        forth = np.stack([(block.steps[:, rows].T @ block.weights * share).ravel() for block in blocks])
        back = np.stack([(block.weights[:, rows].T @ block.steps * share).ravel() for block in blocks])
        half = (forth - back) / 2
        whole += forth @ forth.T
        turning += half @ half.T
    return Areas(whole, turning, np.array([len(block.steps) for block in blocks], dtype=float))


def unbiased(products: Numbers, sizes: Numbers) -> float:
    """Square of the mean, from products of different blocks alone."""
    pairs = products.sum() - np.trace(products)
    return float(pairs / (1 - (sizes**2).sum() / sizes.sum() ** 2))


def left_out(products: Numbers, sizes: Numbers) -> Numbers:
    """The same with one block left out after the other, (block)."""
    found = []
    for one in range(len(sizes)):
        rest = np.arange(len(sizes)) != one
        scale = (sizes.sum() / sizes[rest].sum()) ** 2
        found.append(scale * unbiased(products[np.ix_(rest, rest)], sizes[rest]))
    return np.array(found)


def reversed_p(products: Numbers, draws: int, rng: np.random.Generator) -> float:
    """Chance of as large a sum of pairs if each block may as well run backwards, which turns its sign."""
    pairs = products - np.diag(np.diag(products))
    signs = rng.choice([-1.0, 1.0], size=(draws, len(pairs)))
    chance = ((signs @ pairs) * signs).sum(axis=1)
    return float((1 + (chance >= pairs.sum() * (1 - 1e-12)).sum()) / (1 + draws))


def drift_p(blocks: list[Block], draws: int, rng: np.random.Generator) -> float:
    """Chance of as large a trend in the mean weights if they are stationary.

    Blocks of one trajectory could come in any order. Where each trajectory is one block, its later half less
    its earlier one could have either sign.
    """
    places = np.array([block.place for block in blocks])
    if places.max() == 0:
        halves = np.stack([_mean(block, late=True) - _mean(block, late=False) for block in blocks])
        return reversed_p(halves @ halves.T, draws, rng)
    means = np.stack([block.weights.sum(axis=0) / np.maximum(block.seen.sum(axis=0), 1) for block in blocks])
    products = means @ means.T
    count = places.max() + 1
    order = np.tile(np.arange(count) - (count - 1) / 2, (draws, len(blocks) // count, 1))
    trends = [order[:1].reshape(1, -1), rng.permuted(order, axis=2).reshape(draws, -1)]
    seen, chance = (((trend @ products) * trend).sum(axis=1) for trend in trends)
    return float((1 + (chance >= seen * (1 - 1e-12)).sum()) / (1 + draws))


def _mean(block: Block, *, late: bool) -> Numbers:
    middle = len(block.weights) // 2
    half = slice(middle, None) if late else slice(None, middle)
    return block.weights[half].sum(axis=0) / np.maximum(block.seen[half].sum(axis=0), 1)


def angular_momentum(blocks: list[Block]) -> Numbers:
    """(E[dw w'] - E[w dw']) / 2 of one transition; NaN for pairs that were never seen together."""
    often = sum(block.seen.T.astype(float) @ block.seen for block in blocks)
    total = sum(block.steps.T @ block.weights for block in blocks)
    return np.divide((total - total.T) / 2, often, out=np.full_like(often, np.nan), where=often > 0)
