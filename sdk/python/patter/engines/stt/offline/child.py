"""The process that listens: ``python -m patter.engines.stt.offline.child``. All streams on one thread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy

from patter.engines.child.pipe import Pipe
from patter.engines.child.wire import Message
from patter.engines.stt.offline.decoder import Decoder, DecoderPool
from patter.engines.stt.offline.hearing import Hearing, Noise, Report, SpeechStarted
from patter.errors import ConfigError


@dataclass(frozen=True, slots=True)
class _Open:
    hearing: Hearing
    decoder: Decoder
    key: str


class Listener:
    """Streams by id. A stream that fails says so and leaves the others alone."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe
        self._pool = DecoderPool()
        self._noise = Noise(numpy)
        self._streams: dict[int, _Open] = {}

    def listen(self) -> None:
        """Work until the parent is gone."""
        while (messages := self._pipe.read()) is not None:
            for message in messages:
                self._take(message)

    def _take(self, message: Message) -> None:
        try:
            self._dispatch(message)
        except (ConfigError, RuntimeError, ValueError) as error:
            # Not given back: a decoder that failed is not used again.
            self._streams.pop(message.stream, None)
            permanent = isinstance(error, ConfigError)
            self._pipe.say("failed", message.stream, error=str(error), permanent=permanent)

    def _dispatch(self, message: Message) -> None:
        match message.type, self._streams.get(message.stream):
            case "open", None:
                self._open(message)
            case "audio", _Open(hearing=hearing):
                self._report(message.stream, hearing.feed(message.body))
            case "finalize", _Open(hearing=hearing):
                self._report(message.stream, hearing.finalize())
            case "close", _Open(hearing, decoder, key):
                del self._streams[message.stream]
                hearing.abandon()
                self._pool.give_back(key, decoder)

    def _open(self, message: Message) -> None:
        key, phrases, decoder = self._pool.take(list(message.head["phrases"]))
        hearing = Hearing(decoder, phrases, self._noise, endpointing_ms=int(message.head["endpointing_ms"]))
        self._streams[message.stream] = _Open(hearing, decoder, key)
        self._pipe.say("opened", message.stream)

    def _report(self, stream: int, reports: list[Report]) -> None:
        for report in reports:
            if isinstance(report, SpeechStarted):
                self._pipe.say("speech", stream)
            else:
                self._pipe.say(
                    "heard", stream, text=report.text, final=report.final, end_of_turn=report.end_of_turn
                )


def main() -> None:
    Listener(Pipe()).listen()


if __name__ == "__main__":
    main()
