"""Threads of the libraries of linear algebra."""

from __future__ import annotations

from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from threadpoolctl import ThreadpoolController

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def one_thread(*, where: bool) -> Iterator[None]:
    """One thread ``where`` matrices are small."""
    # On many of them threads mostly wait for each other: 20 times as long where cores are shared.
    with _threads().limit(limits=1 if where else None, user_api="blas"):
        yield


@cache
def _threads() -> ThreadpoolController:
    """The libraries, looked up once: it takes longer than a comparison."""
    return ThreadpoolController()
