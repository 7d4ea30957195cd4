"""How a simulated leg goes: rung or dialled, answered, streamed, ended, and told."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any

from patter.carriers.telnyx.commands import DETECTION
from patter.simulators.caller import Caller
from patter.simulators.facts import Fact
from patter.simulators.handset import Handset
from patter.simulators.line import PhoneLine
from patter.simulators.telnyx.leg import Leg
from patter.simulators.telnyx.media import CannotStream, MediaStream, open_socket
from patter.simulators.telnyx.plan import StreamPlan
from patter.simulators.telnyx.stream_side import Ids, StreamSide
from patter.simulators.telnyx.webhooks import Postman, Webhooks
from patter.simulators.telnyx.world import new_id

INITIATED_AFTER_S = 0.01
FIRST_COMMAND_WITHIN_S = 30.0
WEBHOOK_PATIENCE_S = 8.0
ENDINGS = {
    "busy": ("user_busy", "486"),
    "declined": ("call_rejected", "603"),
    "not-found": ("not_found", "404"),
    "failed": ("unspecified", "500"),
}


class Flow:
    """One leg on its way. What is public here is what commands use."""

    def __init__(self, leg: Leg, webhooks: Webhooks, max_call_s: float) -> None:
        self.leg = leg
        self.postman = Postman(leg, webhooks)
        self.streaming: asyncio.Task[None] | None = None
        self.gathering: asyncio.Task[None] | None = None
        self.transcribes = False
        self._limit_s = min(leg.order.time_limit_s, max_call_s)
        self._beside: set[asyncio.Task[None]] = set()
        self._lingering: list[asyncio.Task[None]] = []
        self._started_at = datetime.now(UTC).isoformat()
        self._failures_left = leg.order.faults.socket_fails

    async def run(self) -> None:
        """The whole leg, up to its last webhook."""
        leg = self.leg
        phases = self.beside(self._phases())
        try:
            await asyncio.wait_for(leg.over.wait(), self._limit_s)
        except TimeoutError:
            leg.end("time_limit", "time_limit", "unknown", "unspecified")
        finally:
            leg.end("shutdown")
            phases.cancel()
            await self._finish()

    # -- what commands use ----------------------------------------------------------------------

    def beside(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Work that goes on next to the leg and ends with it."""
        task = asyncio.create_task(work)
        self._beside.add(task)
        task.add_done_callback(self._blame)
        return task

    def tell(self, kind: str, **more: Any) -> None:
        self.postman.tell(kind, **more)

    def answer(self) -> None:
        """Somebody picks up. From here on the handset's clock runs."""
        leg = self.leg
        leg.answered_ms, leg.state = leg.now_ms(), "answered"
        leg.answered.set()
        leg.note("status", status="answered")
        leg.handset = Handset(
            Caller(leg.order.clips),
            PhoneLine(leg.order.phone.profile),
            leg.media,
            on_fact=self._told_by_caller,
            on_hang_up=lambda: leg.end("caller_hung_up", source=self._far_end()),
        )
        self.beside(leg.handset.run())
        self.tell("call.answered", state="answered", start_time=self._started_at)
        if leg.order.detection != "disabled" and leg.order.phone.machine:
            self.beside(self._detect())

    def start_stream(self, plan: StreamPlan) -> None:
        self.leg.streaming = plan
        self.streaming = self.beside(self._stream(plan))

    async def stop_stream(self) -> None:
        """The carrier ends the stream, and the call goes on."""
        streaming, self.streaming = self.streaming, None
        self.leg.streaming = None
        if streaming is not None:
            await _cancelled(streaming)

    # -- phases ---------------------------------------------------------------------------------

    async def _phases(self) -> None:
        leg = self.leg
        await asyncio.sleep(INITIATED_AFTER_S)
        leg.note("status", status=leg.state)
        if leg.order.direction == "incoming":
            await self._rung()
        else:
            await self._dialled()

    async def _rung(self) -> None:
        leg, order = self.leg, self.leg.order
        self.tell(
            "call.initiated",
            direction="incoming",
            state="parked",
            start_time=self._started_at,
            caller_id_name=order.from_,
            connection_codecs="PCMU,PCMA",
            offered_codecs=order.faults.leg_codec,
            custom_headers=list(order.custom_headers),
            shaken_stir_attestation="A",
            tags=[],
        )
        try:
            await asyncio.wait_for(leg.answer_asked.wait(), FIRST_COMMAND_WITHIN_S)
        except TimeoutError:
            leg.end("never_answered", "originator_cancel", "caller", "487")
            return
        self.answer()

    async def _dialled(self) -> None:
        leg, order = self.leg, self.leg.order
        phone = order.phone
        self.tell("call.initiated", direction="outgoing", state="bridging", start_time=self._started_at)
        if order.application.account.limit_by_hangup:
            leg.end("limited", "call_rejected", "unknown", "403")
            return
        silent = phone.behaviour == "no-answer" or phone.answer_after_s > order.ring_timeout_s
        await asyncio.sleep(order.ring_timeout_s if silent else phone.answer_after_s)
        if silent:
            leg.end("no_answer", "timeout", "unknown", "487")
        elif phone.behaviour in ENDINGS:
            hangup, sip = ENDINGS[phone.behaviour]
            leg.end(phone.behaviour, hangup, "callee", sip)
        else:
            self.answer()

    async def _detect(self) -> None:
        """What answering machine detection tells, after the call was answered."""
        phone, premium = self.leg.order.phone, self.leg.order.detection.startswith("premium")
        prefix = "call.machine.premium" if premium else "call.machine"
        verdicts = {"human": "human_residence" if premium else "human", "not-sure": "not_sure"}
        await asyncio.sleep(phone.machine_after_s)
        if phone.machine == "screening":
            if self.leg.order.detection == DETECTION:
                self.tell(f"{prefix}.call_screening.detected")
            return
        if phone.machine != "beep-only":
            self.tell(f"{prefix}.detection.ended", result=verdicts.get(phone.machine, "machine"))
        if phone.machine in ("machine-beep", "beep-only"):
            await asyncio.sleep(phone.machine_after_s)
            self.tell(f"{prefix}.greeting.ended", result="beep_detected")

    async def _finish(self) -> None:
        leg = self.leg
        cause, source, sip = leg.hangup
        await self.stop_stream()
        for task in list(self._beside):
            await _cancelled(task)
        quality = {"inbound": {"mos": "4.50", "packet_count": "1"}, "outbound": {"packet_count": "1"}}
        self.tell(
            "call.hangup",
            state="hangup",
            hangup_cause=cause,
            hangup_source=source,
            sip_hangup_cause=sip,
            start_time=self._started_at,
            call_quality_stats=quality,
        )
        if leg.recording_id:
            more = {
                "channels": "dual",
                "format": "wav",
                "recording_urls": {},
                "recording_id": leg.recording_id,
            }
            self.tell("call.recording.saved", **more)
        await self.postman.close(WEBHOOK_PATIENCE_S)
        await asyncio.gather(*self._lingering, return_exceptions=True)
        leg.finish()

    # -- the stream -----------------------------------------------------------------------------

    async def _stream(self, plan: StreamPlan) -> None:
        """Media sockets, one after the other, until the application or the call ends them."""
        again = True
        while again:
            again = await self._one_socket(plan)
        self.leg.streaming = None

    async def _one_socket(self, plan: StreamPlan) -> bool:
        """One socket from its upgrade to its end. Whether the carrier opens it again by itself."""
        leg, faults, handset = self.leg, self.leg.order.faults, self.leg.handset
        assert handset is not None, "a stream before the answer"
        stream_id = new_id()
        try:
            self._maybe_fail()
            socket = await open_socket(plan)
        except CannotStream as error:
            leg.note("stream_failed", reason=str(error))
            params = {"stream_url": plan.url, "track": "inbound_track"}
            more = {"stream_id": stream_id, "stream_type": "websocket", "stream_params": params}
            self.tell("streaming.failed", failure_reason=str(error), **more)
            return False
        ids = Ids(
            stream_id,
            leg.id,
            leg.session_id,
            leg.order.from_,
            leg.order.to,
            leg.client_state,
            plan.parameters,
        )
        side = StreamSide(
            ids,
            plan,
            echo_marks=not faults.marks_never_echoed,
            echo_on_clear=not faults.marks_lost_on_clear,
            parameters_as_list=faults.parameters_as_list,
            big_endian=faults.big_endian,
        )
        stream = MediaStream(socket, side, leg, handset.now_ms)
        leg.note("stream_started", stream_id=stream_id)
        self.tell("streaming.started", stream_url=plan.url, stream_id=stream_id)
        stream.greet()
        handset.ear = stream
        try:
            await stream.run()
        except asyncio.CancelledError:
            handset.ear = None
            await stream.leave()
            if faults.stop_without_close:
                self._lingering.append(asyncio.create_task(stream.linger()))
            raise
        finally:
            handset.ear = None
            stream.settle()
            leg.note("stream_stopped", stream_id=stream_id, **leg.media.counts)
            self.tell("streaming.stopped", stream_url=plan.url, stream_id=stream_id)
        return stream.lost and faults.reconnects and not leg.is_over

    def _maybe_fail(self) -> None:
        if self._failures_left > 0:
            self._failures_left -= 1
            raise CannotStream("connection_failed")

    # -- parts ----------------------------------------------------------------------------------

    def _far_end(self) -> str:
        return "caller" if self.leg.order.direction == "incoming" else "callee"

    def _blame(self, task: asyncio.Task[None]) -> None:
        """A fault of the simulator itself must end the call and say so, not look like a silent one."""
        self._beside.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self.leg.note("simulator_failed", error=repr(error))
            self.leg.end("simulator_failed", "unspecified", "unknown", "500")

    def _told_by_caller(self, fact: Fact) -> None:
        leg = self.leg
        leg.write(Fact(fact.kind, fact.at_ms + (leg.answered_ms or 0), fact.data))
        if fact.kind == "digit":
            # Keys are told twice: here and on the media socket.
            self.tell("call.dtmf.received", digit=fact.data["digit"])
        elif fact.kind == "said" and self.transcribes:
            self.beside(self._transcribe(fact))

    async def _transcribe(self, fact: Fact) -> None:
        """Words are read from the script of whoever says them: this carrier has no ears of its own."""
        await asyncio.sleep(fact.data["duration_ms"] / 1000)
        heard = {"transcript": fact.data["text"], "confidence": 0.9, "transcription_track": "inbound"}
        for is_final in (False, True):
            self.tell("call.transcription", transcription_data={**heard, "is_final": is_final})


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError, Exception):
        await task
