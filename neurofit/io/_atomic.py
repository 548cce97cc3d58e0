"""Files that appear whole or not at all: written beside their place, then renamed into it."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def beside(path: str | Path) -> Iterator[Path]:
    """A temporary path in the folder of ``path``; what is written there becomes ``path`` at the end.

    An exception or an interrupt inside the block leaves what was at ``path`` as it was, with nothing beside.

    Parameters
    ----------
    path
        Where the finished file or folder belongs. What is there already is replaced.

    Returns
    -------
    Context manager that gives the path to write to. It has the name of ``path``, so writers that go by
    the suffix do the right thing.

    Raises
    ------
    FileNotFoundError
        If the folder that ``path`` lies in does not exist, or nothing was written.

    Examples
    --------
    >>> from tempfile import mkdtemp
    >>> note = Path(mkdtemp()) / "note.txt"
    >>> with beside(note) as unfinished:
    ...     _ = unfinished.write_text("hello")
    ...     note.exists()
    False
    >>> note.read_text()
    'hello'
    """
    path = Path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"no folder {path.parent} to write {path.name} into; make it first")
    with TemporaryDirectory(prefix=f".{path.name}.", dir=path.parent) as folder:
        written = Path(folder) / path.name
        yield written
        if not written.exists():
            raise FileNotFoundError(f"nothing was written for {path}")
        _move(written, path, Path(folder) / "replaced")


def _move(written: Path, path: Path, aside: Path) -> None:
    # Renaming replaces a file in one step; a folder in the way has to step aside first.
    if not path.is_dir():
        written.replace(path)
        return
    path.rename(aside)
    try:
        written.rename(path)
    except BaseException:
        aside.rename(path)
        raise
