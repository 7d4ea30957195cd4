"""One leg of a simulated call: what was ordered, how it stands, what happened in it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from patter.carriers.telnyx.commands import decode_state
from patter.simulators.caller import Clip
from patter.simulators.handset import Handset
from patter.simulators.observed import ObservedCall
from patter.simulators.telnyx.faults import Faults
from patter.simulators.telnyx.recordings import Recording
from patter.simulators.telnyx.world import Application, Phone, new_control_id, new_id

UNSAID = object()
"""For a field that a webhook leaves out."""
SAME_COMMAND_FOR_S = 60.0


@dataclass(frozen=True, slots=True)
class Order:
    """A leg as it was asked for. ``clips`` is what the person at the far end does."""

    application: Application
    direction: str
    from_: str
    to: str
    clips: Sequence[Clip]
    phone: Phone
    webhook_url: str
    custom_headers: Sequence[dict[str, str]] = ()
    detection: str = "disabled"
    ring_timeout_s: float = 30.0
    time_limit_s: float = 120.0
    session_id: str = ""

    @property
    def faults(self) -> Faults:
        return self.phone.faults


class Leg(ObservedCall):
    """The facts of a leg, and what it was told.

    ``state`` is parked, dialling, answered or over. ``hangup`` is cause, source and SIP code of its end.
    """

    def __init__(self, order: Order, client_state: str | None = None) -> None:
        super().__init__()
        self.id = new_control_id()
        self.leg_id = new_id()
        self.session_id = order.session_id or new_id()
        self.order = order
        self.state = "parked" if order.direction == "incoming" else "dialling"
        self.client_state = client_state
        self.webhook_url = order.webhook_url
        self.hangup = ("", "", "")
        self.answer_asked = asyncio.Event()
        self.answered = asyncio.Event()
        self.handset: Handset | None = None
        self.streaming: Any = None
        self.sends_silence = False
        self.recordings: dict[str, Recording] = {}
        self.complaints: list[str] = []
        self._commands: dict[str, float] = {}

    # -- asked from outside ---------------------------------------------------------------------

    def end(
        self, cause: str, hangup: str = "normal_clearing", source: str = "caller", sip: str = "200"
    ) -> None:
        """The leg is over. The first cause counts."""
        if self.over.is_set():
            return
        self.cause, self.hangup = cause, (hangup, source, sip)
        self.state = "over"
        if self.answered_ms is not None:
            self.duration_s = max(1, -(-(self.now_ms() - self.answered_ms) // 1000))
        self.over.set()

    def is_repeated(self, command_id: str) -> bool:
        """Whether a command with this id came within the last minute; remembers it."""
        if not command_id:
            return False
        now = asyncio.get_running_loop().time()
        before, self._commands[command_id] = self._commands.get(command_id), now
        return before is not None and now - before < SAME_COMMAND_FOR_S

    @property
    def is_over(self) -> bool:
        return self.over.is_set()

    @property
    def recording(self) -> Recording | None:
        """The one that goes on."""
        return next((one for one in self.recordings.values() if one.ended_ms is None), None)

    @property
    def sid(self) -> str:
        """The word for it that both carriers' tests use."""
        return self.id

    @property
    def status(self) -> str:
        """As Twilio would say it, for clients that know both."""
        if not self.is_over:
            return {"parked": "ringing", "dialling": "queued"}.get(self.state, "in-progress")
        if self.answered_ms is not None:
            return "completed"
        words = {"user_busy": "busy", "timeout": "no-answer", "originator_cancel": "canceled"}
        return words.get(self.hangup[0], "failed")

    # -- told -------------------------------------------------------------------------------------

    def complain(self, text: str) -> None:
        """Something that the application did wrong."""
        self.complaints.append(text)
        self.note("trouble", code=0, text=text, message=text, level="error")

    def finish(self) -> None:
        self.note("ended", cause=self.cause, status=self.status, duration_s=self.duration_s)
        super().finish()

    async def ended(self, timeout_s: float = 90.0) -> Leg:
        """Wait for the end, with all its webhooks."""
        async with asyncio.timeout(timeout_s):
            await self.finished.wait()
        return self

    def payload(self, **more: Any) -> dict[str, Any]:
        """What every webhook about this leg says. ``UNSAID`` takes something away."""
        order = self.order
        said = {
            "call_control_id": self.id,
            "connection_id": order.application.connection_id,
            "call_leg_id": self.leg_id,
            "call_session_id": self.session_id,
            "client_state": self.client_state,
            "from": order.from_,
            "to": order.to,
            **more,
        }
        return {name: value for name, value in said.items() if value is not UNSAID}

    def told_state(self) -> str:
        """The application's own text in the state, for tests."""
        return decode_state(self.client_state)
