"""Gratings rendered in NumPy: arrays in, arrays out."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]
Values = float | Array


def gratings(
    orientation: Values,
    phase: Values,
    contrast: Values,
    *,
    size: int,
    cycles: float,
    dx: Values = 0.0,
    dy: Values = 0.0,
) -> Array:
    r"""Cosine gratings in a Gaussian window.

    .. math::

        I(x, y) = c \cos\!\left(\tfrac{2\pi k}{n}\,(y \cos\theta - x \sin\theta) + \varphi\right)
                  \exp\!\left(-\tfrac{x^2 + y^2}{2 (n/5)^2}\right)

    with :math:`x` to the right and :math:`y` upwards, in pixels from the window's centre, :math:`n` pixels
    and :math:`k` cycles along a side.

    Parameters
    ----------
    orientation
        Of the bars, in degrees anticlockwise from horizontal; periodic in 180 (with the phase negated).
    phase
        At the centre of the window, in degrees.
    contrast
        Amplitude at the centre; 0 is a blank image.
    size
        Number of pixels along a side.
    cycles
        Spatial frequency, in cycles for each image width.
    dx, dy
        Where the window's centre lies, in pixels to the right of and above the image's centre.

    Returns
    -------
    array (n, y, x)
        One image for each set of values; numbers and arrays of shape (n,) broadcast. Row 0 is the top.

    Examples
    --------
    >>> horizontal = gratings(0.0, 0.0, 1.0, size=5, cycles=1)[0]
    >>> bool((horizontal[2] > horizontal[0]).all())
    True
    """
    theta, phi, amplitude, right, up = np.broadcast_arrays(
        *(np.atleast_1d(np.asarray(value, float)) for value in (orientation, phase, contrast, dx, dy))
    )
    axis = np.arange(size) - (size - 1) / 2
    x = axis[None, None, :] - right[:, None, None]
    y = -axis[None, :, None] - up[:, None, None]
    angle = np.radians(theta)[:, None, None]
    carrier = 2 * np.pi * cycles / size * (y * np.cos(angle) - x * np.sin(angle))
    window = np.exp(-(x**2 + y**2) / (2 * (size / 5) ** 2))
    wave: Array = np.cos(carrier + np.radians(phi)[:, None, None])
    return amplitude[:, None, None] * wave * window
