"""A stored file over HTTP, whole or in part. Browsers cannot seek in audio without ranges."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator
from typing import IO

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

BLOCK_BYTES = 64 * 1024
Open = Callable[[], IO[bytes]]
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def ranged_response(request: HttpRequest, opened: Open, size: int, content_type: str) -> HttpResponseBase:
    """200 with everything, 206 with the part that ``Range`` asks for, or 416. Several parts get 200.

    ``opened`` is called when the first byte is sent: a browser that went away by then leaves nothing open.
    """
    response: HttpResponse | StreamingHttpResponse
    wanted = wanted_range(request.headers.get("Range", ""), size)
    if wanted is None:
        response = _streamed(request, opened, range(size), content_type)
    elif wanted.start >= size or not wanted:
        response = HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    else:
        response = _streamed(request, opened, wanted, content_type, status=206)
        response["Content-Range"] = f"bytes {wanted.start}-{wanted.stop - 1}/{size}"
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "private, max-age=0, must-revalidate"
    return response


def wanted_range(header: str, size: int) -> range | None:
    """The bytes that a ``Range`` header asks for; None: all. An impossible range is empty."""
    match = _RANGE.fullmatch(header.strip())
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        return range(max(0, size - int(last)), size)
    if last and int(last) < int(first):
        return None
    return range(int(first), min(int(last) + 1, size) if last else size)


def _streamed(
    request: HttpRequest, opened: Open, part: range, content_type: str, status: int = 200
) -> StreamingHttpResponse:
    # Under ASGI Django would read an ordinary iterator to its end before it sent the first byte.
    kind = _PartInThreads if isinstance(request, ASGIRequest) else _PartAtOnce
    response = StreamingHttpResponse(kind(opened, part), content_type=content_type, status=status)
    response["Content-Length"] = str(len(part))
    return response


class _Part:
    """Some bytes of a file, in blocks. It is open from the first of them on, until ``close``."""

    def __init__(self, opened: Open, part: range) -> None:
        self._opened = opened
        self._file: IO[bytes] | None = None
        self._start = part.start
        self._left = len(part)

    def close(self) -> None:
        if self._file is not None:
            self._file.close()

    def read(self) -> bytes:
        if self._file is None:
            self._file = self._opened()
            self._file.seek(self._start)
        block = self._file.read(min(BLOCK_BYTES, self._left)) if self._left else b""
        self._left -= len(block)
        return block


class _PartAtOnce(_Part):
    def __iter__(self) -> Iterator[bytes]:
        try:
            while block := self.read():
                yield block
        finally:  # some servers forget the response of a browser that went away
            self.close()


class _PartInThreads(_Part):
    # Without __iter__: Django asks for that one first.
    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            while block := await asyncio.to_thread(self.read):
                yield block
        finally:
            self.close()
