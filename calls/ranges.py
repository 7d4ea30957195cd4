"""Files answered with ranges (RFC 9110, 14): a browser seeks in a recording only where 206 is spoken."""

from __future__ import annotations

import re
from typing import Any, BinaryIO

from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase

RANGE = re.compile(r"bytes=(\d*)-(\d*)")
MOST_BYTES = 1 << 20  # an answer may be shorter than what was asked for; the browser asks on


def ranged_response(request: HttpRequest, file: Any, size: int, content_type: str) -> HttpResponseBase:
    """The whole file, a part of it (206), or 416 with its size. Several ranges at once get the whole."""
    match = RANGE.fullmatch(request.headers.get("Range", "").strip())
    if match is None or match[1] == match[2] == "":
        response: HttpResponseBase = FileResponse(file, content_type=content_type)
        response["Content-Length"] = str(size)
    else:
        response = _part(file, size, content_type, match[1], match[2])
        file.close()
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "private, max-age=0, must-revalidate"
    return response


def _part(file: BinaryIO, size: int, content_type: str, first: str, last: str) -> HttpResponse:
    start = int(first) if first else max(size - int(last), 0)
    end = min(int(last), size - 1) if first and last else size - 1
    if start >= size or end < start:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    end = min(end, start + MOST_BYTES - 1)
    file.seek(start)
    body = file.read(end - start + 1)
    return HttpResponse(
        body, status=206, content_type=content_type, headers={"Content-Range": f"bytes {start}-{end}/{size}"}
    )
