"""What the agent is saying now: its text against its audio, and what of it was heard. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from patter.audio.frames import ms_of
from patter.bridge.commands import Commands
from patter.bridge.playback import Playback
from patter.bridge.script import Script
from patter.engines.pipeline.reply import Kind, Timing
from patter.engines.tts.elevenlabs.words import Words

QUIET_S = 1.0
"""The vendor does not say reliably when an answer's audio is complete. Everything was played, and nothing
came for so long: it is."""
SPOKEN_SHARE = 0.7
"""Times may be missing for numbers that are written otherwise than they are spoken, but not for more."""
QUIET_DONE_S = 0.3
"""The same once the answer's text was said to be complete."""
QUIET_UNNAMED_S = 8.0
"""The same while its text did not come yet: it comes with the first audio, or at the end of a long answer."""


class AgentReply:
    """One answer, or several in one breath: what comes while the one before still sounds belongs to it."""

    def __init__(self, turn_id: str, kind: Kind, playback: Playback, *, now: float, now_ms: int) -> None:
        self.turn_id = turn_id
        self.kind = kind
        self.started_ms = now_ms
        self.timing = Timing(decided_at=now)
        self.script = Script()
        self.aside = ""
        """A filler of ours at the beginning of its text: said, and no part of the answer."""
        self.notice = ""
        """An announcement at the beginning of its text: a turn of its own."""
        self.written = ""
        """What of the beginning of its text is a turn already."""
        self.corrected: str | None = None
        self.broken = False
        """Its audio is incomplete."""
        self._playback = playback
        self._named = False
        self._bytes = 0
        self._span_bytes = 0
        self._words: Words | None = None
        self._unread: list[tuple[Mapping[str, Any], int]] = []
        self._sounds_until = now
        self._quiet_s = QUIET_UNNAMED_S
        playback.begin()

    @property
    def text(self) -> str:
        return self.script.full_text

    @property
    def quiet_at(self) -> float:
        """When its audio is taken for complete, unless more comes."""
        return self._sounds_until + self._quiet_s

    @property
    def named(self) -> bool:
        """Its text came; of several answers, that of the newest."""
        return self._named

    def may_be(self, text: str) -> bool:
        """Whether it holds this answer, as far as its text is known."""
        return not self._named or text.strip() in self.text

    def suppose(self, text: str) -> None:
        """What its text should be, as long as the vendor did not say it."""
        if self.script.spans and not self._named:
            self.script.spans[-1].text = text

    def say(self, text: str, now: float) -> None:
        """The text of an answer. It may come a moment after its first audio, or at its end."""
        if self.timing.first_text_at is None:
            self.timing.first_text_at = now
        self._quiet_s = QUIET_S
        self._sounds_until = max(self._sounds_until, now)
        if not self.script.spans or self._named:
            self._begin_span(f" {text}" if self.script.spans else text)
        else:
            self.script.spans[-1].text = text
        self._named = True
        words = self._words = Words(self.script.spans[-1].text)
        for alignment, offset_ms in self._unread:
            self.script.spans[-1].words.extend(words.feed(alignment, offset_ms))
        self._unread.clear()

    def _begin_span(self, text: str) -> None:
        if self.script.spans:
            self.script.complete_span(len(self.script.spans) - 1)
        self.script.begin_span(text)
        self._span_bytes = 0
        self._named, self._words = False, None

    def sound(self, payload: bytes, alignment: Mapping[str, Any] | None, now: float) -> Commands:
        """A piece of its audio, µ-law 8 kHz."""
        if not payload:
            return []
        if not self.script.spans:
            self._begin_span("")
        if self.timing.first_audio_at is None:
            self.timing.first_audio_at = now
        index, offset_ms = len(self.script.spans) - 1, ms_of(self._span_bytes)
        self._span_bytes += len(payload)
        ms = ms_of(self._span_bytes) - offset_ms
        if alignment is not None and self._words is None:
            self._unread.append((alignment, offset_ms))
        words = self._words.feed(alignment, offset_ms) if self._words and alignment else ()
        self.script.add_audio(index, ms, words)
        self._sounds_until = max(self._sounds_until, now) + ms / 1000
        commands = self._playback.add(payload, now)
        self.note_sent()
        return commands

    def note_sent(self) -> None:
        """Look whether its first frame has left."""
        if self.timing.first_sent_at is None:
            self.timing.first_sent_at = self._playback.first_sent_at

    def done(self, now: float) -> None:
        """Its text is complete; audio may still be on its way."""
        self._quiet_s = QUIET_DONE_S
        self._sounds_until = max(self._sounds_until, now)

    def close(self, now: float) -> Commands:
        """No more audio comes."""
        if self.script.spans and not self.broken:
            self.script.complete_span(len(self.script.spans) - 1)
        return self._playback.close(now)

    @property
    def cut_short(self) -> bool:
        """Its text never became audio, or much of it did not, as far as the times of its words are told."""
        if self.timing.first_audio_at is None:
            return True
        spans = [span for span in self.script.spans if span.words]
        if not spans or spans[-1] is not self.script.spans[-1]:
            return False
        return spans[-1].words[-1].end < SPOKEN_SHARE * len(spans[-1].text)

    def heard(self, heard_ms: int) -> str:
        """Its text up to the last word that was heard, and no further than the vendor believes."""
        heard = self.script.heard_text(heard_ms)
        if self.corrected is None:
            return heard
        return shorter(heard, self.corrected)


def shorter(heard: str, corrected: str) -> str:
    """The vendor's correction where it says less, in the beginning of the same text."""
    believed = corrected.rstrip(" .…")
    if len(believed) < len(heard) and heard.startswith(believed):
        return believed
    return heard
