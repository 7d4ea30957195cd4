"""When has the caller finished speaking? Recogniser, voice and silence, in media time.

The recogniser's own end of turn ends an utterance at once. Else its UtteranceEnd with text pending
does; else ``turn_timeout_ms`` of silence after a final text. Voice that stopped 300 ms ago without a
final asks the recogniser to finalize, and ``max_turn_delay_ms`` is the ceiling for everything.
"""

from __future__ import annotations

from patter.audio.frames import ms_of
from patter.audio.voice import VoiceDetector
from patter.bridge.events import SttHeard, SttUtteranceEnded
from patter.bridge.plan import TurnTaking
from patter.engines.pipeline.signals import (
    FinalizeWanted,
    Signal,
    UtteranceEnded,
    VoiceBegan,
    VoiceEnded,
    WordsHeard,
)

FINALIZE_AFTER_MS = 300


class Ears:
    """Listens to one caller."""

    def __init__(self, values: TurnTaking, detector: VoiceDetector | None = None) -> None:
        self._values = values
        self.detector = detector or VoiceDetector()
        self._finals: list[str] = []
        self._interim = ""
        self._started_ms: int | None = None
        self._last_voiced_ms = 0
        self._finalize_sent = False

    @property
    def voiced(self) -> bool:
        return self.detector.voiced

    @property
    def pending_text(self) -> str:
        """What was said and has not ended yet."""
        return " ".join(part for part in [*self._finals, self._interim] if part)

    def audio(self, payload: bytes, media_ms: int) -> list[Signal]:
        signals: list[Signal] = []
        edge = self.detector.feed(payload, media_ms)
        if edge is not None and edge.voiced:
            self._began(edge.at_ms)
            signals.append(VoiceBegan(edge.at_ms))
        elif edge is not None:
            signals.append(VoiceEnded(edge.at_ms))
        if self.detector.voiced:
            self._last_voiced_ms = self.detector.last_voiced_ms
            self._finalize_sent = False
        else:
            signals.extend(self.tick(media_ms + ms_of(len(payload))))
        return signals

    def tick(self, media_ms: int) -> list[Signal]:
        """Time passed in silence, whether or not the carrier sent frames of it."""
        silence_ms = media_ms - self._last_voiced_ms
        if self._started_ms is None and not self.pending_text:
            return []
        if self._finals and not self._interim and silence_ms >= self._values.turn_timeout_ms:
            return self._end("silence")
        if silence_ms >= self._values.max_turn_delay_ms:
            return self._end("ceiling") if self.pending_text else self._forget()
        if silence_ms >= FINALIZE_AFTER_MS and not self._finals and not self._finalize_sent:
            self._finalize_sent = True
            return [FinalizeWanted()]
        return []

    def heard(self, event: SttHeard, media_ms: int) -> list[Signal]:
        text = event.text.strip()
        if text and self._started_ms is None:
            # Words without voice: the detector missed quiet speech, the recogniser did not.
            self._began(media_ms)
            self._last_voiced_ms = max(self._last_voiced_ms, media_ms)
        if event.final:
            if text:
                self._finals.append(text)
            self._interim = ""
        else:
            self._interim = text
        signals: list[Signal] = [WordsHeard(self.pending_text, event.final)] if text else []
        if event.end_of_turn and self.pending_text:
            signals.extend(self._end("stt"))
        return signals

    def utterance_ended(self, _event: SttUtteranceEnded) -> list[Signal]:
        return self._end("utterance_end") if self.pending_text else []

    def take(self) -> list[Signal]:
        """End what is pending now: a key was pressed."""
        return self._end("key") if self.pending_text else self._forget()

    def _began(self, at_ms: int) -> None:
        if self._started_ms is None:
            self._started_ms = at_ms

    def _end(self, cause: str) -> list[Signal]:
        started_ms = self._last_voiced_ms if self._started_ms is None else self._started_ms
        ended = UtteranceEnded(self.pending_text, cause, started_ms, max(started_ms, self._last_voiced_ms))
        self._forget()
        return [ended]

    def _forget(self) -> list[Signal]:
        self._finals, self._interim, self._started_ms = [], "", None
        self._finalize_sent = False
        return []
