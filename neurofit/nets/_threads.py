"""Numbers that do not depend on how many cores there are."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def one_thread() -> Iterator[None]:
    """Run torch on one thread inside, and on as many as before afterwards.

    The order of a sum, and so its last digits, depends on the number of threads; a training run makes
    those digits visible. Nets as small as ours lose no time: their sweeps run in parallel processes.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
