"""The control interface of every simulated carrier: JSON for clients on the same machine.

``POST faults``, ``GET calls``, ``GET calls/{sid}`` (result), ``GET calls/{sid}/events`` (JSON lines until the
end), ``GET calls/{sid}/audio.wav`` (left the caller, right the agent), ``POST calls/{sid}/hang-up``,
``GET ledger`` (the carrier's own bill), ``GET health``; and what each carrier has besides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from patter.simulators.carrier.doors import CarriedCall, Door, guarded, lines_of, object_in
from patter.simulators.carrier.rest_faults import parse_rest_fault
from patter.simulators.carrier.world import CarrierWorld


class CarrierControl:
    """Only ever reachable from the machine itself: the server binds to loopback.

    Args:
        root: where it is, such as ``/simulator/``.
        rest_doors: what a fault of the REST interface can be about.
        calls: those that are known now, by their ids.
        result_of: a call's result as JSON.
    """

    def __init__(
        self,
        root: str,
        world: CarrierWorld,
        *,
        carriers: Sequence[str],
        rest_doors: Sequence[str],
        calls: Callable[[], Mapping[str, CarriedCall]],
        result_of: Callable[[Any], dict[str, Any]],
    ) -> None:
        self._root = root
        self._carrier_world = world
        self._carriers = carriers
        self._rest_doors = rest_doors
        self._calls = calls
        self._result_of = result_of

    def own_doors(self) -> list[tuple[str, str, Door]]:
        """Method, path and door of what one carrier has besides."""
        raise NotImplementedError

    def set_fault(self, name: str, value: Any) -> None:
        """One more thing that can go wrong at this carrier. Raises ValueError for what cannot."""
        raise ValueError(f"unknown: {name}")

    def routes(self) -> list[Route]:
        doors: list[tuple[str, str, Door]] = [
            ("GET", "health", self._health),
            ("GET", "ledger", self._ledger),
            ("POST", "faults", self._set_faults),
            ("GET", "calls", self._list),
            ("GET", "calls/{sid}", self._result),
            ("GET", "calls/{sid}/events", self._events),
            ("GET", "calls/{sid}/audio.wav", self._audio),
            ("POST", "calls/{sid}/hang-up", self._hang_up),
            *self.own_doors(),
        ]
        return [Route(self._root + path, guarded(door), methods=[method]) for method, path, door in doors]

    async def _health(self, request: Request) -> Response:
        running = sum(not call.finished.is_set() for call in self._calls().values())
        return JSONResponse({"ready": True, "carriers": list(self._carriers), "running_calls": running})

    async def _ledger(self, request: Request) -> Response:
        return JSONResponse(self._carrier_world.ledger.as_json())

    async def _set_faults(self, request: Request) -> Response:
        """``refuse_next_requests``, or ``rest``: a list of what goes wrong with the next requests."""
        given = await object_in(request)
        planned = [parse_rest_fault(row, self._rest_doors) for row in given.get("rest", ())]
        for name in given.keys() - {"rest", "refuse_next_requests"}:
            self.set_fault(name, given[name])
        if "refuse_next_requests" in given:
            self._carrier_world.refuse_next_requests = int(given["refuse_next_requests"])
        for door, fault, times in planned:
            self._carrier_world.rest_faults.add(door, fault, times)
        return JSONResponse(dict(given))

    async def _list(self, request: Request) -> Response:
        calls = self._calls().values()
        return JSONResponse({"calls": [{"call_sid": call.sid, "status": call.status} for call in calls]})

    async def _result(self, request: Request) -> Response:
        return JSONResponse(self._result_of(self._call(request)))

    async def _events(self, request: Request) -> Response:
        return StreamingResponse(lines_of(self._call(request)), media_type="application/x-ndjson")

    async def _audio(self, request: Request) -> Response:
        return Response(self._call(request).media.wav(), media_type="audio/wav")

    async def _hang_up(self, request: Request) -> Response:
        call = self._call(request)
        call.end("caller_hung_up")
        return JSONResponse({"call_sid": call.sid, "status": call.status})

    def _call(self, request: Request) -> CarriedCall:
        sid, calls = request.path_params["sid"], self._calls()
        if sid not in calls:
            raise LookupError(f"no such call: {sid}")
        return calls[sid]
