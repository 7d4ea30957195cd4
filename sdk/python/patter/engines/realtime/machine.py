"""The engine of a call whose ears and voice are one OpenAI Realtime session.

With a model, the session's own conversation is the call: the server hears turns end, replies and stops by
itself. With a handler, the session only hears and reads aloud: its transcript goes to the handler, and
each sentence of the answer is asked for beside the conversation.
"""

from __future__ import annotations

from patter.bridge.answering import MACHINE_TEXT
from patter.bridge.clock import earliest
from patter.bridge.commands import Note
from patter.bridge.engine import EndCall, Outcome, Parts
from patter.bridge.events import (
    CallerAudio,
    DigitPressed,
    Event,
    HandlerDelta,
    HandlerDone,
    HandlerFailed,
    MachineHeard,
    SayAsked,
    SpeechClosed,
    SpeechFailed,
    SpeechMessage,
    SpeechOpened,
    ToolDone,
    TtsAudio,
    TtsDone,
    TtsFailed,
)
from patter.bridge.keypad import Keyed, Keys, digit_text
from patter.bridge.records import Interim, Noted
from patter.engines.realtime import wire
from patter.engines.realtime.caller import Caller
from patter.engines.realtime.greeting import Greeting
from patter.engines.realtime.ledger import Entry, Ledger
from patter.engines.realtime.line import SpeechLine
from patter.engines.realtime.quiet import Quiet
from patter.engines.realtime.replies import Replies
from patter.engines.realtime.reply import Kind
from patter.engines.realtime.rules import Rules
from patter.engines.realtime.sessions import Sessions, end_of, told_of
from patter.engines.realtime.settings import settings_of
from patter.engines.realtime.trouble import Weight, weigh
from patter.engines.realtime.wire import (
    AudioDelta,
    AudioDone,
    Committed,
    ResponseCreated,
    ResponseDone,
    SessionUpdated,
    SpeechStarted,
    SpeechStopped,
    TextDelta,
    TextDone,
    ToolCalled,
    Trouble,
    UserDelta,
    UserSaid,
)


