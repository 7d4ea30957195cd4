"""When has the caller finished speaking? Recogniser, voice and silence, in media time.

The recogniser's own end of turn ends an utterance at once. Else its UtteranceEnd with text pending
does; else ``turn_timeout_ms`` of silence after a final text. Voice that stopped ``endpointing_ms`` and
250 ms ago without a final asks the recogniser to finalize: earlier would cost its own end of turn, which
comes at ``endpointing_ms``. ``max_turn_delay_ms`` is the ceiling for everything. Voice without end and
without new words, a television, ends after twice that.

A text that has not changed for 300 ms while nobody speaks is probably all of it: a reply may be prepared.
"""

from __future__ import annotations

from patter.audio.frames import ms_of
from patter.audio.judged_voice import Detector, JudgedDetector, VoiceModels
from patter.audio.voice import VoiceDetector
from patter.bridge.clock import BEHIND_FRAMES
from patter.bridge.events import SttEagerEnd, SttHeard, SttSpeechStarted, SttUtteranceEnded
from patter.bridge.plan import TurnTaking
from patter.engines.pipeline.carried import Carried
from patter.engines.pipeline.given import Given, folded_words
from patter.engines.pipeline.signals import (
    EndLikely,
    FinalizeWanted,
    Signal,
    UtteranceEnded,
    VoiceBegan,
    VoiceEnded,
    WentOn,
    WordsHeard,
)

FINALIZE_MARGIN_MS = 250
STABLE_MS = 300
GAP_MS = 300
"""Voice cannot go on without frames for longer than this."""
WORDLESS_MS = 1300
"""A recogniser says that an utterance ended after a second without words, and a moment for the way."""
OUT_OF_TIME_MS = 1000
"""A frame of so long ago is of now: its carrier counts anew, and the call's clock has not noticed yet. Where
more of them follow than the clock needs, time itself was ahead: nothing came for a while."""
MOST_CHARACTERS = 5_000
"""Of one text: minutes of speech. Texts are compared word by word, and all calls wait for that."""
SAME_FINAL_MS = 1000
"""A final text that sounds equal, this soon and with no voice between, is the recogniser repeating itself."""


