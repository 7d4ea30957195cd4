"""JSON at the door: what no database column can hold is refused here, once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def parse_json(raw: bytes) -> Any:
    """Parse a body. Raises ValueError for NaN, numbers beyond every float such as 1e400, NUL characters,
    lone surrogates, and nesting without end."""
    try:
        value = json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant)
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    text.encode("utf-8")  # a lone surrogate fails here
    if "\\u0000" in text and _has_nul(value):
        raise ValueError("a NUL character")
    return value


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\x00" in value
    if isinstance(value, dict):
        return any(_has_nul(part) for pair in value.items() for part in pair)
    return isinstance(value, list) and any(_has_nul(item) for item in value)


class StrictJSONParser(JSONParser):
    """Raises ParseError with a sentence. An empty body is an empty object."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        raw = stream.read()
        if not raw.strip():
            return {}
        try:
            return parse_json(raw)
        except ValueError as error:
            detail = f": {error}" if settings.DEBUG else "."
            raise ParseError(f"The body is not JSON that can be stored{detail}") from None
