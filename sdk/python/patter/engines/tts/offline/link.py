"""The offline voice as a Tts port. The speaking is done by a child process that all calls share."""

from __future__ import annotations

import asyncio

from patter.bridge.events import TtsAudio, TtsDone, TtsFailed, WordTime
from patter.bridge.plan import ProviderSpec
from patter.bridge.ports import Emit
from patter.engines.child.process import Child
from patter.engines.child.wire import Message
from patter.errors import ConfigError, EngineError

DEFAULT_VOICE = "en-us"
DEFAULT_RATE_WPM = 175
DEFAULT_PITCH = 50

CHILD = Child(
    "offline voice",
    "patter.engines.tts.offline.child",
    needs="espeakng_loader",
    extra="offline-voice",
)


class OfflineTts:
    """espeak-ng. Options: ``rate`` (words per minute, 80 to 450) and ``pitch`` (0 to 99)."""

    def __init__(self, spec: ProviderSpec) -> None:
        self._voices = [spec.voice] if spec.voice else _voices_of(spec.language)
        self._rate = _whole(spec, "rate", DEFAULT_RATE_WPM, 80, 450)
        self._pitch = _whole(spec, "pitch", DEFAULT_PITCH, 0, 99)

    async def say(self, say_id: str, text: str, emit: Emit) -> None:
        """Emit the audio of a text, then ``TtsDone`` or ``TtsFailed``."""
        inbox: asyncio.Queue[Message] = asyncio.Queue()
        try:
            stream = CHILD.open(inbox.put_nowait)
        except EngineError as error:
            emit(TtsFailed(say_id, str(error), error.permanent))
            return
        try:
            stream.send("say", text=text, voices=self._voices, rate=self._rate, pitch=self._pitch)
            while (message := await inbox.get()).type == "audio":
                words = tuple(WordTime(*word) for word in message.head["words"])
                emit(TtsAudio(say_id, message.body, words))
            emit(_last(say_id, message))
        finally:
            stream.close()

    async def close(self) -> None:
        """Nothing is held open between chunks."""


async def speak(
    text: str, *, voice: str = DEFAULT_VOICE, rate: int = DEFAULT_RATE_WPM, pitch: int = DEFAULT_PITCH
) -> bytes:
    """A whole text as µ-law 8 kHz, for callers that are simulated. Raises EngineError."""
    audio = bytearray()
    failures: list[TtsFailed] = []

    def take(event: object) -> None:
        if isinstance(event, TtsAudio):
            audio.extend(event.payload)
        elif isinstance(event, TtsFailed):
            failures.append(event)

    spec = ProviderSpec("offline", voice=voice, options={"rate": rate, "pitch": pitch})
    await OfflineTts(spec).say("", text, take)
    if failures:
        raise EngineError("offline voice", failures[0].error, permanent=failures[0].permanent)
    return bytes(audio)


def _last(say_id: str, message: Message) -> TtsDone | TtsFailed:
    if message.type == "done":
        return TtsDone(say_id)
    if message.type == "failed":
        return TtsFailed(say_id, str(message.head["error"]), bool(message.head["permanent"]))
    return TtsFailed(say_id, "the offline voice's process died")


def _voices_of(language: str | None) -> list[str]:
    # espeak's plain "en" is British, and an agent's language is often just "en". Of "de-DE" it knows "de".
    code = (language or "en").lower()
    return [DEFAULT_VOICE] if code == "en" else [code, code.split("-")[0]]


def _whole(spec: ProviderSpec, name: str, default: int, least: int, most: int) -> int:
    value = spec.options.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise ConfigError(f"tts option {name!r} is a number from {least} to {most}, not {value!r}")
    return int(value)
