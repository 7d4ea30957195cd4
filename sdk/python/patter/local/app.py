"""The ASGI application of local mode: the carrier's doors and the page of live calls."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from patter.local.calls import LocalCalls
from patter.local.carrier import LocalCarrier
from patter.local.convai import ReplyDoor
from patter.local.page import LivePage


def make_app(carrier: LocalCarrier, calls: LocalCalls, page: LivePage) -> Starlette:
    """Everything that ``serve()`` listens with."""
    doors = [*carrier.routes(calls), *ReplyDoor(calls).routes()]
    routes = [*doors, *page.routes(), Route("/health", _health)]
    return Starlette(routes=routes, exception_handlers={404: _not_found})


async def _health(_request: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def _not_found(_request: Request, _error: Exception) -> Response:
    return JSONResponse({"error": {"code": "not_found", "message": "There is nothing here."}}, 404)
