"""Phrases that were spoken beforehand and are said from memory: at once, and when every voice is down."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import fields

from patter.bridge.events import Event, TtsAudio, TtsDone, TtsFailed
from patter.bridge.plan import Phrases
from patter.bridge.ports import Emit, Tts
from patter.engines.pipeline.clean import Cleaner
from patter.engines.pipeline.sentences import Sentences
from patter.errors import EngineError

PIECE_BYTES = 8_000
"""1 s. In between others get their turn."""
RECORD_WITHIN_S = 20.0


def spoken_chunks(text: str) -> list[str]:
    """What a voice is asked to say when the system says this text: chunk by chunk, as a reply does."""
    sentences, cleaner = Sentences(), Cleaner()
    chunks = [*sentences.push(text), *sentences.flush()]
    return [spoken for chunk in chunks if (spoken := cleaner.clean(chunk))]


def chunks_of_phrases(phrases: Phrases, *, transfers: bool = False) -> list[str]:
    """The chunks of every phrase, each once. ``transfers``: the agent may put its callers through."""
    names = [field.name for field in fields(phrases)]
    texts = [str(getattr(phrases, name)) for name in names if transfers or not name.startswith("transfer")]
    return list(dict.fromkeys(chunk for text in texts for chunk in spoken_chunks(text)))


class PhrasebookTts:
    """Answers what is stored from memory, and leaves the rest to the voice behind it; meets ``Tts``."""

    def __init__(self, voice: Tts, stored: Mapping[str, bytes]) -> None:
        self._voice = voice
        self._stored = stored

    async def say(self, say_id: str, text: str, emit: Emit) -> None:
        """Emit the audio of a text, then ``TtsDone`` or ``TtsFailed``."""
        audio = self._stored.get(text)
        if not audio:
            await self._voice.say(say_id, text, emit)
            return
        for at in range(0, len(audio), PIECE_BYTES):
            emit(TtsAudio(say_id, audio[at : at + PIECE_BYTES]))
            await asyncio.sleep(0)
        emit(TtsDone(say_id))

    async def close(self) -> None:
        await self._voice.close()


async def record_phrase(voice: Tts, text: str, *, within_s: float = RECORD_WITHIN_S) -> bytes:
    """A chunk's whole audio, µ-law 8 kHz. Raises EngineError."""
    audio = bytearray()
    last: Event | None = None

    def take(event: Event) -> None:
        nonlocal last
        if isinstance(event, TtsAudio):
            audio.extend(event.payload)
        last = event

    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            await voice.say("phrase", text, take)
    if isinstance(last, TtsFailed):
        raise EngineError("voice", last.error, permanent=last.permanent)
    if not isinstance(last, TtsDone) or not audio:
        raise EngineError("voice", "a phrase was not spoken to its end", permanent=False)
    return bytes(audio)
