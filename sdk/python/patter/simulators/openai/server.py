"""The simulated OpenAI as one server on loopback."""

from __future__ import annotations

import asyncio
import hmac
import json
import secrets
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute

from patter.audio.frames import SAMPLE_RATE_HZ
from patter.audio.mulaw import to_pcm16
from patter.audio.resample import Resampler
from patter.audio.wav import PCM, header
from patter.engines.catalogue.openai import MODELS
from patter.simulators.fault_plan import CutError, Fault, FaultPlan
from patter.simulators.loopback import LoopbackServer
from patter.simulators.openai import refusals
from patter.simulators.openai.chat_rules import read_question
from patter.simulators.openai.chunks import chunks_of, completion_of
from patter.simulators.openai.forms import read_form
from patter.simulators.openai.hearing import HearFn, Scripted
from patter.simulators.openai.realtime import RealtimeDoor
from patter.simulators.openai.refusals import RefusalError
from patter.simulators.openai.script import Answer, AnswerFn, Question, echo
from patter.simulators.openai.speech_rules import Reading, read_reading
from patter.simulators.openai.transcription_rules import Recording, read_recording
from patter.simulators.voice import ToneVoice, Voice

API_KEY = "sk-simulated"
PCM_HZ = 24_000
PIECE_BYTES = 4800
SOUND_BYTES = 1600
PATHS = {
    "chat": "/v1/chat/completions",
    "transcriptions": "/v1/audio/transcriptions",
    "speech": "/v1/audio/speech",
}


