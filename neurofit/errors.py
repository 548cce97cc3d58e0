"""What can go wrong, each with a name that a caller can catch."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class NeurofitError(Exception):
    """Anything that neurofit refuses, with what is wrong, what came, and what to do."""


class SchemaError(NeurofitError, ValueError):
    """Data that lack what an analysis needs; every problem is listed."""


class RecordingError(NeurofitError, ValueError):
    """A recording that cannot be read, or that holds too little for what is asked of it."""


class AlignmentError(NeurofitError, ValueError):
    """Two data sets whose stimuli or pairs do not match one to one."""


class UnknownNameError(NeurofitError, LookupError):
    """A choice, table, column or layer that does not exist; the nearest existing one is named."""


class TrainingError(NeurofitError, ValueError):
    """A network that cannot be built from the choices made, or whose training diverged."""


class ResultsExistError(NeurofitError, FileExistsError):
    """A file or folder that would be overwritten."""


class MissingExtraError(NeurofitError, ImportError):
    """An optional dependency that is not installed."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs {package}, which is not installed. "
            f"Install it with: pip install 'neurofit[{extra}]'"
        )


def unknown_name(kind: str, name: str, known: Iterable[object]) -> UnknownNameError:
    """The error for a ``kind`` (such as ``"column"``) called ``name`` that is not among those ``known``."""
    choices = [str(choice) for choice in known]
    near = get_close_matches(str(name), choices, n=1, cutoff=0.5)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return UnknownNameError(f"no {kind} called {name!r}.{hint} There is: {listing(choices) or 'none'}.")


def listing(items: Iterable[object], *, limit: int = 50) -> str:
    """``items`` as text, cut after ``limit`` of them with a count of the rest."""
    texts = [str(item) for item in items]
    rest = f" and {len(texts) - limit} more" if len(texts) > limit else ""
    return ", ".join(texts[:limit]) + rest
