"""The door of ``/v1/realtime``: who is let in, and what was seen of every session."""

from __future__ import annotations

import asyncio
import hmac
from typing import Protocol

from starlette.responses import JSONResponse
from starlette.websockets import WebSocket

from patter.engines.catalogue.openai import MODELS
from patter.simulators.fault_plan import Fault, FaultPlan
from patter.simulators.openai import refusals
from patter.simulators.openai.hearing import HearFn
from patter.simulators.openai.realtime.moments import Moments
from patter.simulators.openai.realtime.session import Session
from patter.simulators.openai.refusals import RefusalError
from patter.simulators.openai.script import AnswerFn
from patter.simulators.voice import Voice

DOOR = "realtime"


class House(Protocol):
    """The server whose door this is."""

    answer: AnswerFn
    hear: HearFn
    voice: Voice
    api_key: str
    faults: FaultPlan


class RealtimeDoor:
    """``sessions`` holds every session that was let in, oldest first.

    ``faults`` of the server, under the name ``realtime``, are for the handshake: status, late_s, silent.
    ``moments`` are for what happens in a session.
    """

    def __init__(self, house: House, over: asyncio.Event) -> None:
        self._house = house
        self._over = over
        self.moments = Moments()
        self.sessions: list[Session] = []
        self.speed = 20.0
        """How many times faster than it is played audio is made."""
        self.late_deltas = 0
        """So many pieces of audio still come after a response was cancelled."""
        self.session_s: float | None = None
        """How long a session lives; None: longer than any test."""

    @property
    def open_sessions(self) -> list[Session]:
        return [session for session in self.sessions if not session.closed.is_set()]

    async def enter(self, socket: WebSocket) -> None:
        """One connection, from its handshake to its end."""
        fault = self._house.faults.take(DOOR)
        if fault.late_s:
            await asyncio.sleep(fault.late_s)
        try:
            model = self._admit(socket, fault)
        except RefusalError as refusal:
            await socket.send_denial_response(JSONResponse(refusal.as_json(), refusal.status))
            return
        await socket.accept()
        if "openai-beta" in socket.headers:
            await socket.close(4000, "invalid_request_error.beta_api_shape_disabled")
            return
        session = Session(self._house, self, socket, model, silent=fault.silent)
        self.sessions.append(session)
        await session.run(self._over)

    def _admit(self, socket: WebSocket, fault: Fault) -> str:
        """The model of the session. Raises RefusalError."""
        scheme, _, key = socket.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(key.encode(), self._house.api_key.encode()):
            raise refusals.planned(401, "")
        if fault.status:
            raise refusals.planned(fault.status, fault.code)
        model = socket.query_params.get("model", "")
        if unknown := sorted(set(socket.query_params) - {"model", "call_id", "intent"}):
            raise RefusalError(400, f"Unknown parameter: '{unknown[0]}'.", param=unknown[0])
        if model not in {known.id for known in MODELS if known.kind == "realtime"}:
            raise RefusalError(
                404, f"The model '{model}' does not exist.", code="model_not_found", param="model"
            )
        return model
