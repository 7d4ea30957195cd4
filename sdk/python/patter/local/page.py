"""A small page with the live calls of this process.

The carrier reaches this process over a public address, and so does everybody else. What is said in calls is
shown only under an address that cannot be guessed; it is printed when serving begins.
"""

from __future__ import annotations

import secrets
from importlib.resources import files
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from patter.local.call import LocalCall
from patter.local.calls import LocalCalls

FILES = {
    "": ("live.html", "text/html"),
    "live.js": ("live.js", "text/javascript"),
    "live.css": ("live.css", "text/css"),
}
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class LivePage:
    """``path`` is where it is, with a secret in it."""

    def __init__(self, calls: LocalCalls) -> None:
        self._calls = calls
        self.path = f"/live/{secrets.token_urlsafe(18)}/"

    def routes(self) -> list[BaseRoute]:
        return [
            *(Route(f"{self.path}{name}", self._file) for name in FILES),
            Route(f"{self.path}calls.json", self._shown_calls),
        ]

    async def _file(self, request: Request) -> Response:
        name, media_type = FILES[request.url.path.rpartition("/")[2]]
        content = files("patter.local").joinpath("static", name).read_bytes()
        return Response(content, media_type=media_type, headers=HEADERS)

    async def _shown_calls(self, _request: Request) -> Response:
        # The newest first, and no ended one before one that runs.
        shown = [*reversed(self._calls.live), *reversed(self._calls.ended)]
        return JSONResponse({"calls": [_shown(call) for call in shown]}, headers=HEADERS)


def _shown(call: LocalCall) -> dict[str, Any]:
    end = call.log.end or {}
    return {
        "call_id": call.id,
        "direction": call.plan.direction,
        "caller": call.plan.caller,
        "callee": call.plan.callee,
        "status": call.log.status,
        "reason": end.get("reason", ""),
        "duration_s": end.get("duration_seconds"),
        "turns": call.log.turns,
    }
