"""What the control interfaces of all simulated carriers have in common."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Set
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from patter.simulators.facts import Fact
from patter.simulators.observed import Media

Door = Callable[[Request], Awaitable[Response]]


class CarriedCall(Protocol):
    """What a control interface needs of a call, whoever carries it."""

    media: Media
    finished: asyncio.Event

    @property
    def sid(self) -> str: ...

    @property
    def status(self) -> str: ...

    def end(self, cause: str) -> None: ...

    def follow(self) -> AsyncIterator[Fact]: ...


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


async def object_in(
    request: Request, required: Set[str] = frozenset(), optional: Set[str] | None = None
) -> Mapping[str, Any]:
    """The JSON object of a request; ``optional`` None takes any field. Raises ValueError."""
    given = json.loads(await request.body() or b"{}")
    if not isinstance(given, dict):
        raise ValueError("a JSON object is expected")
    if missing := sorted(required - given.keys()):
        raise ValueError(f"missing: {', '.join(missing)}")
    unknown = sorted(given.keys() - required - optional) if optional is not None else []
    if unknown:
        raise ValueError(f"unknown: {', '.join(unknown)}")
    return given


async def lines_of(call: CarriedCall) -> AsyncIterator[str]:
    """A call's facts as JSON lines, until its end."""
    async for fact in call.follow():
        yield json.dumps(fact.as_json()) + "\n"
