"""An HTTP client whose requests are in nobody's log.

httpx tells its log, at INFO, the whole address of each request. Ours hold phone numbers, tokens and signed
links. What the user's own clients tell stays as it is.
"""

from __future__ import annotations

import logging
from contextvars import ContextVar
from typing import Any

import httpx

_ours: ContextVar[bool] = ContextVar("patter_request", default=False)


def _is_theirs(_record: logging.LogRecord) -> bool:
    return not _ours.get()


for _name in ("httpx", "httpcore.connection", "httpcore.http11", "httpcore.proxy"):
    logging.getLogger(_name).addFilter(_is_theirs)


class QuietClient(httpx.AsyncClient):
    """Used as any other."""

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        mark = _ours.set(True)
        try:
            return await super().send(request, **options)
        finally:
            _ours.reset(mark)
