"""What the control interfaces of all simulated carriers have in common."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from patter.simulators.observed import ObservedCall

Door = Callable[[Request], Awaitable[Response]]


def guarded(door: Door) -> Door:
    """What is wrong is answered with a sentence."""

    async def answer(request: Request) -> Response:
        try:
            return await door(request)
        except LookupError as error:
            return JSONResponse({"error": str(error)}, 404)
        except (ValueError, TypeError, OSError) as error:
            return JSONResponse({"error": str(error)}, 400)

    return answer


async def object_in(request: Request, required: set[str], optional: set[str]) -> Mapping[str, Any]:
    """The JSON object of a request. Raises ValueError."""
    given = json.loads(await request.body() or b"{}")
    if not isinstance(given, dict):
        raise ValueError("a JSON object is expected")
    if missing := sorted(required - given.keys()):
        raise ValueError(f"missing: {', '.join(missing)}")
    if unknown := sorted(given.keys() - required - optional):
        raise ValueError(f"unknown: {', '.join(unknown)}")
    return given


async def lines_of(call: ObservedCall) -> AsyncIterator[str]:
    """A call's facts as JSON lines, until its end."""
    async for fact in call.follow():
        yield json.dumps(fact.as_json()) + "\n"
