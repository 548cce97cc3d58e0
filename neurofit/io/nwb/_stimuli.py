"""The images that were shown, as they can be shown to a network; files beside the recording stay closed."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ...errors import listing
from ...names import CHANNEL, CHANNEL_ID, IMAGE, ISSUE, STIMULUS, STIMULUS_ID, TIME, X, Y
from ..door._door import is_a
from ..door._survey import overclaims, shape_of
from ..session._columns import text
from ._series import misfit, times_of, values_of

if TYPE_CHECKING:
    from ..session._columns import Array
    from ..session._report import Report
    from ._source import Source

SHOWN, TEMPLATES = "/stimulus/", "/stimulus/templates/"
COLOURS = ("red", "green", "blue", "alpha")
_ADDRESS_OR_DRIVE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
AXES = "rows and columns as stored, whatever the format calls them"


@dataclass(frozen=True)
class Pictures:
    """Single images of one shape and type: where they lie, and the container that holds them."""

    path: str
    container: Any
    images: list[Any]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of all of them, one upon the other."""
        return (len(self.images), *shape_of(self.images[0].data))

    def read(self) -> Array:
        """All of them as they are stored, one upon the other."""
        return np.stack([np.asarray(image.data[:]) for image in self.images])


def images_in(source: Source) -> dict[str, Any]:
    """Every set of images that was shown, by its path; what is left out is told."""
    found: dict[str, Any] = {}
    for series in source.recording.all("ImageSeries"):
        path, files = source.path(series), files_beside(series)
        if files:
            _tell(files, path, source.report)
        elif path.startswith(SHOWN):
            found[path] = series
        else:
            source.report.note("images", where=path.lstrip("/"), action="left out")
    for container in source.recording.all("Images"):
        path = source.path(container)
        if path.startswith(SHOWN):
            found |= {pictures.path: pictures for pictures in _alike(container, path, source)}
        else:
            source.report.note("images", where=path.lstrip("/"), action="left out")
    return found


def files_beside(series: Any) -> list[str]:
    """Names of the files beside the recording that hold the frames of ``series``."""
    files = getattr(series, "external_file", None)
    return [] if files is None else [text(name) for name in np.atleast_1d(files)]


def images_behind(shown: Any) -> tuple[float | None, Array | None]:
    """How many images there are to refer to (None without an order), and their names; frames have none."""
    if is_a(shown, "ImageSeries"):
        return (np.inf if files_beside(shown) else shape_of(shown.data)[0]), None
    names = _order(shown)
    return (None, None) if names is None else (len(names), np.array(names))


def one_set_of_images(part: Any, *, where: str, source: Source) -> xr.Dataset | None:
    """Images (stimulus, y, x[, channel]) as stored with their ids, and the times of a film that was shown."""
    is_film = not isinstance(part, Pictures)
    container = part if is_film else part.container
    is_timed = is_film and not source.path(part).startswith(TEMPLATES)
    wrong = misfit(part, timed=is_timed) if is_film else _overclaimed(part.images)
    if wrong is not None:
        source.report.defect(wrong, where=where, action="left out")
        return None
    shape = shape_of(part.data) if is_film else part.shape
    if len(shape) not in (3, 4) or shape[3:] not in ((), (1,), (3,), (4,)):
        source.report.note(f"no images: {' x '.join(map(str, shape))}", where=where, action="left out")
        return None
    ids = np.arange(shape[0]) if is_film else np.array([image.name for image in part.images])
    coords: dict[str, Any] = {STIMULUS_ID: (STIMULUS, ids)}
    if shape[3:] > (1,):
        coords[CHANNEL_ID] = (CHANNEL, list(COLOURS[: shape[3]]))
    said = {"neurodata_type": container.neurodata_type, "description": container.description or ""}
    if is_timed:
        times, issues = times_of(part, where, source.report)
        coords[TIME] = (STIMULUS, times, {"units": "s", "long_name": "time of the frame"})
        said[ISSUE] = "; ".join(issues)
    values = values_of(part) if is_film else part.read()
    about = {"units": getattr(part, "unit", None) or "unknown", "long_name": container.name, **_range(values)}
    return xr.Dataset({IMAGE: ((STIMULUS, Y, X, CHANNEL)[: values.ndim], values, about)}, coords, said)


def _range(values: Array) -> dict[str, Any]:
    """Which values the type of ``values`` allows, and in which order they lie."""
    if values.dtype.kind not in "iu":
        return {"axes": AXES}
    limits = np.iinfo(values.dtype)
    return {"axes": AXES, "valid_min": int(limits.min), "valid_max": int(limits.max)}


def _overclaimed(images: list[Any]) -> str | None:
    return next((wrong for image in images if (wrong := overclaims(image.data))), None)


def _alike(container: Any, path: str, source: Source) -> list[Pictures]:
    """The images of ``container``, apart where they differ in shape or type."""
    recording = source.recording
    own = [image for image in recording.all("BaseImage") if source.path(image).rpartition("/")[0] == path]
    outside = [text(recording.stored(image)[()]) for image in own if is_a(image, "ExternalImage")]
    if outside:
        _tell(outside, path, source.report)
    inside = {image.name: image for image in own if not is_a(image, "ExternalImage")}
    names = _order(container)
    if names is None and container.order_of_images is not None:
        source.report.defect("order of images cannot be read", where=path.lstrip("/"), action="by name")
    kinds: dict[str, list[Any]] = {}
    for image in (inside[name] for name in names or sorted(inside) if name in inside):
        shape = "x".join(map(str, shape_of(image.data)))
        kinds.setdefault(f"{path}_{shape}_{image.data.dtype}", []).append(image)
    if len(kinds) == 1:
        return [Pictures(path, container, images) for images in kinds.values()]
    if kinds:
        apart = listing(kind.rpartition("/")[2] for kind in kinds)
        source.report.note(
            "images of several sizes or types", where=path.lstrip("/"), action=f"kept as {apart}"
        )
    return [Pictures(kind, container, images) for kind, images in kinds.items()]


def _order(container: Any) -> list[str] | None:
    """Names of the images in the order of their numbers; None where there is none that can be read."""
    try:
        images = [] if container.order_of_images is None else container.order_of_images[:]
    except OSError:
        return None
    names = [str(getattr(image, "name", "")) for image in images]
    return names if all(names) and names else None


def _tell(files: list[str], path: str, report: Report) -> None:
    """Enter ``files`` beside the recording, which are never opened."""
    where = path.lstrip("/")
    report.note(f"images in other files: {listing(files, limit=10)}", where=where, action="not opened")
    out = [row for row, name in enumerate(files) if _leads_out(name)]
    if out:
        told = f"path out of the folder: {listing((files[row] for row in out), limit=10)}"
        report.defect(told, where=where, rows=out, action="not opened")


def _leads_out(name: str) -> bool:
    """Whether ``name`` is an address, or a path that does not stay in the folder of the recording."""
    path = posixpath.normpath(name.replace("\\", "/"))
    return bool(_ADDRESS_OR_DRIVE.match(name)) or path.startswith("/") or path.split("/")[0] == ".."
