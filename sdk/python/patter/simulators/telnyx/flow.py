"""How a simulated leg goes: rung or dialled, answered, streamed, ended, and told."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any

from patter.audio.frames import BYTES_PER_MS
from patter.simulators.caller import Caller
from patter.simulators.carrier.ledger import Billed
from patter.simulators.facts import Fact
from patter.simulators.handset import Handset
from patter.simulators.line import PhoneLine
from patter.simulators.telnyx.detection import webhooks_of
from patter.simulators.telnyx.leg import Leg
from patter.simulators.telnyx.media import CannotStream, MediaStream, open_socket
from patter.simulators.telnyx.plan import StreamPlan
from patter.simulators.telnyx.recordings import Recording
from patter.simulators.telnyx.stream_side import Ids, StreamSide
from patter.simulators.telnyx.webhooks import Postman, Webhooks
from patter.simulators.telnyx.world import World, new_id

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

    def __init__(self, leg: Leg, world: World, webhooks: Webhooks, max_call_s: float) -> None:
        self.leg = leg
        self.world = world
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

    def end_recording(self, recording: Recording) -> None:
        leg = self.leg
        recording.ended_ms = leg.now_ms()
        named = {} if leg.order.faults.unnamed_recordings else {"recording_id": recording.id}
        told = {**named, "channels": recording.channels}
        if leg.order.faults.recording_failed:
            del leg.recordings[recording.id]
            self.tell("call.recording.error", reason="internal_server_error", **told)
            return
        dead = leg.order.faults.expired_recording_links
        links = {recording.file_format: recording.link(self.world.base_url, dead_ones=dead)}
        self.tell("call.recording.saved", format=recording.file_format, recording_urls=links, **told)

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
        order, waited = self.leg.order, 0
        for told in webhooks_of(order.detection, order.phone.machine):
            await asyncio.sleep((told.steps - waited) * order.phone.machine_after_s)
            waited = told.steps
            self.tell(told.kind, result=told.result)

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
        if leg.recording is not None:
            self.end_recording(leg.recording)
        self.world.ledger.enter(self._billed())
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
        side = StreamSide(ids, plan, faults)
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
        if stream.moved:
            self._lingering.append(asyncio.create_task(stream.linger()))
        return (stream.moved or (stream.lost and faults.reconnects)) and not leg.is_over

    def _maybe_fail(self) -> None:
        if self._failures_left > 0:
            self._failures_left -= 1
            raise CannotStream("connection_failed")

    # -- parts ----------------------------------------------------------------------------------

    def _billed(self) -> Billed:
        leg, order, counts = self.leg, self.leg.order, self.leg.media.counts
        return Billed(
            leg.id,
            order.direction,
            leg.duration_s,
            from_=order.from_,
            to=order.to,
            heard_ms=counts["caller_bytes_sent"] // BYTES_PER_MS,
            played_ms=counts["agent_bytes_played"] // BYTES_PER_MS,
            recorded_s=sum(recording.seconds for recording in leg.recordings.values()),
            detected=order.detection != "disabled",
        )

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
