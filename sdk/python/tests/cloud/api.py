"""A platform's REST interface that answers from a list."""

from __future__ import annotations

import json
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from patter.simulators.loopback import LoopbackServer

from .server import KEY

__all__ = ["KEY", "Api", "refused"]


class Api(LoopbackServer):
    """Answers from a list, and remembers what it was asked."""

    def __init__(self, *answers: Response, port: int = 0) -> None:
        everything = ["GET", "POST", "PATCH", "DELETE"]
        super().__init__(Starlette(routes=[Route("/{path:path}", self._answer, methods=everything)]), port)
        self._answers = list(answers)
        self.asked: list[Request] = []
        self.bodies: list[Any] = []

    async def __aenter__(self) -> Api:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()

    async def _answer(self, request: Request) -> Response:
        body = await request.body()
        self.asked.append(request)
        self.bodies.append(json.loads(body) if body else None)
        return self._answers.pop(0)


def refused(status: int, code: str, message: str = "No.", **headers: str) -> JSONResponse:
    error = {"code": code, "message": message, "fields": {}, "request_id": "req_1"}
    return JSONResponse({"error": error}, status, headers)
