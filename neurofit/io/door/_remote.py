"""A file on a server, read in parts: only what is asked for crosses the network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...errors import MissingExtraError, RecordingError

if TYPE_CHECKING:
    from requests import Response

WAIT = 30  # seconds for the server to answer


def opened_remotely(address: str) -> Any:
    """A file-like object on ``address`` that fetches the parts that are read."""
    try:
        from remfile import File
    except ImportError:
        raise MissingExtraError("remfile", "remote", "reading from a server") from None
    _part(address, 0, 0)
    return File(address)


def ends_of(address: str, length: int) -> tuple[int, str, list[bytes]]:
    """Size and ETag of the file at ``address``, and its first and last ``length`` bytes, no byte twice."""
    first = _part(address, 0, length - 1)
    size = int(first.headers["Content-Range"].rsplit("/", 1)[-1])
    last = _part(address, max(size - length, length), size - 1).content if size > length else b""
    return size, first.headers.get("ETag", ""), [first.content, last]


def json_from(address: str, **query: str) -> Any:
    """What the server at ``address`` answers, as JSON."""
    return _answer(address, params=query).json()


def _part(address: str, first: int, last: int) -> Response:
    """Bytes ``first`` to ``last``, both included."""
    answer = _answer(address, headers={"Range": f"bytes={first}-{last}"}, stream=True)
    if answer.status_code != 206:
        answer.close()
        raise RecordingError(
            f"{address}: the server sends whole files only (it does not honour ranges). "
            "Download the file and open it from there."
        )
    return answer


def _answer(address: str, **options: Any) -> Response:
    try:
        import requests
    except ImportError:
        raise MissingExtraError("requests", "remote", "reading from a server") from None
    try:
        answer = requests.get(address, timeout=WAIT, **options)
        answer.raise_for_status()
    except requests.RequestException as error:
        raise RecordingError(f"{address} cannot be read: {error}") from error
    return answer
