"""How a simulated call goes: dial or ring, fetch a document, run its verbs, end, tell."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import TypeVar
from uuid import uuid4

import httpx

from patter.audio.frames import BYTES_PER_MS
from patter.simulators.caller import Caller
from patter.simulators.carrier.ledger import Billed
from patter.simulators.facts import Fact
from patter.simulators.handset import Handset
from patter.simulators.line import PhoneLine
from patter.simulators.twilio.call import Call, Source
from patter.simulators.twilio.detection import listen
from patter.simulators.twilio.postman import Postman
from patter.simulators.twilio.trouble import TroubleError
from patter.simulators.twilio.twiml import Document, read_answer, read_document
from patter.simulators.twilio.webhooks import Fields, Webhooks, call_fields
from patter.simulators.twilio.world import World

T = TypeVar("T")
RunVerbs = Callable[["Flow", Document], Coroutine[None, None, Document | None]]

RINGS_AFTER_S = 0.01
CALLBACK_BUDGET_S = 15.0


class Flow:
    """One call on its way. ``run_verbs`` runs a document; it uses what is public here."""

    def __init__(
        self, call: Call, world: World, webhooks: Webhooks, run_verbs: RunVerbs, max_call_s: float
    ) -> None:
        self.call = call
        self.world = world
        self.postman = Postman(call, webhooks)
        self.handset: Handset | None = None
        self.lingering: list[asyncio.Task[None]] = []
        self._webhooks = webhooks
        self._run_verbs = run_verbs
        self._limit_s = min(call.order.time_limit_s, max_call_s)
        self._clock: asyncio.Task[None] | None = None
        self._replay: tuple[str, Fields] | None = None

    async def run(self) -> None:
        """The whole call, up to its last callback."""
        posting = asyncio.create_task(self.postman.run())
        try:
            await self._until_over()
        finally:
            self.call.end("shutdown")
            await self._finish(posting)

    # -- what verbs use -------------------------------------------------------------------------

    def answer(self) -> Handset:
        """Pick up, unless that happened already. From here on the handset's clock runs."""
        if self.handset is None:
            call = self.call
            call.answered_ms = call.now_ms()
            self._set_status("in-progress")
            self.handset = Handset(
                Caller(call.order.clips),
                PhoneLine(call.order.profile),
                call.media,
                on_fact=self._told_by_caller,
                on_hang_up=lambda: call.end("caller_hung_up"),
            )
            if call.order.detection.callback and call.order.phone:
                self.lingering.append(asyncio.create_task(self._detect_beside()))
            self._clock = asyncio.create_task(self.handset.run())
            self._clock.add_done_callback(self._blame)
        return self.handset

    async def fetch(self, source: Source, extra: Fields = ()) -> Document:
        """The document of an address, or of its fallback. Raises TroubleError."""
        if source.twiml:
            return self._noted(read_document(source.twiml.encode()))
        fields = [*call_fields(self.call), *extra]
        try:
            return await self._fetched(source.url, source.method, fields)
        except TroubleError as error:
            if not source.fallback_url:
                raise
            self.call.trouble(error.trouble)
            told = [("ErrorCode", str(error.trouble.code)), ("ErrorUrl", source.url)]
            return await self._fetched(source.fallback_url, "POST", [*fields, *told])

    # -- the phases -----------------------------------------------------------------------------

    async def _until_over(self) -> None:
        call = self.call
        phases = asyncio.create_task(self._phases())
        phases.add_done_callback(self._blame)
        over = asyncio.create_task(call.over.wait())
        try:
            done, _ = await asyncio.wait(
                {phases, over}, timeout=self._limit_s, return_when=asyncio.FIRST_COMPLETED
            )
            if not done:
                call.end("time_limit")
        finally:
            await _cancel(phases)
            await _cancel(over)
            if self._clock is not None:
                await _cancel(self._clock)

    async def _phases(self) -> None:
        call = self.call
        try:
            if call.order.direction == "outbound-api" and not await self._dialled():
                return
            if call.order.direction == "inbound":
                call.note("status", status="ringing")
            document = await self._first_document()
            await self._live(document)
            call.end("document_ended")
        except TroubleError as error:
            call.trouble(error.trouble)
            call.end("application_error", "completed" if call.answered_ms is not None else "failed")

    async def _dialled(self) -> bool:
        """Dial the phone; whether it was answered."""
        call, order = self.call, self.call.order
        await asyncio.sleep(order.queued_s)
        self._set_status("initiated", resource="queued")
        await asyncio.sleep(RINGS_AFTER_S)
        if order.behaviour == "failed":
            call.end("failed", "failed")
            return False
        self._set_status("ringing")
        if order.behaviour == "no-answer":
            await asyncio.sleep(order.ring_timeout_s)
            call.end("no_answer", "no-answer")
            return False
        if order.answer_after_s > order.ring_timeout_s:
            await asyncio.sleep(order.ring_timeout_s)
            call.end("no_answer", "no-answer")
            return False
        await asyncio.sleep(order.answer_after_s)
        if order.behaviour in ("busy", "declined"):
            call.end(order.behaviour, "busy")
            return False
        self.answer()
        return True

    async def _first_document(self) -> Document:
        """The voice webhook, with the faults that were ordered for it."""
        order, faults = self.call.order, self.call.order.faults
        if order.source.twiml:
            return await self.fetch(order.source)
        fields = [*call_fields(self.call), *await self._detected_first()]
        self._replay = (order.source.url, fields)
        await asyncio.sleep(faults.late_webhook_s)
        if faults.forged_webhook:
            await self._post_aside("forged", token="forged")
        extra = [field for field in fields if field[0] == "AnsweredBy"]
        if not faults.duplicate_webhook:
            return await self.fetch(order.source, extra)
        duplicate = asyncio.create_task(self._post_aside("duplicate"))
        try:
            return await self.fetch(order.source, extra)
        finally:
            await wait_quietly([duplicate])

    async def _detected_first(self) -> Fields:
        """Synchronous detection: nothing is fetched, and the callee hears nothing, until the verdict."""
        order = self.call.order
        if not order.detection.waits or order.phone is None:
            return []
        word, _ = await listen(order.detection, order.phone)
        self._note_verdict(word)
        return [("AnsweredBy", word)]

    async def _detect_beside(self) -> None:
        """Asynchronous detection: told when it is known, while the call goes its way."""
        order = self.call.order
        assert order.phone is not None
        listening = asyncio.create_task(listen(order.detection, order.phone))
        over = asyncio.create_task(self.call.over.wait())
        await asyncio.wait({listening, over}, return_when=asyncio.FIRST_COMPLETED)
        over.cancel()
        if not listening.done():
            listening.cancel()  # nobody is there any more to be told apart
            return
        word, took_ms = listening.result()
        self._note_verdict(word)
        fields = [
            ("AccountSid", order.account.account_sid),
            ("CallSid", self.call.sid),
            ("AnsweredBy", word),
            ("MachineDetectionDuration", str(took_ms)),
        ]
        self.postman.post(order.detection.callback, fields)

    def _note_verdict(self, word: str) -> None:
        self.call.answered_by = "machine" if word.startswith("machine") else word
        self.call.note("detected", answered_by=word)

    async def _live(self, document: Document | None) -> None:
        """Documents, one after the other, until one has nothing more to do."""
        call = self.call
        while document is not None:
            verbs = asyncio.create_task(self._run_verbs(self, document))
            replaced = asyncio.create_task(call.replaced.wait())
            try:
                await asyncio.wait({verbs, replaced}, return_when=asyncio.FIRST_COMPLETED)
                if not call.replaced.is_set():
                    document = await verbs
                    continue
            finally:
                await _cancel(verbs)
                await _cancel(replaced)
            call.replaced.clear()
            document = await self.fetch(call.replacement) if call.replacement else None

    async def _finish(self, posting: asyncio.Task[None]) -> None:
        call, postman = self.call, self.postman
        sip = "603" if call.cause == "declined" else _sip_code(call.status)
        extra = [("SipResponseCode", sip)]
        if call.status == "completed":
            minutes = -(-call.duration_s // 60)
            extra += [("CallDuration", str(call.duration_s)), ("Duration", str(minutes))]
        self.world.ledger.enter(self._billed())
        postman.status(call.status, extra)
        for recording in call.recordings.values():
            if recording.callback:
                postman.post(recording.callback, recording.fields(call, self.world.base_url))
        postman.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(posting, CALLBACK_BUDGET_S)
        if call.order.faults.replayed_webhook and self._replay:
            await self._post_aside("replayed")
        call.finish()
        await asyncio.gather(*self.lingering, return_exceptions=True)

    # -- parts ----------------------------------------------------------------------------------

    async def _fetched(self, url: str, method: str, fields: Fields) -> Document:
        token = self.call.order.account.auth_token
        began_ms = self.call.now_ms()
        answer = await self._webhooks.send(
            token,
            url,
            fields,
            method=method,
            idempotency=str(uuid4()),
            without_port=self.call.order.faults.wrong_port,
        )
        self.call.note(
            "webhook", about="voice", status=answer.status_code, took_ms=self.call.now_ms() - began_ms
        )
        return self._noted(_document(answer, url))

    def _noted(self, document: Document) -> Document:
        for trouble in document.troubles:
            self.call.trouble(trouble)
        self.call.note("document", verbs=[verb.tag for verb in document.verbs])
        return document

    async def _post_aside(self, about: str, token: str = "") -> None:
        """One more request of the voice webhook, whose document nobody runs."""
        source, order = self.call.order.source, self.call.order
        url, fields = self._replay or (source.url, call_fields(self.call))
        try:
            answer = await self._webhooks.send(token or order.account.auth_token, url, fields)
            self.call.note("webhook", about=about, status=answer.status_code, body=answer.text[:4000])
        except TroubleError as error:
            self.call.note("webhook", about=about, status=0, error=error.trouble.text)

    def _set_status(self, status: str, resource: str = "") -> None:
        self.call.status = resource or status
        self.call.note("status", status=status)
        self.postman.status(status)

    def _blame(self, task: asyncio.Task[None]) -> None:
        """A fault of the simulator itself must end the call and say so, not look like a silent one."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self.call.note("simulator_failed", error=repr(error))
            self.call.end("simulator_failed", "failed")

    def _told_by_caller(self, fact: Fact) -> None:
        self.call.write(Fact(fact.kind, fact.at_ms + (self.call.answered_ms or 0), fact.data))

    def _billed(self) -> Billed:
        call, order, counts = self.call, self.call.order, self.call.media.counts
        return Billed(
            call.sid,
            order.direction,
            call.duration_s,
            from_=order.from_,
            to=order.to,
            heard_ms=counts["caller_bytes_sent"] // BYTES_PER_MS,
            played_ms=counts["agent_bytes_played"] // BYTES_PER_MS,
            recorded_s=sum(recording.seconds(call) for recording in call.recordings.values()),
            detected=bool(order.detection.mode),
        )


def _document(answer: httpx.Response, url: str) -> Document:
    if answer.status_code >= 400:
        raise TroubleError(11200, f"answered with {answer.status_code}")
    return read_answer(answer.content, answer.headers.get("content-type", ""), url)


def _sip_code(status: str) -> str:
    return {"completed": "200", "busy": "486", "no-answer": "487", "canceled": "487"}.get(status, "500")


async def _cancel(task: asyncio.Task[T]) -> None:
    task.cancel()
    await wait_quietly([task])


async def wait_quietly(tasks: Sequence[Awaitable[object]]) -> None:
    await asyncio.gather(*tasks, return_exceptions=True)
