"""A name for each request, taken from ``X-Request-ID`` when it is a fair one, sent back and logged."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextvars import ContextVar

import structlog
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import sync_only_middleware

from patter_site.common.ids import make_id

FAIR = re.compile(r"[A-Za-z0-9._\-]{1,64}")
_current: ContextVar[str] = ContextVar("request_id", default="")


def current_request_id() -> str:
    """The id of the request being answered, or empty outside one."""
    return _current.get()


def fair_request_id(offered: str) -> str:
    """The client's own id if it is safe to log and echo, else a new one."""
    return offered if FAIR.fullmatch(offered) else make_id("req")


# Sync only, and first: under ASGI each middleware after it then runs in the same thread instead of hopping.
@sync_only_middleware
def request_id_middleware(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    def middleware(request: HttpRequest) -> HttpResponse:
        request_id = fair_request_id(request.headers.get("X-Request-ID", ""))
        request.request_id = request_id  # type: ignore[attr-defined]
        token = _current.set(request_id)
        try:
            with structlog.contextvars.bound_contextvars(request_id=request_id):
                response = get_response(request)
        finally:
            _current.reset(token)
        response["X-Request-ID"] = request_id
        return response

    return middleware
