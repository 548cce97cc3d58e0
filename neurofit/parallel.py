"""Independent work, over the active ``dask.distributed`` client or over local processes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TypeVar

import joblib

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

Item = TypeVar("Item")
Output = TypeVar("Output")


def apply(
    function: Callable[[Item], Output],
    items: Sequence[Item],
    *,
    workers: int | None = None,
    progress: bool = True,
    description: str = "",
) -> list[Output]:
    """``[function(item) for item in items]``, on as many workers as there are.

    The same numbers come back in the same order however many workers there are, as long as each item
    carries its own seed: no random state is shared.

    Parameters
    ----------
    function
        Called once for each item; picklable if there is more than one worker.
    items
        What it is called with.
    workers
        Number of local processes; by default one for each core, at most one for each item. Without effect
        while a ``dask.distributed`` client is active: then its workers do the work.
    progress
        Whether to show a bar.
    description
        Text beside the bar.

    Returns
    -------
    list
        One output for each item, in the order of the items.
    """
    client = _client()
    if client is not None:
        futures = client.map(function, items, pure=False)
        outputs: Iterable[Output] = (future.result() for future in futures)
    else:
        count = min(workers or joblib.cpu_count(), len(items)) or 1
        outputs = joblib.Parallel(n_jobs=count, return_as="generator")(
            joblib.delayed(function)(item) for item in items
        )
    return list(bar(outputs, total=len(items), progress=progress, description=description))


def bar(
    iterable: Iterable[Item], *, total: int | None = None, progress: bool = True, description: str = ""
) -> Iterator[Item]:
    """``iterable``, with a progress bar beside it.

    Parameters
    ----------
    iterable
        What is gone through.
    total
        Its length, where it has none of its own.
    progress
        Whether to show the bar.
    description
        Text beside the bar.

    Yields
    ------
    object
        Each item.
    """
    if not progress:
        yield from iterable
        return
    from tqdm.auto import tqdm

    yield from tqdm(iterable, total=total, desc=description, leave=False)


def _client() -> Any | None:
    """The active client, without importing distributed where nobody has."""
    distributed = sys.modules.get("distributed")
    if distributed is None:
        return None
    try:
        return distributed.default_client()
    except ValueError:
        return None
