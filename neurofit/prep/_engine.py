"""NWB files through xarray: ``xarray.open_dataset(path, engine="nwb")``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xarray.backends import BackendEntrypoint

from ..io.nwb._flat import open_lazily
from ..names import RESPONSES, START_TIME
from ._responses import measure

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import xarray as xr


class NWBBackend(BackendEntrypoint):
    """Sessions and responses whose spikes are read where they are asked for.

    ``open_dataset`` gives the variable ``responses`` (trial, unit, time), the one that
    ``neurofit.prep.responses`` makes of ``neurofit.io.open_nwb(path, continuous=False)``; ``open_datatree``
    gives the session, with ``spike_time`` left in the file. Both keep the path and the options rather than an
    open file, so they can be pickled and sent to workers. If the file has changed since, reading raises
    ``RecordingError``.

    What is wrong with the values of spike times is found where they are read: ``on_issue="flag"`` warns,
    ``"raise"`` raises. The type of the counts, chosen at opening, holds 25,000 spikes a second; a bin with
    more spikes than it holds is an error, never clipped.

    Examples
    --------
    >>> import xarray as xr
    >>> opened = xr.open_dataset("no_such_file.nwb", engine="nwb", bin=0.1)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    neurofit.errors.RecordingError: there is no file ...no_such_file.nwb
    """

    description = "Spikes and trials of NWB files, as responses"
    supports_groups = True

    def guess_can_open(self, filename_or_obj: Any) -> bool:
        """Whether the name says that this is an NWB file."""
        return str(filename_or_obj).rstrip("/").endswith((".nwb", ".nwb.zarr"))

    def open_dataset(  # noqa: PLR0913 (xarray hands options on one by one)
        self,
        filename_or_obj: Any,
        *,
        drop_variables: str | Iterable[str] | None = None,
        align: str = START_TIME,
        window: tuple[float, float] = (0.0, 1.0),
        bin: float | None = 0.01,
        trials: str | None = None,
        stimulus: str | None = None,
        rename: Mapping[str, str] | None = None,
        on_issue: str = "flag",
        allow_external: bool = False,
    ) -> xr.Dataset:
        """Responses: ``align``, ``window``, ``bin`` and ``stimulus`` as for ``prep.responses``."""
        session = open_lazily(
            filename_or_obj,
            trials=trials,
            rename=rename,
            continuous=False,
            on_issue=on_issue,
            allow_external=allow_external,
        )
        measured = measure(session, align=align, window=window, bin=bin, trials=None, stimulus=stimulus)
        return measured.to_dataset(name=RESPONSES).assign_attrs(session.attrs).drop_vars(drop_variables or [])

    def open_datatree(
        self,
        filename_or_obj: Any,
        *,
        drop_variables: str | Iterable[str] | None = None,
        trials: str | None = None,
        rename: Mapping[str, str] | None = None,
        continuous: bool | Sequence[str] = False,
        on_issue: str = "flag",
        allow_external: bool = False,
    ) -> xr.DataTree:
        """The session, with the options of ``io.open_nwb``."""
        session = open_lazily(
            filename_or_obj,
            trials=trials,
            rename=rename,
            continuous=continuous,
            on_issue=on_issue,
            allow_external=allow_external,
        )
        dropped = drop_variables or []
        return session.map_over_datasets(lambda part: part.drop_vars(dropped, errors="ignore"))
