"""Speak v1 (Aura): Speak, Flush, Clear, Close; audio faster than it is played."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any

from patter.audio.frames import bytes_of, ms_of
from patter.simulators.deepgram.session import Line, Over, control
from patter.simulators.voice import Voice

MOST_CHARACTERS = 2000
MOST_FLUSHES, FLUSH_WINDOW_S = 20, 60.0
CHUNK_BYTES = bytes_of(100)
WAV_START = b"RIFF\xff\xff\xff\xffWAVEfmt "


class SpeakV1:
    """One socket. ``speed`` is how many times faster than played audio is made."""

    def __init__(self, line: Line, voice: Voice, speed: float) -> None:
        self._line = line
        self._voice = voice
        self._speed = speed
        self._text = ""
        self._flushes: deque[float] = deque()
        self._sequence = 0
        self._waiting: asyncio.Queue[str] = asyncio.Queue()
        self._talking: asyncio.Task[None] | None = None
        self._begun = False

    async def run(self) -> None:
        """Until the client closes the socket. Raises Over."""
        self._line.say(self._metadata())
        self._talking = asyncio.create_task(self._talk())
        try:
            while True:
                message = await self._received()
                if isinstance(message, bytes):
                    raise Over(1003, "MESSAGE-0000: the message is not text")
                self._line.trouble()
                await self._control(control(message))
        finally:
            await self._hush()

    async def _received(self) -> str | bytes:
        """The client's next message, unless talking ends the connection first."""
        reading = asyncio.ensure_future(self._line.receive(times_out=False))
        try:
            while True:
                talking = self._talking
                assert talking is not None
                await asyncio.wait({reading, talking}, return_when=asyncio.FIRST_COMPLETED)
                if talking.done():
                    talking.result()
                if reading.done():
                    return reading.result()
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def _control(self, data: Any) -> None:
        match data:
            case {"type": "Speak", "text": str(text)}:
                self._text += text
                if len(self._text) > MOST_CHARACTERS:
                    raise Over(1008, "DATA-0001: the text has too many characters")
            case {"type": "Flush"}:
                self._flush()
            case {"type": "Clear"}:
                await self._clear()
            case {"type": "Close"}:
                await self._finish()
            case _:
                raise Over(1008, "DATA-0000: the message could not be decoded")

    def _flush(self) -> None:
        now = asyncio.get_running_loop().time()
        while self._flushes and now - self._flushes[0] > FLUSH_WINDOW_S:
            self._flushes.popleft()
        if len(self._flushes) >= MOST_FLUSHES:
            text = "Flush was sent too often; no more is done until the 60 s window has passed"
            self._line.say({"type": "Warning", "code": "EXCESSIVE_FLUSH", "description": text})
            return
        self._flushes.append(now)
        text, self._text = self._text, ""
        self._waiting.put_nowait(text)

    async def _clear(self) -> None:
        await self._hush()
        self._text, self._waiting = "", asyncio.Queue()
        for _ in range(self._line.faults.late_after_clear):
            self._line.say(b"\x10" * CHUNK_BYTES)
        self._line.say({"type": "Cleared", "sequence_id": self._next()})
        if self._line.faults.flushed_after_clear:
            self._line.say({"type": "Flushed", "sequence_id": self._next()})
        self._talking = asyncio.create_task(self._talk())

    async def _finish(self) -> None:
        if self._text:
            self._waiting.put_nowait(self._text)
        said = asyncio.ensure_future(self._waiting.join())
        talking = [self._talking] if self._talking is not None else []
        await asyncio.wait([said, *talking], return_when=asyncio.FIRST_COMPLETED, timeout=1)
        said.cancel()
        for task in talking:
            if task.done():
                task.result()
        raise Over(1000)

    async def _hush(self) -> None:
        if self._talking is not None:
            self._talking.cancel()
            await asyncio.gather(self._talking, return_exceptions=True)

    async def _talk(self) -> None:
        while True:
            await self._say(await self._waiting.get())
            self._line.say({"type": "Flushed", "sequence_id": self._next()})
            self._waiting.task_done()

    async def _say(self, text: str) -> None:
        faults = self._line.faults
        audio = await self._voice.speak(text) if text.strip() else b""
        if faults.first_audio_s:
            await asyncio.sleep(faults.first_audio_s)
        if faults.wrong_format and not self._begun:
            audio = WAV_START + audio
        self._begun = True
        size = faults.chunk_bytes or CHUNK_BYTES
        for at in range(0, len(audio), size):
            chunk = audio[at : at + size]
            self._line.say(chunk)
            self._line.session.spoken_ms = ms_of(at + len(chunk))
            self._line.check_drop(self._line.session.spoken_ms)
            if 0 < faults.stall_at_ms <= self._line.session.spoken_ms:
                await asyncio.Event().wait()
            await asyncio.sleep(ms_of(len(chunk)) / 1000 / self._speed)

    def _next(self) -> int:
        self._sequence += 1
        return self._sequence - 1

    def _metadata(self) -> dict[str, Any]:
        return {
            "type": "Metadata",
            "request_id": self._line.session.request_id,
            "model_name": self._line.session.query["model"][0],
            "model_version": "2026-07-01.0",
            "model_uuid": "00000000-0000-4000-8000-000000000002",
        }