class OpenAiServer:
    """Use as ``async with OpenAiServer() as server``; ``server.base_url`` ends with ``/v1``.

    Args:
        answer: what the model says; may be changed while the server runs.
        hear: how transcriptions come to their words; ``Scripted`` by default.
        voice: the sound of speech; a tone by default.
        api_key: the only key that is let in.
        port: 0 takes a free one.
    """

    def __init__(
        self,
        answer: AnswerFn = echo,
        *,
        hear: HearFn | None = None,
        voice: Voice | None = None,
        api_key: str = API_KEY,
        port: int = 0,
    ) -> None:
        self.answer = answer
        self.hear: HearFn = hear or Scripted()
        self.voice: Voice = voice or ToneVoice()
        self.api_key = api_key
        self.faults = FaultPlan()
        self.questions: list[Question] = []
        self.recordings: list[Recording] = []
        self.readings: list[Reading] = []
        self.requests: Counter[str] = Counter()
        """How often each door was knocked at, refused or not."""
        self.connections: set[tuple[str, int]] = set()
        self.answering = 0
        """Answers that are on their way now: none after a client has left."""
        self._over = asyncio.Event()
        doors = {"chat": self._chat, "transcriptions": self._transcriptions, "speech": self._speech}
        routes = [
            Route(PATHS[name], self._door(name, door), methods=["POST"]) for name, door in doors.items()
        ]
        self.realtime = RealtimeDoor(self, self._over)
        more = [Route("/v1/models", self._models), WebSocketRoute("/v1/realtime", self.realtime.enter)]
        self._server = LoopbackServer(Starlette(routes=[*routes, *more]), port)

    async def __aenter__(self) -> OpenAiServer:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()

    @property
    def base_url(self) -> str:
        return f"{self._server.base_url}/v1"

    async def start(self) -> None:
        """Returns when the server answers. Raises OSError when the port is taken."""
        Resampler(SAMPLE_RATE_HZ, PCM_HZ)  # the first one of a process is slow
        await self._server.start()

    async def stop(self) -> None:
        self._over.set()
        await self._server.stop()

    # -- every door -----------------------------------------------------------------------------

    def _door(
        self, name: str, door: Callable[[Request, Fault], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def enter(request: Request) -> Response:
            self.requests[name] += 1
            if request.client is not None:
                self.connections.add((request.client.host, request.client.port))
            fault = self.faults.take(name)
            await self._wait(request, fault)
            try:
                self._check_key(request)
                if fault.status:
                    raise refusals.planned(fault.status, fault.code)
                return await door(request, fault)
            except RefusalError as refusal:
                return _refused(refusal, fault.retry_after_s)

        return enter

    def _check_key(self, request: Request) -> None:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(key.encode(), self.api_key.encode()):
            raise refusals.planned(401, "")

    async def _wait(self, request: Request, fault: Fault) -> None:
        if fault.late_s:
            await asyncio.sleep(fault.late_s)
        if fault.silent:
            left = asyncio.create_task(_left(request))
            over = asyncio.create_task(self._over.wait())
            await asyncio.wait([left, over], return_when=asyncio.FIRST_COMPLETED)
            for task in (left, over):
                task.cancel()

    async def _stream(self, pieces: AsyncIterator[bytes], fault: Fault) -> AsyncIterator[bytes]:
        """An answer's body with what goes wrong in it."""
        self.answering += 1
        try:
            count = 0
            async for piece in pieces:
                if fault.cut_after == count:
                    raise CutError
                if fault.stall_after == count:
                    await self._over.wait()
                yield piece
                count += 1
                await asyncio.sleep(0)
        finally:
            self.answering -= 1

    # -- the doors ------------------------------------------------------------------------------

    async def _models(self, request: Request) -> Response:
        try:
            self._check_key(request)
        except RefusalError as refusal:
            return _refused(refusal, None)
        rows: list[dict[str, Any]] = []
        for model in MODELS:
            row: dict[str, Any] = {"id": model.id, "object": "model", "created": 0, "owned_by": "openai"}
            if model.ends_on is not None:
                row["shutdown_date"] = model.ends_on
            rows.append(row)
        return JSONResponse({"object": "list", "data": rows})

    async def _chat(self, request: Request, fault: Fault) -> Response:
        question = read_question(await request.body(), _ids("llm"))
        self.questions.append(question)
        answered = self.answer(question)
        answer = Answer(answered) if isinstance(answered, str) else answered
        if fault.empty:
            answer = Answer()
        completion_id, created = f"chatcmpl-{secrets.token_hex(8)}", int(time.time())
        if not question.body.get("stream"):
            return JSONResponse(completion_of(answer, question, completion_id, created))
        events = self._events(answer, question, completion_id, created, fault)
        return StreamingResponse(self._stream(events, fault), media_type="text/event-stream")

    async def _events(
        self, answer: Answer, question: Question, completion_id: str, created: int, fault: Fault
    ) -> AsyncIterator[bytes]:
        if fault.garbage:
            yield b'data: {"choices": [\n\n'
        for chunk in chunks_of(answer, question, completion_id, created):
            yield b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + b"\n\n"
        if not fault.no_end:
            yield b"data: [DONE]\n\n"

    async def _transcriptions(self, request: Request, fault: Fault) -> Response:
        form = read_form(request.headers.get("content-type", ""), await request.body())
        recording = read_recording(form, _ids("stt"))
        self.recordings.append(recording)
        text = "" if fault.empty else await self.hear(recording)
        if fault.garbage:
            return PlainTextResponse("{oops", media_type="application/json")
        if recording.stream:
            events = _transcript_events(text, recording)
            return StreamingResponse(self._stream(events, fault), media_type="text/event-stream")
        if recording.response_format == "text":
            return PlainTextResponse(text + "\n")
        usage = {"type": "duration", "seconds": -(-recording.duration_ms // 1000)}
        body = json.dumps({"text": text, "usage": usage}).encode()
        return StreamingResponse(self._stream(_halves(body), fault), media_type="application/json")

    async def _speech(self, request: Request, fault: Fault) -> Response:
        reading = read_reading(await request.body(), _ids("tts"))
        if reading.response_format not in ("pcm", "wav"):
            raise RefusalError(400, "The simulated voice speaks pcm and wav only.", param="response_format")
        self.readings.append(reading)
        sound = b"" if fault.empty else await self.voice.speak(reading.text)
        as_file = fault.wrong_format or reading.response_format == "wav"
        pieces = _pieces(_pcm(sound, reading.speed, as_file), fault.piece_bytes or PIECE_BYTES)
        return StreamingResponse(
            self._stream(pieces, fault), media_type="audio/wav" if as_file else "audio/pcm"
        )


async def _left(request: Request) -> None:
    """Returns when the client has gone."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _pcm(sound: bytes, speed: float, as_file: bool) -> Iterator[bytes]:
    """µ-law as PCM at 24 kHz, made as it is fetched: nobody waits for the end of a long text."""
    if as_file:
        size = int(len(sound) * 2 * PCM_HZ / SAMPLE_RATE_HZ / speed)
        yield header(size, channels=1, encoding=PCM, rate_hz=PCM_HZ)
    if sound:
        resampler = Resampler(SAMPLE_RATE_HZ, int(PCM_HZ / speed))
        for at in range(0, len(sound), SOUND_BYTES):
            yield resampler.feed(to_pcm16(sound[at : at + SOUND_BYTES]))
        yield resampler.flush()


async def _pieces(data: Iterator[bytes], size: int) -> AsyncIterator[bytes]:
    """The same bytes in pieces of one size; the last may be smaller."""
    rest = b""
    for more in data:
        rest += more
        while len(rest) >= size:
            yield rest[:size]
            rest = rest[size:]
    if rest:
        yield rest


async def _halves(data: bytes) -> AsyncIterator[bytes]:
    """Two pieces, so that an answer can be cut in the middle."""
    yield data[: len(data) // 2]
    yield data[len(data) // 2 :]


async def _transcript_events(text: str, recording: Recording) -> AsyncIterator[bytes]:
    for word in text.split():
        yield _event({"type": "transcript.text.delta", "delta": f"{word} "})
    usage = {"type": "duration", "seconds": -(-recording.duration_ms // 1000)}
    yield _event({"type": "transcript.text.done", "text": text, "usage": usage})
    yield b"data: [DONE]\n\n"


def _event(data: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(data).encode() + b"\n\n"


def _ids(kind: str) -> set[str]:
    return {model.id for model in MODELS if model.kind == kind}


def _refused(refusal: RefusalError, retry_after_s: float | None) -> Response:
    headers = {"x-request-id": f"req_{secrets.token_hex(8)}"}
    if retry_after_s is not None:
        headers["retry-after"] = f"{retry_after_s:g}"
    return JSONResponse(refusal.as_json(), refusal.status, headers)
