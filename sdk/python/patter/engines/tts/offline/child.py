"""The process that speaks: ``python -m patter.engines.tts.offline.child``. One utterance after the other."""

from __future__ import annotations

from queue import SimpleQueue
from threading import Thread

from patter.engines.child.pipe import Pipe
from patter.engines.child.wire import Message
from patter.engines.tts.offline.espeak import Espeak, Heard
from patter.engines.tts.offline.shape import Piece, Shaper


class Speaker:
    """Takes requests on one thread and speaks on the other, so that a cut reply stops at once."""

    def __init__(self, pipe: Pipe, espeak: Espeak) -> None:
        self._pipe, self._espeak = pipe, espeak
        self._requests: SimpleQueue[Message | None] = SimpleQueue()
        self._wanted: set[int] = set()

    def listen(self) -> None:
        """Read until the parent is gone."""
        while (messages := self._pipe.read()) is not None:
            for message in messages:
                if message.type == "say":
                    self._wanted.add(message.stream)
                    self._requests.put(message)
                elif message.type == "close":
                    self._wanted.discard(message.stream)
        self._wanted.clear()
        self._requests.put(None)

    def speak(self) -> None:
        """Answer requests until there are no more."""
        while (request := self._requests.get()) is not None:
            self._answer(request)
            self._wanted.discard(request.stream)

    def _answer(self, request: Message) -> None:
        stream, text = request.stream, str(request.head["text"])
        voices = [str(name) for name in request.head["voices"]]
        if not any(map(self._espeak.set_voice, voices)):
            self._pipe.say("failed", stream, error=f"espeak-ng has no voice {voices[0]!r}", permanent=True)
            return
        shaper = Shaper(text, self._espeak.rate_hz)

        def take(pcm: bytes, heard: list[Heard]) -> bool:
            for event in heard:
                shaper.word(event.audio_ms, event.position)
            self._send(stream, shaper.feed(pcm))
            return stream in self._wanted

        self._espeak.synthesise(
            text, rate_wpm=int(request.head["rate"]), pitch=int(request.head["pitch"]), take=take
        )
        self._send(stream, shaper.finish())
        self._pipe.say("done", stream)

    def _send(self, stream: int, pieces: list[Piece]) -> None:
        for piece in pieces:
            self._pipe.say("audio", stream, piece.payload, words=piece.words)


def main() -> None:
    speaker = Speaker(Pipe(), Espeak())
    Thread(target=speaker.listen, name="listen", daemon=True).start()
    speaker.speak()


if __name__ == "__main__":
    main()
