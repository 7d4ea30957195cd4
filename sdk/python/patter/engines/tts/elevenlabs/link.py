"""ElevenLabs as a Tts port: one socket for a call, opened with its first word, one context for a chunk."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from patter.audio.frames import ms_of
from patter.bridge.events import TtsAudio, TtsDone, TtsFailed, WordTime
from patter.bridge.plan import ProviderSpec
from patter.bridge.ports import Emit
from patter.engines import options as read
from patter.engines.tts.containers import container_of
from patter.engines.tts.elevenlabs.line import KEEP_ALIVE_S, PROVIDER, Heard, Line, open_line
from patter.engines.tts.elevenlabs.settings import settings_of
from patter.engines.tts.elevenlabs.wire import Audio, Final, Trouble
from patter.engines.tts.elevenlabs.words import Words
from patter.engines.tts.whole_ms import WholeMs
from patter.errors import ConfigError, EngineError


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds: until the first audio of a chunk, between two pieces of it, and between signs of life."""

    first_s: float = 2.0
    stall_s: float = 3.0
    keep_alive_s: float = KEEP_ALIVE_S


class ElevenLabsTts:
    """Options are told in ``settings.py``. Raises ConfigError when the choice cannot work."""

    def __init__(self, spec: ProviderSpec, deadlines: Deadlines | None = None) -> None:
        if not (key := read.key_of(spec, "ElevenLabs")):
            raise ConfigError("ElevenLabs needs an API key; store one as a provider credential")
        self._api_key, self._base_url = key, spec.base_url
        self._settings = settings_of(spec)
        self._deadlines = deadlines or Deadlines()
        self._line: Line | None = None
        self._opening = asyncio.Lock()

    async def say(self, say_id: str, text: str, emit: Emit) -> None:
        """Emit the audio of a text with its words' times, then ``TtsDone`` or ``TtsFailed``."""
        if not text.strip():
            emit(TtsDone(say_id))
            return
        chunk = _Chunk(say_id, text, emit)
        try:
            kept = await self._speak(chunk)
            if not kept and not chunk.spoke:
                # The socket of an earlier chunk was closed from afar: that is no failure yet.
                await self._speak(chunk)
            if chunk.trouble is not None:
                raise EngineError(PROVIDER, chunk.trouble.error, permanent=chunk.trouble.permanent)
            emit(TtsDone(say_id))
        except EngineError as error:
            emit(TtsFailed(say_id, str(error), error.permanent))
        except TimeoutError:
            late = "the audio stopped in the middle" if chunk.spoke else "no audio in time"
            emit(TtsFailed(say_id, f"{PROVIDER}: {late}"))

    async def close(self) -> None:
        """Close the socket, at the end of the call."""
        line, self._line = self._line, None
        if line is not None:
            await line.close()

    async def _speak(self, chunk: _Chunk) -> bool:
        """False when the socket was an old one, and lost."""
        before = self._line
        line = await self._connected()
        chunk.try_again()
        try:
            await self._listen(chunk, line)
        except TimeoutError:
            if self._line is line:  # a socket that went silent is not trusted with the next chunk
                self._line = None
                await line.close()
            raise
        return chunk.trouble is None or chunk.trouble.permanent or line is not before

    async def _listen(self, chunk: _Chunk, line: Line) -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self._deadlines.first_s) as deadline:
            async with line.speak(chunk.text) as heard:
                while chunk.take(await heard.get()):
                    deadline.reschedule(loop.time() + self._deadlines.stall_s)

    async def _connected(self) -> Line:
        async with self._opening:
            if self._line is None or self._line.lost is not None:
                await self.close()
                self._line = await open_line(
                    self._base_url,
                    self._api_key,
                    self._settings,
                    keep_alive_s=self._deadlines.keep_alive_s,
                )
            return self._line


class _Chunk:
    """One text on its way to audio. ``trouble`` is how it ended, when it did not end well."""

    def __init__(self, say_id: str, text: str, emit: Emit) -> None:
        self.say_id, self.text, self.emit = say_id, text.strip(), emit
        self.spoke = False
        self.trouble: Trouble | None = None
        self._words = Words(text)
        self._waiting: tuple[WordTime, ...] = ()
        self._whole = WholeMs()
        self._bytes = 0

    def try_again(self) -> None:
        """What went wrong before does not count for this socket."""
        self.trouble = None

    def take(self, heard: Heard) -> bool:
        """Whether more is to come."""
        match heard:
            case Audio(_, payload, alignment):
                if not self._bytes and (container := container_of(payload)):
                    error = f"{container} came where raw µ-law was asked for"
                    self.trouble = Trouble(error, permanent=True)
                    return False
                self._waiting += self._words.feed(alignment, ms_of(self._bytes))
                self._bytes += len(payload)
                self._play(self._whole.feed(payload))
                return True
            case Final():
                self._play(self._whole.flush())
                if not self.spoke:
                    self.trouble = Trouble("no audio came", permanent=False)
            case Trouble():
                self.trouble = heard
        return False

    def _play(self, payload: bytes) -> None:
        if payload:
            self.spoke = True
            self.emit(TtsAudio(self.say_id, payload, self._waiting))
            self._waiting = ()
