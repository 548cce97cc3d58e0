"""Quirks of continuous series and of images."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._quirks import in_hdf5, replace
from ._quirks_units import claim

TIMES = "acquisition/running_speed/timestamps"


@in_hdf5("length_mismatch")
def length_mismatch(file: Any) -> None:
    """The running speed has one timestamp less than samples."""
    replace(file, TIMES, file[TIMES][:-1])


@in_hdf5("two_row_timestamps")
def two_row_timestamps(file: Any) -> None:
    """The timestamps of the running speed have shape (2, N)."""
    replace(file, TIMES, np.tile(file[TIMES][()], (2, 1)))


@in_hdf5("nan_timestamps")
def nan_timestamps(file: Any) -> None:
    """The third timestamp of the running speed is NaN."""
    file[TIMES][2] = np.nan


@in_hdf5("unsorted_timestamps")
def unsorted_timestamps(file: Any) -> None:
    """The first and the last timestamp of the running speed are swapped."""
    times = file[TIMES]
    times[0], times[-1] = times[-1], times[0]


@in_hdf5("series_claims_terabytes")
def series_claims_terabytes(file: Any) -> None:
    """The field potentials claim 6 TB, of which nothing is stored."""
    claim(file, "processing/ecephys/LFP/lfp/data", (10**12, 3), "i2")


@in_hdf5("path_traversal")
def path_traversal(file: Any) -> None:
    """The frames of the film lie in files that are none of its business, such as /etc/passwd."""
    film = file["stimulus/templates/film"]
    replace(film, "data", np.empty((0, 0, 0), np.uint8))
    replace(film, "format", "external")
    film["external_file"] = ["../../../../etc/passwd", "/etc/passwd"]
    film["external_file"].attrs["starting_frame"] = np.array([0, 1])
