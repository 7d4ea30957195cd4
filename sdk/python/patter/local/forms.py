"""Reads what a carrier posts, within limits."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.requests import Request

MOST_BYTES = 64 * 1024
MOST_FIELDS = 500

Fields = list[tuple[str, str]]


async def read_body(request: Request) -> bytes | None:
    """The raw body; None for what is too large."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MOST_BYTES:
            return None
    return bytes(body)


async def read_form(request: Request) -> Fields | None:
    """Every field, repeated ones repeated; None for what is too large or is no form."""
    body = await read_body(request)
    if body is None:
        return None
    try:
        return parse_qsl(
            body.decode(), keep_blank_values=True, strict_parsing=bool(body), max_num_fields=MOST_FIELDS
        )
    except ValueError:
        return None


def field_of(fields: Fields, name: str, limit: int = 200) -> str:
    """The last value under a name, shortened to ``limit`` characters."""
    return next((value[:limit] for key, value in reversed(fields) if key == name), "")
