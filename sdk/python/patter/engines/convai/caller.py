"""The caller's side: when they spoke, and their turns, of which two channels tell. Pure.

The socket brings a transcript of each utterance. Where a handler replies, the vendor's request for the
reply brings the same text again, before or after it. Both are one turn.
"""

from __future__ import annotations

import re

from patter.audio.mulaw import level
from patter.audio.voice import VoiceDetector
from patter.bridge.engine import Parts
from patter.bridge.keypad import is_entry
from patter.bridge.memory import Turn

MOST_REMEMBERED = 4
"""Texts that one channel told and the other did not yet."""


def folded(text: str) -> str:
    """A text without case and punctuation."""
    return " ".join(re.findall(r"\w+", text.casefold()))


class CallerSide:
    """Hears the line for times, and writes turns down."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._detector = VoiceDetector()
        self._voice_from: int | None = None
        self._unsaid: list[str] = []
        self._unasked: tuple[str, Turn] | None = None

    @property
    def voiced(self) -> bool:
        return self._detector.voiced

    def audio(self, payload: bytes, media_ms: int, playing: bytes) -> bool:
        """A frame of the line while ``playing`` is heard. True when a voice began in it."""
        if playing:
            self._detector.note_playback(level(playing))
        edge = self._detector.feed(payload, media_ms)
        if edge is None or not edge.voiced:
            return False
        if self._voice_from is None:
            self._voice_from = edge.at_ms
        return True

    def silence_ms(self, now_ms: int) -> int:
        """How long the caller has been silent."""
        return max(0, now_ms - self._detector.last_voiced_ms)

    # -- turns ------------------------------------------------------------------------------------

    def said(self, text: str, turn_id: str, now_ms: int) -> Turn | None:
        """A transcript. None: its turn is written down already."""
        if folded(text) in self._unsaid:
            self._unsaid.remove(folded(text))
            return None
        turn = self._write(text, turn_id, now_ms)
        self._unasked = (folded(text), turn)
        return turn

    def asked(self, text: str, turn_id: str, now_ms: int) -> Turn:
        """A request for the reply to a text. Its turn may have been written down already."""
        if self._unasked is not None and self._unasked[0] == folded(text):
            turn, self._unasked = self._unasked[1], None
            return turn
        self._unasked = None
        self._unsaid = [*self._unsaid, folded(text)][-MOST_REMEMBERED:]
        return self._write(text, turn_id, now_ms)

    def keyed(self, text: str, turn_id: str, started_ms: int, ended_ms: int) -> Turn:
        """An entry by keys. It is said to the vendor by us, who asks for the reply to it."""
        turn = self._parts.memory.add(turn_id, "user", text, started_ms, ended_ms)
        self._unasked = (folded(text), turn)
        return turn

    def _write(self, text: str, turn_id: str, now_ms: int) -> Turn:
        ended_ms = min(now_ms, self._detector.last_voiced_ms) if self._voice_from is not None else now_ms
        started_ms = min(ended_ms, self._voice_from if self._voice_from is not None else now_ms)
        self._voice_from = None
        memory = self._parts.memory
        open_turn = memory.open_caller_turn()
        if open_turn is None or is_entry(open_turn.text) or is_entry(text):
            return memory.add(turn_id, "user", text, started_ms, ended_ms)
        if folded(text).startswith(folded(open_turn.text)):  # told anew, with what was said since
            open_turn.text = ""
        return memory.merge(open_turn, turn_id, text, ended_ms)
