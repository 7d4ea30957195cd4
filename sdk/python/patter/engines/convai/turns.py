"""The caller's turns: written down, answered by whoever replies, and told by voice or by keys. Pure."""

from __future__ import annotations

from patter.bridge.answering import MACHINE_TEXT
from patter.bridge.commands import Note
from patter.bridge.engine import Outcome, Parts
from patter.bridge.events import HandlerDone, LlmDone
from patter.bridge.keypad import Keyed, Keys, digit_text
from patter.bridge.memory import Turn
from patter.bridge.records import Interim, Noted
from patter.engines.convai.answering import Answering
from patter.engines.convai.caller import CallerSide
from patter.engines.convai.line import SpeechLine
from patter.engines.convai.owed import Owed
from patter.engines.convai.silence import Silence
from patter.engines.convai.voice import Voice
from patter.engines.convai.wanted import ReplyEnd, ReplyPiece, ReplyWanted
from patter.engines.convai.wire import CallerText, UserMessage

NOTHING_SAID = frozenset(["", "...", "…"])
"""Transcripts of a caller who only made a noise."""


class Turns:
    """What the caller says, on whichever channel it is told."""

    def __init__(
        self,
        parts: Parts,
        line: SpeechLine,
        voice: Voice,
        answering: Answering,
        owed: Owed,
        silence: Silence,
    ) -> None:
        self._parts = parts
        self._plan = parts.plan
        self._values = parts.plan.turn_taking
        self._line = line
        self._voice = voice
        self._answering = answering
        self._owed = owed
        self._silence = silence
        self._caller = CallerSide(parts)
        self._keys = Keys(parts.plan.keypad, parts.plan.turn_taking.keypad_pause_ms)

    @property
    def voiced(self) -> bool:
        """The caller makes a sound."""
        return self._caller.voiced

    @property
    def any(self) -> bool:
        """The caller said something, or pressed a key."""
        return any(turn.role == "user" for turn in self._parts.memory.turns)

    # -- by voice ---------------------------------------------------------------------------------

    def audio(self, payload: bytes, media_ms: int, now: float) -> Outcome:
        """A frame of the line."""
        if self._caller.audio(payload, media_ms, self._parts.playback.now_playing(now)):
            self._silence.broken()
        return [*self._line.caller(payload, now)]

    def text(self, said: CallerText, now: float, *, deaf: bool) -> Outcome:
        """A transcript; ``deaf``: it is of nobody who could be answered."""
        if said.text in NOTHING_SAID or self._voice.words.is_ours(said.text):
            return []
        self._silence.broken()
        now_ms = self._parts.clock.ms(now)
        if not said.final or deaf:
            return [Note(Interim("user", said.text, now_ms))]
        out = self._before_caller()
        turn = self._caller.said(said.text, self._voice.next_turn_id(), now_ms)
        return out if turn is None else out + self._caller_spoke(turn, now)

    def _before_caller(self) -> Outcome:
        """What was heard of the agent stands before what the caller says now."""
        turns = self._parts.memory.turns
        return [*self._voice.speaking.settle()] if turns and turns[-1].role != "user" else []

    def _caller_spoke(self, turn: Turn, now: float) -> Outcome:
        silence_ms = self._end_of_turn_ms(now)
        self.await_answer(turn, silence_ms, now)
        told = {"cause": "provider", "silence_ms": silence_ms, "turn_id": turn.turn_id}
        return [self._note("turn.ended", now, **told)]

    def _end_of_turn_ms(self, now: float) -> int:
        silence_ms = self._caller.silence_ms(self._parts.clock.ms(now))
        return min(silence_ms, self._values.max_turn_delay_ms)

    def await_answer(self, turn: Turn, silence_ms: int, now: float) -> None:
        """Somebody owes an answer to this turn from now on."""
        self._voice.caller_spoke()
        self._silence.caller_spoke()
        self._owed.answer(turn, now, silence_ms, now + self._values.handler_timeout_s)

    # -- who replies ------------------------------------------------------------------------------

    def reply_wanted(self, wanted: ReplyWanted, now: float, *, deaf: bool, ending: bool) -> Outcome:
        """The vendor asks for a reply, because the agent's are a handler's."""
        if self._voice.words.is_ours(wanted.text):
            self._voice.speaking.gate.asked()
            return self._give(wanted, self._voice.words.answer(wanted.text))
        if deaf:
            return self._give(wanted, "")
        open_turn = self._answering.turn
        if open_turn is not None and self._answering.same_turn(wanted):
            if open_turn.heard:
                return self._reengage(wanted, ending)
            return [*self._answering.again(wanted)]
        if not wanted.text:
            return self._reengage(wanted, ending)
        self._voice.speaking.gate.asked()
        out = self._before_caller()
        turn = self._caller.asked(wanted.text, self._voice.next_turn_id(), self._parts.clock.ms(now))
        silence_ms = self._end_of_turn_ms(now)
        self.await_answer(turn, silence_ms, now)
        heard = self._voice.heard_so_far(now)
        asked = self._answering.ask(
            wanted, turn.turn_id, turn.text, end_of_turn_ms=silence_ms, heard=heard, now=now
        )
        return [*out, *asked]

    def _reengage(self, wanted: ReplyWanted, ending: bool) -> Outcome:
        """The vendor wants its agent to speak though the caller said nothing new: as silence is ours to
        count, this is the same question whether somebody is there."""
        if ending or self._silence.greets or self._silence.exhausted:
            return self._give(wanted, "")
        self._silence.take()
        return self._give(wanted, self._plan.phrases.idle)

    def _give(self, wanted: ReplyWanted, text: str) -> Outcome:
        piece = self._line.send(ReplyPiece(wanted.ask_id, text)) if text else []
        return [*piece, *self._line.send(ReplyEnd(wanted.ask_id))]

    def reply_done(self, event: HandlerDone | LlmDone, now: float) -> Outcome:
        """Whoever replies has said everything."""
        done, silent = self._answering.done(event, now)
        if silent is None:
            return [*done]
        # A deliberate silence: the caller's turn was answered, and does not go on.
        silent.stopped = silent.heard = True
        self._owed.nothing()
        return [*done, *self._voice.speaking.settle()]

    def machine(self, now: float) -> Outcome:
        """A machine's beep was heard: whoever replies decides what is left on it."""
        now_ms = self._parts.clock.ms(now)
        turn = self._caller.keyed(MACHINE_TEXT, self._voice.next_turn_id(), now_ms, now_ms)
        self.await_answer(turn, 0, now)
        return [*self._line.send(UserMessage(turn.text))]

    # -- by keys ----------------------------------------------------------------------------------

    @property
    def keys_pending(self) -> bool:
        """An entry is not complete."""
        return self._keys.pending

    @property
    def keys_due(self) -> float | None:
        """When the pause ends the entry."""
        return self._keys.due

    def press(self, digit: str, now: float) -> Outcome:
        """A key."""
        self._silence.broken()
        keyed = self._keys.press(digit, self._parts.clock.ms(now), now)
        return self._keyed(keyed, now) if keyed else []

    def end_entry(self, now: float) -> Outcome:
        """The pause is over."""
        due = self._keys.due is not None and self._keys.due <= now
        keyed = self._keys.take() if due else None
        return self._keyed(keyed, now) if keyed else []

    def _keyed(self, keyed: Keyed, now: float) -> Outcome:
        """An entry is complete: a turn of its own, which the vendor gets as the caller's text."""
        out = self._before_caller()
        turn = self._write_key_turn(keyed)
        self.await_answer(turn, 0, now)
        return [
            *out,
            self._note("key.pressed", now, turn_id=turn.turn_id),
            *self._line.send(UserMessage(turn.text)),
        ]

    def _write_key_turn(self, keyed: Keyed) -> Turn:
        turn_id = self._voice.next_turn_id()
        return self._caller.keyed(digit_text(keyed.digits), turn_id, keyed.started_ms, keyed.ended_ms)

    def write_keys(self) -> None:
        """Nobody is asked about an entry that was overtaken, but it is remembered."""
        if keyed := self._keys.take():
            self._write_key_turn(keyed)

    def _note(self, kind: str, now: float, **data: object) -> Note:
        return Note(Noted(kind, self._parts.clock.ms(now), data))
