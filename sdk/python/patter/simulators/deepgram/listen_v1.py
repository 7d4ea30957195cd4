"""Listen v1: interim and final results, speech_final, UtteranceEnd, Finalize, KeepAlive, CloseStream."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from patter.audio.frames import ms_of
from patter.simulators.deepgram.hearing import Recogniser, Sound, VoiceBegan, Words
from patter.simulators.deepgram.session import Line, Over, check_audio, control

DEFAULT_ENDPOINTING_MS = 10
NEVER_MS = 3_600_000
EMPTY_EVERY_MS = 1000
"""In silence there are results too, without words."""


class ListenV1:
    """One stream."""

    def __init__(self, line: Line, recogniser: Recogniser) -> None:
        self._line = line
        self._query = line.session.query
        self._ears = recogniser
        self._now_ms = 0
        self._answered_ms = 0
        self._last_word_ms: int | None = None
        self._finalizing = False
        self._held: list[str] = []

    async def run(self) -> None:
        """Until the client closes the stream. Raises Over."""
        self._ears.start(self._sound, self._endpointing_ms())
        try:
            while True:
                message = await self._line.receive()
                if isinstance(message, bytes):
                    self._audio(message)
                else:
                    self._control(control(message))
        finally:
            await self._ears.stop()

    def _endpointing_ms(self) -> int:
        [value] = self._query.get("endpointing", [str(DEFAULT_ENDPOINTING_MS)])
        return NEVER_MS if value == "false" else max(100, int(value))

    def _asked(self, name: str) -> bool:
        return self._query.get(name) == ["true"]

    # -- from the client --------------------------------------------------------------------------

    def _audio(self, payload: bytes) -> None:
        check_audio(payload, first=not self._now_ms)
        self._line.heard_something()
        self._line.trouble()
        self._now_ms += ms_of(len(payload))
        self._ears.feed(payload)
        self._utterance_end()
        if self._now_ms - self._answered_ms >= EMPTY_EVERY_MS:
            self._results(Words("", False, False, self._answered_ms, self._now_ms))
        self._line.check_drop(self._now_ms)

    def _control(self, data: Any) -> None:
        if self._now_ms:
            # Until there was audio, nothing else keeps the stream open.
            self._line.heard_something()
        match data:
            case {"type": "KeepAlive"}:
                pass
            case {"type": "Finalize"}:
                self._finalizing = True
                self._ears.finalize()
            case {"type": "CloseStream"}:
                self._finalizing = True
                self._ears.finalize()
                self._line.say(self._metadata())
                raise Over(1000)
            case {"type": "Configure"}:
                self._line.say({"type": "ConfigureSuccess"})
            case _:
                raise Over(1008, "DATA-0000: unknown message type")

    # -- to the client ----------------------------------------------------------------------------

    def _sound(self, sound: Sound) -> None:
        match sound:
            case VoiceBegan(at_ms) if self._asked("vad_events"):
                self._line.say({"type": "SpeechStarted", "channel": [0, 1], "timestamp": at_ms / 1000})
            case Words():
                self._words(sound)
            case _:
                pass

    def _words(self, words: Words) -> None:
        from_finalize = self._finalizing and words.final and not words.ended
        if from_finalize:
            self._finalizing = False
            text = " ".join([*self._held, words.text]).strip()
            self._held = []
            if not text:  # not every Finalize is answered
                return
            words = replace(words, text=text)
        elif words.final and self._line.faults.never_final:
            self._held.append(words.text)
            words = replace(words, text=" ".join(self._held), final=False, ended=False)
        if words.text:
            self._last_word_ms = words.until_ms
        if words.final or self._asked("interim_results"):
            self._results(words, from_finalize)

    def _results(self, words: Words, from_finalize: bool = False) -> None:
        if not words.final and not self._asked("interim_results"):
            return
        self._answered_ms = self._now_ms
        self._line.say(
            {
                "type": "Results",
                "channel_index": [0, 1],
                "start": words.from_ms / 1000,
                "duration": (words.until_ms - words.from_ms) / 1000,
                "is_final": words.final,
                "speech_final": (words.ended and not self._line.faults.never_speech_final) or from_finalize,
                "from_finalize": from_finalize,
                "channel": {"alternatives": [_alternative(words)]},
                "metadata": self._model(),
            }
        )

    def _utterance_end(self) -> None:
        if "utterance_end_ms" not in self._query or self._last_word_ms is None:
            return
        if self._now_ms - self._last_word_ms >= int(self._query["utterance_end_ms"][0]):
            last_s, self._last_word_ms = self._last_word_ms / 1000, None
            if not self._line.faults.no_utterance_end:
                self._line.say({"type": "UtteranceEnd", "channel": [0, 1], "last_word_end": last_s})

    def _model(self) -> dict[str, Any]:
        [name] = self._query["model"]
        info = {"name": f"general-{name}", "version": "2026-07-01.0", "arch": name}
        return {
            "request_id": self._line.session.request_id,
            "model_uuid": "00000000-0000-4000-8000-000000000003",
            "model_info": info,
        }

    def _metadata(self) -> dict[str, Any]:
        return {
            "type": "Metadata",
            "transaction_key": "deprecated",
            "request_id": self._line.session.request_id,
            "sha256": sha256(self._line.session.audio).hexdigest(),
            "created": datetime.now(UTC).isoformat(),
            "duration": self._now_ms / 1000,
            "channels": 1,
        }


def _alternative(words: Words) -> dict[str, Any]:
    texts = words.text.split()
    step_s = (words.until_ms - words.from_ms) / 1000 / max(1, len(texts))
    return {
        "transcript": words.text,
        "confidence": 0.99 if texts else 0.0,
        "words": [
            {
                "word": text.lower().strip(".,?!"),
                "punctuated_word": text,
                "start": round(words.from_ms / 1000 + index * step_s, 3),
                "end": round(words.from_ms / 1000 + (index + 1) * step_s, 3),
                "confidence": 0.99,
            }
            for index, text in enumerate(texts)
        ],
    }
