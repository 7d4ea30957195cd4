"""What the caller's voice, words and keys lead to: a turn that somebody answers, or nothing."""

from __future__ import annotations

from patter.bridge.answering import MACHINE_TEXT
from patter.bridge.commands import Note, SttFinalize
from patter.bridge.engine import Outcome, Parts
from patter.bridge.events import DigitPressed
from patter.bridge.keypad import Keyed, digit_text
from patter.bridge.records import Interim, Noted
from patter.engines.pipeline.barge_in import BargeIn
from patter.engines.pipeline.caller_turns import CallerTurns
from patter.engines.pipeline.ears import Ears
from patter.engines.pipeline.held import Held
from patter.engines.pipeline.idle import Idle
from patter.engines.pipeline.opening import Opening
from patter.engines.pipeline.own_words import OwnWords
from patter.engines.pipeline.replies import Replies
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
from patter.engines.pipeline.stt_line import SttLine


class CallerSide:
    """Of one call. Judges what the ears and the keypad give, and asks ``replies`` for the answer."""

    def __init__(
        self,
        parts: Parts,
        stt: SttLine,
        ears: Ears,
        turns: CallerTurns,
        opening: Opening,
        idle: Idle,
        held: Held,
        own_words: OwnWords,
        replies: Replies,
        barge_in: BargeIn,
    ) -> None:
        self._parts = parts
        self._stt = stt
        self._ears = ears
        self._turns = turns
        self._opening = opening
        self._idle = idle
        self._held = held
        self._own_words = own_words
        self._replies = replies
        self._barge_in = barge_in

    @property
    def speaks(self) -> bool:
        """A voice is heard, or words whose end is not certain yet."""
        return self._ears.voiced or bool(self._ears.pending_text)

    # -- what the ears say ------------------------------------------------------------------------

    def signals(self, signals: list[Signal], now: float) -> Outcome:
        out: Outcome = []
        for signal in signals:
            match signal:
                case VoiceBegan(at_ms):
                    self._idle.put_off()
                    self._barge_in.voice_began(at_ms, now)
                case VoiceEnded(at_ms):
                    self._idle.put_off()
                    self._barge_in.voice_ended(at_ms)
                case FinalizeWanted():
                    out.append(SttFinalize(self._stt.stt_id))
                case WordsHeard():
                    out += self._words(signal, now)
                case UtteranceEnded():
                    out += self._utterance_ended(signal, now)
                    self._barge_in.utterance_over()
                case EndLikely(text):
                    out += self._prepare(text, now)
                case WentOn():
                    out += self._replies.guesses.forget()
        return out

    def _words(self, words: WordsHeard, now: float) -> Outcome:
        self._idle.put_off()
        now_ms = self._parts.clock.ms(now)
        out: Outcome = [Note(Interim("user", words.text, now_ms)), *self._replies.guesses.doubt(words.text)]
        return out + self._barge_in.words(words, now)

    def _utterance_ended(self, ended: UtteranceEnded, now: float) -> Outcome:
        if self._held.hushed:
            return []
        if not ended.text:
            return self._no_words(now)
        if self._held.unstoppable and self._opening.first_at is None:
            return self._held.hold(ended)
        if self._barge_in.replying_aloud() and self._barge_in.means_nothing(ended.text, now):
            return [self._note("backchannel.ignored", now)]
        self._turns.write_keys()  # words after keys: the keys were all
        silence_ms = min(
            max(0, self._parts.clock.ms(now) - ended.last_voiced_ms),
            self._parts.plan.turn_taking.max_turn_delay_ms,
        )
        out = self._barge_in.cut("words", now)
        turn_id = self._turns.write(ended.text, ended.started_ms, ended.last_voiced_ms)
        if self._opening.first_at is not None:  # "Hello?": the first message is the answer
            return out + self._own_words.greet(now)
        evidence = {"cause": ended.cause, "silence_ms": silence_ms, "turn_id": turn_id}
        if self._replies.guesses.fits():
            evidence["speculated"] = True
        out.append(self._note("turn.ended", now, **evidence))
        return out + self._answer(turn_id, ended.text, silence_ms, now)

    def _no_words(self, now: float) -> Outcome:
        """A long voice stopped the agent, and nothing was understood of it: ask, rather than be silent."""
        if not self._barge_in.take_cut_by_voice():
            return []
        return self._own_words.say(self._parts.plan.phrases.retry, now)

    def _answer(self, turn_id: str, text: str, end_of_turn_ms: int, now: float) -> Outcome:
        self._barge_in.judge_anew(now)
        self._opening.answered()
        self._idle.answered()
        memory_turn = self._parts.memory.turns[-1]
        return self._replies.answer(turn_id, memory_turn.text or text, end_of_turn_ms, now)

    def _prepare(self, text: str, now: float) -> Outcome:
        """The caller is probably done: the model may begin, and nothing of it is heard yet."""
        waits = self._opening.first_at is not None or self._turns.keys.pending or self._held.hushed
        plan = self._parts.plan
        if waits or not plan.turn_taking.speculation or plan.reply_by != "model":
            return []
        return self._replies.guess(self._turns.history_with(text), now)

    # -- keys -------------------------------------------------------------------------------------

    def pressed(self, event: DigitPressed, now: float) -> Outcome:
        if self._held.unstoppable:
            return self._held.hold(event)
        out = self._barge_in.cut("key", now)
        self._turns.write_ended(self._ears.take())  # speech that was pending comes first, as its own turn
        self._opening.without_first()
        self._idle.put_off()
        keyed = self._turns.keys.press(event.digit, self._parts.clock.ms(now), now)
        return out + self._keyed(keyed, now) if keyed else out

    def keys_due(self, now: float) -> Outcome:
        """Time passed: perhaps no further key belongs to what was pressed."""
        keyed = self._turns.keys.take_due(now)
        if keyed is None:
            return []
        if self._held.unstoppable:
            self._turns.write_entry(keyed)
            return []
        return self._keyed(keyed, now)

    def _keyed(self, keyed: Keyed, now: float) -> Outcome:
        """An entry is complete: a turn of its own."""
        out = self._barge_in.cut("key", now)
        turn_id = self._turns.write_entry(keyed)
        out.append(self._note("key.pressed", now, turn_id=turn_id))
        return out + self._answer(turn_id, digit_text(keyed.digits), 0, now)

    # -- what waited, and what nobody said ----------------------------------------------------------

    def take_held(self, now: float) -> Outcome:
        out: Outcome = []
        for event in self._held.take():
            match event:
                case UtteranceEnded():
                    out += self._utterance_ended(event, now)
                case DigitPressed():
                    out += self.pressed(event, now)
                case _:
                    out += self._own_words.asked(event, now)
        return out

    def answer_machine(self, now: float) -> Outcome:
        """The beep was heard, and whoever replies decides what is left. Then the call ends."""
        self._held.hushed = False
        now_ms = self._parts.clock.ms(now)
        turn_id = self._turns.write(MACHINE_TEXT, now_ms, now_ms)
        return self._replies.answer(turn_id, MACHINE_TEXT, 0, now, end_reason="voicemail")

    def _note(self, kind: str, now: float, **data: object) -> Note:
        return Note(Noted(kind, self._parts.clock.ms(now), data))