class RealtimeMachine:
    """Wires the line, the caller's turns and the replies. Raises ConfigError where they cannot work."""

    def __init__(self, parts: Parts) -> None:
        assert parts.plan.speech is not None, "the plan of a realtime call names its provider"
        self._parts = parts
        self._plan = parts.plan
        settings = settings_of(parts.plan.speech)
        self._line = SpeechLine(settings.format)
        self._ledger = Ledger(parts.memory)
        self._caller = Caller(settings.silence_ms)
        self._replies = Replies(parts, self._line, self._ledger)
        self._floor = self._replies.floor
        self._sessions = Sessions(parts, settings, self._line, self._floor, self._replies.recovery)
        self._greeting = Greeting(parts.plan)
        self._quiet = Quiet(parts.plan.turn_taking)
        self._keys = Keys(parts.plan.keypad, parts.plan.turn_taking.keypad_pause_ms)
        self._held: list[Entry | DigitPressed | SayAsked] = []
        self._cut_by_voice = False
        self._rules = Rules(
            parts.plan, self._line, self._floor, self._greeting, self._caller, self._ledger, self._keys
        )
        self._due: float | None = None
        self._due_known = False
        """Whether ``_due`` is when the next timer is due. It is asked for after each caller frame."""

    # -- beginning ------------------------------------------------------------------------------

    def start(self, now: float) -> Outcome:
        out: Outcome = [*self._line.open(now)]
        self._greeting.begin(now)
        return self._after(out + self._speak_first(now), now)

    def _speak_first(self, now: float) -> Outcome:
        if not self._greeting.take(now, caller_speaks=self._caller.speaking):
            return []
        return self._say(self._greeting.text, now, Kind.FIRST)

    def line_replaced(self, now: float) -> Outcome:
        """Playback goes on by itself, from what was heard on the line before."""
        self._rules.away = False
        return self._after([], now)

    def line_left(self, now: float, *, goes_on: bool) -> Outcome:
        """The session waits in silence, and answers nothing of what it still hears."""
        self._rules.away = True
        out = [] if goes_on else self._cut("transfer", now)
        self._caller.forget()
        self._write_keys()
        if not goes_on:
            self._greeting.forget_time()
        return self._after(out, now)

    def hush(self, now: float) -> Outcome:
        self._rules.hushed = True
        self._greeting.forget()
        self._held.clear()
        dropped = self._replies.endings.drop(now)
        self._ledger.forget_open()
        return self._after(dropped, now)

    def say_last(self, text: str, reason: str, now: float) -> Outcome:
        return self._after(self._end_with(text, reason, now), now)

    # -- events ---------------------------------------------------------------------------------

    def receive(self, event: Event, now: float) -> Outcome:
        if isinstance(event, CallerAudio):  # most of what happens, and no timer changes by it
            return [] if self._floor.closing else [*self._line.audio(event.payload)]
        self._due_known = False
        if isinstance(event, SpeechMessage) and isinstance(event.message, AudioDelta):
            mine = self._line.owns(event.speech_id)
            return self._replies.audio(event.message, now) if mine else []
        return self._after(self._receive(event, now), now)

    def _receive(self, event: Event, now: float) -> Outcome:
        match event:
            case SpeechMessage(speech_id, message):
                return self._message(message, now) if self._line.owns(speech_id) else []
            case SpeechOpened(speech_id):
                return self._opened(now) if self._line.owns(speech_id) else []
            case SpeechFailed() | SpeechClosed():
                error, permanent = end_of(event)
                owned = self._line.owns(event.speech_id)
                return self._lost(error, now, permanent=permanent) if owned else []
            case HandlerDelta() | HandlerDone() | HandlerFailed():
                return self._replies.handler(event, now)
            case ToolDone():
                return self._replies.rounds.answered(event, now)
            case TtsAudio():
                return self._replies.saying.spare_audio(event, now)
            case TtsDone(say_id):
                return self._replies.saying.spare_done(say_id, now)
            case TtsFailed():
                return self._replies.saying.spare_failed(event, now)
            case DigitPressed(digit):
                return self._hold(event) if self._rules.unstoppable else self._digit(digit, now)
            case MachineHeard():
                return self._ask_about_machine(now)
            case SayAsked(text):
                return self._hold(event) if self._rules.unstoppable else self._say_asked(text, now)
            case _:
                return []

    def _message(self, message: wire.Message, now: float) -> Outcome:
        match message:
            case AudioDone(response_id, item_id):
                return self._replies.item_spoken(response_id, item_id, now)
            case TextDelta() | TextDone():
                self._replies.text(message, now)
            case ToolCalled():
                self._replies.tool_called(message, now)
            case ResponseCreated():
                unasked = not message.tag and not self._sessions.automatic
                return self._replies.created(message, now, unasked=unasked)
            case ResponseDone():
                return self._response_done(message, now)
            case SpeechStarted():
                return self._voice_began(message, now)
            case SpeechStopped():
                self._caller.stopped(message, self._line.sent_ms, now)
            case Committed():
                return self._committed(message, now)
            case UserDelta(item_id, text):
                said = self._caller.writing(item_id, text)
                return [Note(Interim("user", said, self._parts.clock.ms(now)))]
            case UserSaid(item_id, text):
                self._ledger.transcribed(item_id, text)
            case SessionUpdated():
                return [] if self._line.ready else self._begun(now)
            case Trouble():
                return self._trouble(message, now)
            case _:
                pass
        return []

    def _response_done(self, message: ResponseDone, now: float) -> Outcome:
        if message.error is not None and weigh(message.error) is Weight.FATAL:
            return self._lost(f"{message.error.code}: {message.error.message}", now, permanent=True)
        return self._replies.done(message, now)

    # -- the session ------------------------------------------------------------------------------

    def _opened(self, now: float) -> Outcome:
        return self._sessions.opened(automatic=self._rules.automatic)

    def _begun(self, now: float) -> Outcome:
        begun = self._sessions.begun(self._caller, now)
        return begun + self._replies.saying.speak(now)

    def _trouble(self, trouble: Trouble, now: float) -> Outcome:
        told = told_of(trouble)
        match weigh(trouble):
            case Weight.HARMLESS:
                return []
            case Weight.FATAL:
                return self._lost(told, now, permanent=True)
            case Weight.SESSION:
                return self._lost(told, now, permanent=False)
        refused = self._replies.refused(trouble.event_id, trouble.code, now)
        return [self._note("speech.refused", now, code=trouble.code), *refused]

    def _lost(self, error: str, now: float, *, permanent: bool) -> Outcome:
        self._caller.forget()
        out = self._sessions.lost(error, now, permanent=permanent)
        if self._line.dead:
            self._held.clear()
            self._greeting.forget_time()
            return out
        if self._ledger.give_up_waiting():
            out.append(self._note("transcript.missing", now))
            out += self._take_known(now)
            if self._floor.by_model and self._floor.current is not None and not self._floor.closing:
                return out + self._replies.recovery.ask_to_repeat(now)
        return out

    # -- the caller -------------------------------------------------------------------------------

    def _voice_began(self, message: SpeechStarted, now: float) -> Outcome:
        ago_ms = max(0, self._line.sent_ms - message.audio_start_ms)
        self._caller.started(self._parts.clock.ms(now) - ago_ms, now)
        self._cut_by_voice = False
        self._quiet.broken()
        self._floor.postpone_expected(now)
        if not self._rules.interruptible:
            return []
        self._cut_by_voice = True
        return self._cut("voice", now, cancel=not self._sessions.automatic)

    def _committed(self, message: Committed, now: float) -> Outcome:
        self._line.utterance_taken()
        self._caller.taken()
        if self._rules.hushed:
            return [*self._line.say(wire.delete_item(message.item_id))]
        turn_id = self._floor.next_turn_id()
        started_ms, ended_ms = self._caller.span(self._parts.clock.ms(now))
        item_id, before = message.item_id, message.previous_item_id
        self._ledger.caller_spoke(turn_id, item_id, before, started_ms, ended_ms, now)
        self._write_keys()  # words after keys: the keys were all
        if not self._floor.by_model:
            return []  # the transcript decides
        silence_ms = self._caller.end_of_turn_ms(now)
        noted = self._note("turn.ended", now, cause="provider", silence_ms=silence_ms, turn_id=turn_id)
        if self._sessions.automatic:
            self._answered_silence()
            self._replies.expect(turn_id, silence_ms, now)
        elif self._rules.unstoppable and not self._greeting.due:
            self._hold(Entry("user", turn_id))
        elif not self._rules.greets and not self._rules.away:
            self._answered_silence()
            return [noted, *self._replies.answer(turn_id, "", silence_ms, now)]
        return [noted]  # while a greeting waits to be spoken, it is the answer

    def _take_known(self, now: float) -> Outcome:
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
        if self._rules.unstoppable and not self._greeting.due:
            return self._hold(entry)
        if not entry.text:
            return self._no_words(now)
        if self._rules.unheard_greeting:  # it is the answer
            return self._say(self._greeting.text, now, Kind.FIRST) if self._greeting.due else []
        cut = self._cut("words", now)
        silence_ms = self._caller.end_of_turn_ms(now)
        noted = self._note("turn.ended", now, cause="provider", silence_ms=silence_ms, turn_id=entry.turn_id)
        return [*cut, noted, *self._answer(entry.turn_id, entry.text, silence_ms, now)]

    def _no_words(self, now: float) -> Outcome:
        """A voice stopped the agent, and nothing was understood of it: ask, rather than be silent."""
        if not self._cut_by_voice or self._floor.current is not None:
            return []
        self._cut_by_voice = False
        return self._say(self._plan.phrases.retry, now)

    def _answer(self, turn_id: str, text: str, end_of_turn_ms: int, now: float) -> Outcome:
        self._answered_silence()
        turns = self._parts.memory.turns
        words = turns[-1].text if turns and turns[-1].turn_id == turn_id else text
        return self._replies.answer(turn_id, words, end_of_turn_ms, now)

    def _ask_about_machine(self, now: float) -> Outcome:
        """The beep was heard, and whoever replies decides what is left. Then the call ends."""
        self._rules.hushed = False
        now_ms, turn_id = self._parts.clock.ms(now), self._floor.next_turn_id()
        self._ledger.add(Entry("user", turn_id, MACHINE_TEXT, now_ms, now_ms))
        out = self._take_known(now)
        if self._floor.by_model:
            out += self._line.say(wire.text_item("user", MACHINE_TEXT))
        return out + self._replies.answer(turn_id, MACHINE_TEXT, 0, now, end_reason="voicemail")

    def _answered_silence(self) -> None:
        self._greeting.forget()
        self._quiet.answered()

    # -- keys -------------------------------------------------------------------------------------

    def _digit(self, digit: str, now: float) -> Outcome:
        out = self._cut("key", now)
        self._greeting.forget_time()
        self._quiet.broken()
        keyed = self._keys.press(digit, self._parts.clock.ms(now), now)
        return out + self._keyed(keyed, now) if keyed else out

    def _keyed(self, keyed: Keyed, now: float) -> Outcome:
        """An entry is complete: a turn of its own."""
        out = self._cut("key", now)
        text, turn_id = digit_text(keyed.digits), self._write_key_turn(keyed)
        out += self._take_known(now)
        out.append(self._note("key.pressed", now, turn_id=turn_id))
        if self._floor.by_model:
            out += self._line.say(wire.text_item("user", text))
        return out + self._answer(turn_id, text, 0, now)

    def _write_key_turn(self, keyed: Keyed) -> str:
        turn_id = self._floor.next_turn_id()
        text = digit_text(keyed.digits)
        self._ledger.add(Entry("user", turn_id, text, keyed.started_ms, keyed.ended_ms))
        return turn_id

    def _write_keys(self) -> None:
        """Nobody is asked about an entry that was overtaken, but it is remembered."""
        if keyed := self._keys.take():
            self._write_key_turn(keyed)

    # -- what is said -----------------------------------------------------------------------------

    def _hold(self, held: Entry | DigitPressed | SayAsked) -> Outcome:
        self._held.append(held)
        return []

    def _take_held(self, now: float) -> Outcome:
        held, self._held = self._held, []
        out: Outcome = []
        for one in held:
            if isinstance(one, Entry) and self._floor.by_model:
                out += self._answer(one.turn_id, "", 0, now)
            elif isinstance(one, Entry):
                out += self._heard(one, now)
            else:
                out += self._receive(one, now)
        return out

    def _say(self, text: str, now: float, kind: Kind = Kind.SYSTEM) -> Outcome:
        self._greeting.forget_time()
        return self._replies.saying.say(text, kind, now)

    def _say_asked(self, text: str, now: float) -> Outcome:
        self._rules.hushed = False
        return [*self._cut("say", now), *self._say(text, now)]

    def _cut(self, by: str, now: float, *, cancel: bool = True) -> Outcome:
        if self._floor.current is None:
            return []
        heard_ms = self._parts.playback.heard_ms(now)
        cut = self._replies.endings.cut(now, cancel=cancel)
        return [self._note("reply.cut", now, by=by, heard_ms=heard_ms), *cut]

    def _end_with(self, phrase: str, reason: str, now: float) -> Outcome:
        if self._floor.closing:
            return []  # the call ends already, and what is being said is heard in full
        self._greeting.forget_time()
        self._held.clear()
        self._write_keys()
        cut = self._cut("end", now)
        return cut + self._replies.saying.say(phrase, Kind.SYSTEM, now, end_reason=reason)

    def say_goodbye(self, reason: str, now: float) -> Outcome:
        return self._after(self._end_with(self._plan.phrases.goodbye, reason, now), now)

    def playback_moved(self, now: float) -> Outcome:
        return self._after(self._replies.endings.playback_moved(now), now)

    def _after(self, out: Outcome, now: float) -> Outcome:
        """Whatever happened: either somebody replies, or the caller is waited for."""
        self._due_known = False
        out = out + self._take_known(now)
        if self._held and not self._rules.unstoppable and not any(isinstance(c, EndCall) for c in out):
            out = out + self._take_held(now)
        out = out + self._sessions.switch(automatic=self._rules.automatic)
        if self._replies.has_news and self._rules.nobody_speaks:
            out = out + self._replies.tell_news(now)
        elif self._line.is_old(now) and self._rules.may_renew:
            out = out + self._replies.renew(now)
        if not self._rules.stopped:
            self._quiet.wait(now, for_caller=self._rules.waits_for_caller)
        return out

    # -- time -------------------------------------------------------------------------------------

    def next_timer(self) -> float | None:
        if not self._due_known:
            self._due_known = True
            self._due = earliest(
                self._greeting.at,
                self._quiet.at,
                self._keys.due,
                self._caller.next_timer(),
                self._line.next_timer(),
                self._ledger.next_timer(),
                self._replies.next_timer(),
            )
        return self._due

    def handle_timer(self, now: float) -> Outcome:
        out: Outcome = [*self._line.handle_timer(now)]
        if self._line.is_late(now):
            out += self._lost("no session in time", now, permanent=False)
        if self._caller.speaks_too_long(now):
            out += self._lost("the session hears no end", now, permanent=False)
        out += self._speak_first(now)
        out += self._replies.handle_timer(now)
        if self._replies.recovery.stuck:
            out += self._lost("the session fell silent", now, permanent=False)
        if self._ledger.handle_timer(now):
            out.append(self._note("transcript.missing", now))
        if self._keys.due is not None and self._keys.due <= now:
            if self._rules.unstoppable:
                self._write_keys()
            elif keyed := self._keys.take():
                out += self._keyed(keyed, now)
        if self._quiet.take(now):
            out += self._idle(now)
        return self._after(out, now)

    def _idle(self, now: float) -> Outcome:
        if self._greeting.take_in_silence():
            return self._say(self._greeting.text, now, Kind.FIRST)
        if not self._quiet.ask_again():
            return self._end_with(self._plan.phrases.goodbye, "idle", now)
        return self._say(self._plan.phrases.idle, now)

    # -- end --------------------------------------------------------------------------------------

    def stop(self, now: float) -> Outcome:
        self._rules.stopped = True
        out = self._replies.endings.cut(now)
        self._ledger.give_up_waiting()
        self._write_keys()
        self._ledger.settle()
        _, settled = self._ledger.take_known()
        self._held.clear()
        self._greeting.forget_time()
        self._quiet.broken()
        return [*out, *map(Note, settled), *self._line.stop()]

    def _note(self, kind: str, now: float, **data: object) -> Note:
        return Note(Noted(kind, self._parts.clock.ms(now), data))