class Ears:
    """Listens to one caller. ``models``: who judges whether what is loud is speech; None: nobody."""

    def __init__(self, values: TurnTaking, models: VoiceModels | None = None) -> None:
        self._values = values
        energy = VoiceDetector(min_voiced_ms=values.min_voiced_ms)
        self.detector: Detector = energy if models is None else JudgedDetector(energy, models)
        # Within the ceiling in any case: after it nobody waits for a final text.
        self._finalize_after_ms = min(
            values.endpointing_ms + FINALIZE_MARGIN_MS, values.max_turn_delay_ms - FINALIZE_MARGIN_MS
        )
        self._likely = ""
        self._given = Given()
        self._carried = Carried()
        self._finals: list[str] = []
        self._interim = ""
        self._now_ms = 0
        self._behind = 0
        self._started_ms: int | None = None
        self._voice_from_ms = 0
        self._last_voiced_ms = 0
        self._last_words_ms = 0
        self._last_final: tuple[str, int, int] = ("", 0, 0)
        self._voiced_words = False
        self._finalize_sent = False
        self.voiced = False
        self.owed_text = False
        """There is a voice of which the recogniser tells the words, if it has any, only when it ended."""

    @property
    def pending_text(self) -> str:
        """What was said and has not ended yet."""
        return " ".join(part for part in [*self._finals, self._interim] if part)

    @property
    def at_rest(self) -> bool:
        """Silence, and nothing that was said waits for its end."""
        waits = self._started_ms is not None or self._finals or self._interim
        return not (waits or self.voiced or self.detector.loud)

    def audio(self, payload: bytes, media_ms: int) -> list[Signal]:
        signals: list[Signal] = []
        self._behind = self._behind + 1 if media_ms + OUT_OF_TIME_MS < self._now_ms else 0
        if 0 < self._behind < BEHIND_FRAMES:
            media_ms = self._now_ms
        edge = self.detector.feed(payload, media_ms)
        if edge is not None and not edge.voiced and self.voiced:
            signals.append(self._voice_ended(edge.at_ms))
        elif self.detector.voiced and not self.voiced and self.detector.last_voiced_ms > media_ms:
            signals.append(self._voice_began(edge.at_ms if edge else media_ms))
        if self.voiced:
            self._last_voiced_ms = self.detector.last_voiced_ms
            self._finalize_sent = False
        return signals + self.tick(media_ms + ms_of(len(payload)))

    def tick(self, media_ms: int) -> list[Signal]:
        """Time passed, whether or not the carrier sent frames of it."""
        self._now_ms = media_ms
        signals: list[Signal] = []
        if self.voiced and media_ms - self._last_voiced_ms >= GAP_MS:
            signals.append(self._voice_ended(self._last_voiced_ms))
        return signals + (self._babble(media_ms) if self.voiced else self._silence(media_ms))

    def _babble(self, media_ms: int) -> list[Signal]:
        without_words_ms = media_ms - self._last_words_ms
        if self.pending_text and without_words_ms >= 2 * self._values.max_turn_delay_ms:
            return self._end("ceiling")
        return []

    def _silence(self, media_ms: int) -> list[Signal]:
        if self._started_ms is None and not self._finals and not self._interim:
            return []  # nearly always
        silence_ms = media_ms - self._last_voiced_ms
        if self._finals and not self._interim and silence_ms >= self._values.turn_timeout_ms:
            return self._end("silence")
        if silence_ms >= self._values.max_turn_delay_ms:
            return self._end("ceiling" if self.pending_text else "no_words")
        signals: list[Signal] = []
        text = self.pending_text
        stable_ms = min(silence_ms, media_ms - self._last_words_ms)
        if text and text != self._likely and stable_ms >= STABLE_MS:
            self._likely = text
            signals.append(EndLikely(text))
        owed = self._interim or not self._finals
        if silence_ms >= self._finalize_after_ms and owed and not self._finalize_sent:
            self._finalize_sent = True
            signals.append(FinalizeWanted())
        return signals

    def speech_started(self, event: SttSpeechStarted) -> None:
        self.owed_text = not event.interims

    def heard(self, event: SttHeard, media_ms: int) -> list[Signal]:
        self.owed_text = self.owed_text and not event.final
        text = self._carried.join(self._given.rest(event.text.strip()[:MOST_CHARACTERS], media_ms))
        if event.final:
            self._given.close()
            self._carried.forget()
        if event.final and self._is_repeated(text, media_ms):
            text = ""
        if text and self._started_ms is None:
            self._started_ms = media_ms
        if text and not self._voiced_words and text != self._interim:
            # Words without voice: the detector missed quiet speech, the recogniser did not.
            self._last_voiced_ms = max(self._last_voiced_ms, media_ms)
        if text != self._interim or event.final:
            self._last_words_ms = media_ms
        if event.final:
            if text:
                self._finals.append(text)
                self._last_final = (text, media_ms, self._last_voiced_ms)
            self._interim = ""
        else:
            self._interim = text
        signals: list[Signal] = [WordsHeard(self.pending_text, event.final)] if text else []
        if event.end_of_turn and self.pending_text:
            signals.extend(self._end("stt"))
        return signals

    def utterance_ended(self, _event: SttUtteranceEnded) -> list[Signal]:
        """No words for a while. A voice that began in that while brings some; an older one is a noise."""
        owed, self.owed_text = self.owed_text, False
        if owed and not (self.pending_text or self.voiced):
            return self._end("no_words")
        resumed = self.voiced and self._voice_from_ms != self._started_ms
        goes_on = resumed and self._now_ms - self._voice_from_ms < WORDLESS_MS
        return self._end("utterance_end") if self.pending_text and not goes_on else []

    def eager_end(self, event: SttEagerEnd) -> list[Signal]:
        """The recogniser thinks that this was all: what came before belongs to it too."""
        eager = self._carried.join(self._given.rest(event.text.strip()[:MOST_CHARACTERS], self._now_ms))
        text = " ".join(part for part in [*self._finals, eager] if part)
        if not text or text == self._likely:
            return []
        self._likely = text
        return [EndLikely(text)]

    def went_on(self) -> list[Signal]:
        self._likely = ""
        return [WentOn()]

    def recogniser_lost(self) -> None:
        """Another one goes on, with the last 2 s of the voice."""
        began_ms = max(self._started_ms or 0, self._last_final[1])
        self._carried.keep(self._interim, self._now_ms - began_ms)
        self.owed_text = False

    def take(self) -> UtteranceEnded | None:
        """End what is pending now, if anything is: a key was pressed."""
        ended = self._ended("key") if self.pending_text else None
        self._forget()
        return ended

    def rest(self) -> None:
        """No audio comes for now, or none any more."""
        self.detector.rest()

    def _is_repeated(self, text: str, media_ms: int) -> bool:
        same, at_ms, voiced_ms = self._last_final
        soon = media_ms - at_ms < SAME_FINAL_MS
        unvoiced = soon and self._last_voiced_ms == voiced_ms
        return bool(text) and unvoiced and folded_words(text) == folded_words(same)

    def _voice_began(self, at_ms: int) -> VoiceBegan:
        self.voiced = self._voiced_words = True
        self._voice_from_ms = at_ms
        self._last_words_ms = max(self._last_words_ms, at_ms)
        if self._started_ms is None:
            self._started_ms = at_ms
        return VoiceBegan(at_ms)

    def _voice_ended(self, at_ms: int) -> VoiceEnded:
        self.voiced = False
        return VoiceEnded(at_ms)

    def _end(self, cause: str) -> list[Signal]:
        ended = self._ended(cause)
        self._forget()
        return [ended]

    def _ended(self, cause: str) -> UtteranceEnded:
        started_ms = self._last_voiced_ms if self._started_ms is None else self._started_ms
        self._given.add(self._interim, self._now_ms)
        return UtteranceEnded(self.pending_text, cause, started_ms, max(started_ms, self._last_voiced_ms))

    def _forget(self) -> None:
        self._finals, self._interim, self._started_ms = [], "", None
        self._finalize_sent, self._voiced_words, self._likely = False, self.voiced, ""
        self._carried.forget()
