"""The offline recogniser as a Stt port. The listening is done by a child process that all calls share."""

from __future__ import annotations

import asyncio

from patter.audio.frames import bytes_of
from patter.bridge.events import SttClosed, SttEvent, SttFailed, SttHeard, SttOpened, SttSpeechStarted
from patter.bridge.plan import ProviderSpec
from patter.bridge.ports import Emit
from patter.engines.child.process import Child, Stream
from patter.engines.child.wire import Message
from patter.engines.stt.offline.phrases import Phrases
from patter.errors import ConfigError, EngineError

DEFAULT_ENDPOINTING_MS = 300

_BATCH_BYTES = bytes_of(40)
_EARLY_BYTES = bytes_of(2000)
_WAITING_BATCHES = 50
"""Two seconds. What a slow child has not read by then is dropped, the oldest first."""

CHILD = Child(
    "offline recogniser",
    "patter.engines.stt.offline.child",
    needs="pocketsphinx",
    extra="offline-voice",
)


class OfflineStt:
    """pocketsphinx on a closed list. Options: ``phrases`` (required) and ``endpointing_ms`` (100 to 3000)."""

    def __init__(self, spec: ProviderSpec) -> None:
        self._phrases = _phrases(spec)
        self._endpointing_ms = _endpointing_ms(spec)
        self._stream: Stream | None = None
        self._buffer = bytearray()

    async def run(self, stt_id: str, emit: Emit) -> None:
        """Listen until cancelled."""
        inbox: asyncio.Queue[Message] = asyncio.Queue()
        try:
            stream = CHILD.open(inbox.put_nowait)
        except EngineError as error:
            emit(SttFailed(stt_id, str(error), error.permanent))
            return
        stream.send("open", phrases=self._phrases, endpointing_ms=self._endpointing_ms)
        self._stream = stream
        try:
            while not isinstance(event := _event(stt_id, await inbox.get()), SttFailed):
                emit(event)
            emit(event)
        except asyncio.CancelledError:
            emit(SttClosed(stt_id))
            raise
        finally:
            self._stream = None
            stream.close()

    def send(self, payload: bytes) -> None:
        """Take audio. Two frames go to the child as one message."""
        self._buffer += payload
        if self._stream is None:
            del self._buffer[:-_EARLY_BYTES]
        elif len(self._buffer) >= _BATCH_BYTES:
            self._flush(self._stream)

    def finalize(self) -> None:
        """Ask for the final text of what was sent; it comes without ``end_of_turn``."""
        if self._stream is not None:
            self._flush(self._stream)
            self._stream.send("finalize")

    def _flush(self, stream: Stream) -> None:
        if self._buffer:
            stream.send("audio", bytes(self._buffer), limit=_WAITING_BATCHES)
            self._buffer.clear()


def _event(stt_id: str, message: Message) -> SttEvent:
    head = message.head
    match message.type:
        case "opened":
            return SttOpened(stt_id)
        case "speech":
            return SttSpeechStarted(stt_id)
        case "heard":
            return SttHeard(stt_id, str(head["text"]), bool(head["final"]), bool(head["end_of_turn"]))
        case "failed":
            return SttFailed(stt_id, str(head["error"]), bool(head["permanent"]))
        case _:
            return SttFailed(stt_id, "the offline recogniser's process died")


def _phrases(spec: ProviderSpec) -> list[str]:
    phrases = spec.options.get("phrases", [])
    if not isinstance(phrases, list | tuple) or not all(isinstance(phrase, str) for phrase in phrases):
        raise ConfigError("stt option 'phrases' is a list of sentences")
    Phrases(phrases)  # says now what the child would say in the middle of a call
    return list(phrases)


def _endpointing_ms(spec: ProviderSpec) -> int:
    value = spec.options.get("endpointing_ms", DEFAULT_ENDPOINTING_MS)
    if isinstance(value, bool) or not isinstance(value, int) or not 100 <= value <= 3000:
        raise ConfigError(f"stt option 'endpointing_ms' is a number from 100 to 3000, not {value!r}")
    return value
