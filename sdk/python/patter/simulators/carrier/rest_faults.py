"""What goes wrong with requests of a simulated REST interface: refusals, late answers, lost ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from patter.simulators.carrier.faults import EVERY
from patter.simulators.fault_plan import CutError, Fault, FaultPlan

Refuse = Callable[[int], Response]
"""The carrier's own body for a status."""


def parse_rest_fault(given: Mapping[str, Any], doors: Sequence[str]) -> tuple[str, Fault, int]:
    """From JSON: ``door``, ``times?``, and one of ``status``, ``late_s``, ``silent``, ``lost``.

    ``silent``: the request is carried out, and no answer ever comes. ``lost``: its answer is torn off.
    Raises ValueError.
    """
    known = {"door", "times", "status", "retry_after_s", "late_s", "silent", "lost"}
    if unknown := sorted(given.keys() - known):
        raise ValueError(f"unknown: {', '.join(unknown)}")
    door = given.get("door", EVERY)
    if door not in (*doors, EVERY):
        raise ValueError(f"no such door: {door}; there are {', '.join(doors)}")
    status, times = int(given.get("status", 0)), int(given.get("times", 1))
    if status and not 400 <= status <= 599:
        raise ValueError("status is 400 to 599")
    fault = Fault(
        status=status,
        retry_after_s=float(given["retry_after_s"]) if "retry_after_s" in given else None,
        late_s=float(given.get("late_s", 0)),
        silent=given.get("silent") is True,
        cut_after=0 if given.get("lost") is True else None,
    )
    if fault == Fault():
        raise ValueError("give one of status, late_s, silent, lost")
    return door, fault, times


def take(plan: FaultPlan, *doors: str) -> Fault:
    """What goes wrong with this request: of the first of its doors for which something waits."""
    for door in (*doors, EVERY):
        if (fault := plan.take(door)) != Fault():
            return fault
    return Fault()


async def answered(
    request: Request, fault: Fault, carry_out: Callable[[], Awaitable[Response]], refuse: Refuse
) -> Response:
    """The answer, with what goes wrong with it. Only a refused request is not carried out."""
    if fault.status:
        refused = refuse(fault.status)
        if fault.retry_after_s is not None:
            refused.headers["Retry-After"] = f"{fault.retry_after_s:g}"
        return refused
    answer = await carry_out()
    if fault.late_s:
        await asyncio.sleep(fault.late_s)
    if fault.silent:
        await _left(request)
    return torn(answer.status_code) if fault.cut_after is not None else answer


def torn(status: int) -> Response:
    """An answer that is torn off: it promises more than it brings."""

    async def pieces() -> AsyncIterator[bytes]:
        yield b"{"
        raise CutError

    return StreamingResponse(pieces(), status, {"Content-Length": "1000"}, media_type="application/json")


async def _left(request: Request) -> None:
    """Returns when the client has gone."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
