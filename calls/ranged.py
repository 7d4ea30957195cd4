"""A stored file over HTTP, whole or in part. Browsers cannot seek in audio without ranges."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

BLOCK_BYTES = 64 * 1024
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


def ranged_response(request: HttpRequest, file: IO[bytes], size: int, content_type: str) -> HttpResponseBase:
    """200 with everything, 206 with the part that ``Range`` asks for, or 416. Several parts get 200."""
    response: HttpResponse | StreamingHttpResponse
    wanted = wanted_range(request.headers.get("Range", ""), size)
    if wanted is None:
        response = _streamed(file, 0, size, content_type)
    elif wanted.start >= size or not wanted:
        file.close()
        response = HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    else:
        response = _streamed(file, wanted.start, len(wanted), content_type, status=206)
        response["Content-Range"] = f"bytes {wanted.start}-{wanted.stop - 1}/{size}"
    response["Accept-Ranges"] = "bytes"
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
    file: IO[bytes], start: int, length: int, content_type: str, status: int = 200
) -> StreamingHttpResponse:
    response = StreamingHttpResponse(_blocks(file, start, length), content_type=content_type, status=status)
    response["Content-Length"] = str(length)
    return response


def _blocks(file: IO[bytes], start: int, length: int) -> Iterator[bytes]:
    with file:
        file.seek(start)
        while length > 0 and (block := file.read(min(BLOCK_BYTES, length))):
            length -= len(block)
            yield block
