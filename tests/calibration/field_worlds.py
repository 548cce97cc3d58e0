"""Fields of weight changes with a known Jacobian, and samples of them.

``waves`` sums 200 cosines whose wave vectors are normal with a given length scale, as those of a Gaussian
kernel's fields are; each has an amplitude along its wave vector (a gradient) and across it (a rotation), so
that a given share of their variance is a gradient. A random linear field is added. ``hills`` is a mixture of
Gaussian hills and of rotations within Gaussian discs, which no kernel is the prior of.
"""

import numpy as np
import xarray as xr

WAVES = 200
HILLS = 12


def waves(synapses, length, *, share=0.5, rng):
    """The field and its Jacobian, as functions of w (point, synapse)."""
    k = rng.normal(size=(WAVES, synapses)) / length
    phase = rng.uniform(0, 2 * np.pi, WAVES)
    amplitude = rng.normal(size=(WAVES, synapses))
    along = (amplitude * k).sum(axis=1, keepdims=True) * k / np.square(k).sum(axis=1, keepdims=True)
    across = amplitude - along
    parts = (along * np.sqrt(synapses * share), across * np.sqrt(synapses / (synapses - 1) * (1 - share)))
    amplitude = (parts[0] + parts[1]) * np.sqrt(2 / WAVES)
    matrix = rng.normal(size=(synapses, synapses)) / (2 * np.sqrt(synapses) * length)
    constant = rng.normal(size=synapses)

    def field(w):
        return np.cos(w @ k.T + phase) @ amplitude + w @ matrix.T + constant

    def jacobian(w):
        return -np.einsum("pc,ci,cj->pij", np.sin(w @ k.T + phase), amplitude, k) + matrix

    return field, jacobian


def hills(synapses, length, *, rng):
    """The field and its Jacobian, as functions of w (point, synapse)."""
    centres = rng.uniform(-1.5, 1.5, size=(HILLS, synapses))
    widths = length * rng.uniform(0.8, 1.3, HILLS)
    heights = rng.normal(size=HILLS)
    turn = rng.normal(size=(HILLS, synapses, synapses))
    slopes = -heights[:, None, None] * np.eye(synapses) + (turn - np.swapaxes(turn, 1, 2)) / 2

    def parts(w):
        apart = w[:, None, :] - centres
        return apart, np.exp(-np.square(apart).sum(axis=2) / (2 * widths**2))

    def field(w):
        apart, phi = parts(w)
        return np.einsum("pc,cij,pcj->pi", phi, slopes, apart)

    def jacobian(w):
        apart, phi = parts(w)
        inner = np.einsum("cij,pcj->pci", slopes, apart)
        bent = np.einsum("pc,pci,pcj->pij", phi / widths**2, inner, apart)
        return np.einsum("pc,cij->pij", phi, slopes) - bent

    return field, jacobian


def noisy(values, noise, rng):
    """With noise that has so many standard deviations of the values."""
    return values + noise * values.std(axis=0).mean() * rng.normal(size=values.shape)


def labelled(values):
    """Samples as trials."""
    return xr.DataArray(values, dims=("trial", "synapse"))


def relative_error(found, truth):
    """Root mean square error to root mean square."""
    return float(np.sqrt(np.square(found - truth).sum() / np.square(truth).sum()))


def turned(synapses, speed, rng):
    """A random antisymmetric matrix with |A|^2 = n speed^2."""
    matrix = rng.normal(size=(synapses, synapses))
    matrix -= matrix.T
    return matrix * speed * np.sqrt(synapses) / np.linalg.norm(matrix)


def linear_share(samples, synapses, speed, *, noise=0.1, rng):
    """Samples of -w plus a rotation, under normal w, and the best gradient's share: 1 / (1 + speed^2)."""
    w = rng.normal(size=(samples, synapses))
    changes = -w + w @ turned(synapses, speed, rng).T
    return labelled(w), labelled(noisy(changes, noise, rng)), 1 / (1 + speed**2)


def curved_share(samples, synapses, speed, *, noise=0.1, rng):
    """Samples of tanh(w) plus a rotation that is slower further out, and the best gradient's share.

    A flow along spheres, at a speed that depends on the radius, is orthogonal to all gradients under a
    distribution of w that does so too.
    """
    w = rng.normal(size=(samples, synapses))
    fall = np.exp(-np.square(w).sum(axis=1, keepdims=True) / (2 * synapses))
    changes = np.tanh(w) + fall * (w @ turned(synapses, speed, rng).T)
    # exp(-|w|^2 / n) is that of a normal distribution with variance 1 / (1 + 2 / n), but for its norm.
    narrow = 1 / (1 + 2 / synapses)
    rotation = synapses * speed**2 * narrow ** (synapses / 2 + 1)
    nodes, weights = np.polynomial.hermite_e.hermegauss(80)
    gradient = synapses * float(weights @ np.tanh(nodes) ** 2 / weights.sum())
    return labelled(w), labelled(noisy(changes, noise, rng)), gradient / (gradient + rotation)
