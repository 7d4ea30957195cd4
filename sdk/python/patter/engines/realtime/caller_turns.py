"""What the caller says and presses: how it becomes turns, what it stops, and who is asked about it. Pure."""

from __future__ import annotations

from collections.abc import Callable

from patter.bridge.answering import MACHINE_TEXT
from patter.bridge.commands import Note
from patter.bridge.engine import Outcome, Parts
from patter.bridge.events import DigitPressed, SayAsked
from patter.bridge.keypad import Keyed, Keys, digit_text
from patter.engines.realtime import wire
from patter.engines.realtime.caller import Caller
from patter.engines.realtime.greeting import Greeting
from patter.engines.realtime.ledger import Entry, Ledger
from patter.engines.realtime.line import SpeechLine
from patter.engines.realtime.quiet import Quiet
from patter.engines.realtime.replies import Replies
from patter.engines.realtime.reply import Kind
from patter.engines.realtime.rules import Rules
from patter.engines.realtime.sessions import Sessions
from patter.engines.realtime.wire import Committed, SpeechStarted

Held = Entry | DigitPressed | SayAsked


class CallerTurns:
    """Words are told by the provider, keys by the carrier; what comes within an announcement waits."""

    def __init__(
        self,
        parts: Parts,
        line: SpeechLine,
        ledger: Ledger,
        caller: Caller,
        keys: Keys,
        greeting: Greeting,
        quiet: Quiet,
        replies: Replies,
        sessions: Sessions,
        rules: Rules,
    ) -> None:
        self._parts, self._line, self._ledger = parts, line, ledger
        self._caller, self._keys = caller, keys
        self._greeting, self._quiet = greeting, quiet
        self._replies, self._floor = replies, replies.floor
        self._sessions, self._rules = sessions, rules
        self._held: list[Held] = []
        self._cut_by_voice = False

    # -- words --------------------------------------------------------------------------------------

    def voice_began(self, message: SpeechStarted, now: float) -> Outcome:
        began_ms, given_ms = message.audio_start_ms, self._line.sent_ms
        ago_ms = 0 if began_ms is None else max(0, given_ms - began_ms)
        self._caller.started(self._parts.clock.ms(now) - ago_ms, now)
        self._quiet.broken()
        self._floor.postpone_expected(now)
        self._cut_by_voice = self._rules.interruptible
        return self.cut("voice", now, cancel=not self._sessions.automatic) if self._cut_by_voice else []

    def committed(self, message: Committed, now: float) -> Outcome:
        """The provider took an utterance: a turn is over."""
        self._line.utterance_taken()
        self._caller.taken()
        if self._rules.hushed:
            return [*self._line.say(wire.delete_item(message.item_id))]
        turn_id = self._floor.next_turn_id()
        started_ms, ended_ms = self._caller.span(self._parts.clock.ms(now))
        item_id, before = message.item_id, message.previous_item_id
        self._ledger.caller_spoke(turn_id, item_id, before, started_ms, ended_ms, now)
        self.write_keys()  # words after keys: the keys were all
        if not self._floor.by_model:
            return []  # the transcript decides
        silence_ms = self._caller.end_of_turn_ms(now)
        if self._sessions.automatic:
            self._answered_silence()
            self._replies.expect(turn_id, silence_ms, now)
        elif self._rules.unstoppable and not self._greeting.due:
            self.hold(Entry("user", turn_id))
        # While a greeting waits to be spoken, it is the answer.
        return [self._turn_ended(turn_id, silence_ms, now)]

    def take_known(self, now: float) -> Outcome:
        """What is known now enters the call's memory; a handler answers to the caller's part of it."""
        if not self._ledger.waiting or self._rules.unstoppable:
            return []  # what is said over an announcement stands after it
        heard, settled = self._ledger.take_known()
        out: Outcome = [Note(turn) for turn in settled]
        for entry in heard:
            self._caller.written(entry.item_id)
            if not self._floor.by_model and entry.item_id:
                out += self._heard(entry, now)
        return out

    def _heard(self, entry: Entry, now: float) -> Outcome:
        """What the caller said, for a handler."""
        if self._rules.hushed or self._rules.away:
            return []
        if not entry.text:
            return self._no_words(entry, now)
        if self._rules.unheard_greeting:  # it is the answer
            return self.say(self._greeting.text, now, Kind.FIRST) if self._greeting.due else []
        cut = self.cut("words", now)
        silence_ms = self._caller.end_of_turn_ms(now)
        ended = self._turn_ended(entry.turn_id, silence_ms, now)
        return [*cut, ended, *self._answer(entry.turn_id, entry.text, silence_ms, now)]

    def _no_words(self, entry: Entry, now: float) -> Outcome:
        """Words were lost, or a voice without any stopped the agent: ask, rather than be silent."""
        owed = entry.misheard or self._cut_by_voice
        if not owed or self._greeting.due or self._floor.current is not None:
            return []
        self._cut_by_voice = False
        return self.say(self._parts.plan.phrases.retry, now)

    def _turn_ended(self, turn_id: str, silence_ms: int, now: float) -> Note:
        told = {"cause": "provider", "silence_ms": silence_ms, "turn_id": turn_id}
        return self._floor.note("turn.ended", now, **told)

    # -- keys -----------------------------------------------------------------------------------------

    def digit(self, digit: str, now: float) -> Outcome:
        """A key stops what is being said."""
        out = self.cut("key", now)
        self._greeting.forget_time()
        self._quiet.broken()
        keyed = self._keys.press(digit, self._parts.clock.ms(now), now)
        return out + self._keyed(keyed, now) if keyed else out

    def keys_due(self, now: float) -> Outcome:
        """No more keys came: the entry is complete."""
        if self._keys.due is None or self._keys.due > now:
            return []
        if self._rules.unstoppable:
            self.write_keys()
            return []
        keyed = self._keys.take()
        return self._keyed(keyed, now) if keyed else []

    def _keyed(self, keyed: Keyed, now: float) -> Outcome:
        """An entry is complete: a turn of its own."""
        out = self.cut("key", now)
        text, turn_id = digit_text(keyed.digits), self._write(keyed)
        out += self.take_known(now)
        out.append(self._floor.note("key.pressed", now, turn_id=turn_id))
        if self._floor.by_model:
            out += self._line.say(wire.text_item("user", text))
        return out + self._answer(turn_id, text, 0, now)

    def write_keys(self) -> None:
        """Nobody is asked about an entry that was overtaken, but it is remembered."""
        if keyed := self._keys.take():
            self._write(keyed)

    def _write(self, keyed: Keyed) -> str:
        turn_id = self._floor.next_turn_id()
        text = digit_text(keyed.digits)
        self._ledger.add(Entry("user", turn_id, text, keyed.started_ms, keyed.ended_ms))
        return turn_id

    # -- who is asked -----------------------------------------------------------------------------------

    def ask_about_machine(self, now: float) -> Outcome:
        """The beep was heard, and whoever replies decides what is left. Then the call ends."""
        self._rules.hushed = False
        now_ms, turn_id = self._parts.clock.ms(now), self._floor.next_turn_id()
        self._ledger.add(Entry("user", turn_id, MACHINE_TEXT, now_ms, now_ms))
        out = self.take_known(now)
        if self._floor.by_model:
            out += self._line.say(wire.text_item("user", MACHINE_TEXT))
        return out + self._replies.answer(turn_id, MACHINE_TEXT, 0, now, end_reason="voicemail")

    def _answer(self, turn_id: str, text: str, end_of_turn_ms: int, now: float) -> Outcome:
        self._answered_silence()
        turns = self._parts.memory.turns
        words = turns[-1].text if turns and turns[-1].turn_id == turn_id else text
        return self._replies.answer(turn_id, words, end_of_turn_ms, now)

    def _answered_silence(self) -> None:
        self._greeting.forget()
        self._quiet.answered()

    # -- what waits -------------------------------------------------------------------------------------

    @property
    def holds(self) -> bool:
        """Something waits for the end of an announcement, and it is over."""
        return bool(self._held) and not self._rules.unstoppable

    def hold(self, held: Held) -> Outcome:
        self._held.append(held)
        return []

    def drop_held(self) -> None:
        self._held.clear()

    def take_held(self, now: float, receive: Callable[[DigitPressed | SayAsked, float], Outcome]) -> Outcome:
        """Have it its turn. ``receive`` takes what was no word of the caller."""
        held, self._held = self._held, []
        out: Outcome = []
        for one in held:
            if not isinstance(one, Entry):
                out += receive(one, now)
            elif not self._rules.unheard_greeting:  # else it is the answer
                out += self._answer(one.turn_id, "", 0, now)
        return out

    # -- what is said -----------------------------------------------------------------------------------

    def say(self, text: str, now: float, kind: Kind = Kind.SYSTEM) -> Outcome:
        """Speak a text of our own."""
        self._greeting.forget_time()
        return self._replies.saying.say(text, kind, now)

    def say_asked(self, text: str, now: float) -> Outcome:
        """Somebody outside wants this said."""
        self._rules.hushed = False
        return [*self.cut("say", now), *self.say(text, now)]

    def end_with(self, phrase: str, reason: str, now: float) -> Outcome:
        """Say this last, and end the call with this reason."""
        if self._floor.closing:
            return []  # the call ends already, and what is being said is heard in full
        self._greeting.forget_time()
        self.drop_held()
        self.write_keys()
        cut = self.cut("end", now)
        return cut + self._replies.saying.say(phrase, Kind.SYSTEM, now, end_reason=reason)

    def cut(self, by: str, now: float, *, cancel: bool = True) -> Outcome:
        """Stop what is being said, if anything is, and note by what."""
        if self._floor.current is None:
            return []
        heard_ms = self._parts.playback.heard_ms(now)
        cut = self._replies.endings.cut(now, cancel=cancel)
        return [self._floor.note("reply.cut", now, by=by, heard_ms=heard_ms), *cut]
