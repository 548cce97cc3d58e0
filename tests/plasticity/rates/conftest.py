"""Counts of units whose rule is known."""

import pytest

from neurofit.plasticity.rates import _generate


@pytest.fixture
def make_counts():
    """Units drawn around the published medians, and their counts."""

    def make(units=20, *, seed=0, **options):
        import numpy as np

        rng = np.random.default_rng(seed)
        population = _generate.Population.draw(units, rng)
        return population, _generate.counts(population, rng=rng, **options)

    return make
