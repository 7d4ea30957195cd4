"""The engine of a call whose ears and voice are one OpenAI Realtime session.

With a model, the session's own conversation is the call: the server hears turns end, replies and stops by
itself. With a handler, the session only hears and reads aloud: its transcript goes to the handler, and
each sentence of the answer is asked for beside the conversation.
"""

from __future__ import annotations

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
from patter.bridge.keypad import Keys
from patter.bridge.records import Interim
from patter.engines.realtime import wire
from patter.engines.realtime.caller import Caller
from patter.engines.realtime.caller_turns import CallerTurns
from patter.engines.realtime.greeting import Greeting
from patter.engines.realtime.ledger import Ledger
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
        self._phrases = parts.plan.phrases
        settings = settings_of(parts.plan.speech)
        self._line = SpeechLine(settings.format)
        self._ledger = Ledger(parts.memory)
        self._caller = Caller(settings.silence_ms)
        self._replies = Replies(parts, self._line, self._caller, self._ledger)
        self._floor = self._replies.floor
        self._sessions = Sessions(parts, settings, self._line, self._floor, self._replies.recovery)
        self._greeting = Greeting(parts.plan)
        self._quiet = Quiet(parts.plan.turn_taking)
        self._keys = Keys(parts.plan.keypad, parts.plan.turn_taking.keypad_pause_ms)
        self._rules = Rules(
            parts.plan, self._line, self._floor, self._greeting, self._caller, self._ledger, self._keys
        )
        self._turns = CallerTurns(
            parts,
            self._line,
            self._ledger,
            self._caller,
            self._keys,
            self._greeting,
            self._quiet,
            self._replies,
            self._sessions,
            self._rules,
        )
        self._due: float | None = None
        self._due_known = False
        """Whether ``_due`` is when the next timer is due. It is asked for after each caller frame."""

    # -- beginning ------------------------------------------------------------------------------

    def start(self, now: float) -> Outcome:
        out: Outcome = [*self._line.open(now)]
        if self._greeting.announcing:
            return self._after(out + self._turns.say(self._greeting.announcement, now, Kind.NOTICE), now)
        self._greeting.begin(now)
        return self._after(out + self._speak_first(now), now)

    def _greet_after_announcement(self, out: Outcome, now: float) -> Outcome:
        """It was heard: the call begins. Not where it ended early, with the call or with the caller away."""
        self._greeting.announcing = False
        rules, ends = self._rules, any(isinstance(command, EndCall) for command in out)
        if ends or self._floor.current is not None or rules.away or rules.hushed:
            return []
        self._greeting.begin(now)
        return self._speak_first(now)

    def _speak_first(self, now: float) -> Outcome:
        if not self._greeting.take(now, caller_speaks=self._caller.speaking):
            return []
        return self._turns.say(self._greeting.text, now, Kind.FIRST)

    def line_replaced(self, now: float) -> Outcome:
        """Playback goes on by itself, from what was heard on the line before."""
        self._rules.away = False
        return self._after([], now)

    def line_left(self, now: float, *, goes_on: bool) -> Outcome:
        """The session waits in silence, and answers nothing of what it still hears."""
        self._rules.away = True
        out = [] if goes_on else self._turns.cut("transfer", now)
        self._caller.forget()
        self._turns.write_keys()
        if not goes_on:
            self._greeting.forget_time()
        return self._after(out, now)

    def hush(self, now: float) -> Outcome:
        self._rules.hushed = True
        self._greeting.forget()
        self._turns.drop_held()
        dropped = self._replies.endings.drop(now)
        self._ledger.forget_open()
        return self._after(dropped, now)

    def say_last(self, text: str, reason: str, now: float) -> Outcome:
        return self._after(self._turns.end_with(text, reason, now), now)

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
            case DigitPressed() | SayAsked() if self._rules.unstoppable:
                return self._turns.hold(event)
            case DigitPressed(digit):
                return self._turns.digit(digit, now)
            case SayAsked(text):
                return self._turns.say_asked(text, now)
            case MachineHeard():
                return self._turns.ask_about_machine(now)
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
                return self._turns.voice_began(message, now)
            case SpeechStopped():
                self._caller.stopped(message, self._line.sent_ms, now)
            case Committed():
                return self._turns.committed(message, now)
            case UserDelta(item_id, text):
                said = self._caller.writing(item_id, text)
                return [Note(Interim("user", said, self._parts.clock.ms(now)))]
            case UserSaid(item_id, text):
                self._ledger.transcribed(item_id, text)
            case SessionUpdated():
                return [] if self._line.ready else self._begun(now)
            case Trouble():
                return self._trouble(message, now)
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
        return [self._floor.note("speech.refused", now, code=trouble.code), *refused]

    def _lost(self, error: str, now: float, *, permanent: bool) -> Outcome:
        self._caller.forget()
        out = self._sessions.lost(error, now, permanent=permanent)
        if self._line.dead:
            self._turns.drop_held()
            self._greeting.forget_time()
            return out
        if self._ledger.give_up_waiting():
            out.append(self._floor.note("transcript.missing", now))
            out += self._turns.take_known(now)
            if self._floor.by_model and self._floor.current is not None and not self._floor.closing:
                return out + self._replies.recovery.ask_to_repeat(now)
        return out

    # -- what is said -----------------------------------------------------------------------------

    def say_goodbye(self, reason: str, now: float) -> Outcome:
        return self._after(self._turns.end_with(self._phrases.goodbye, reason, now), now)

    def playback_moved(self, now: float) -> Outcome:
        out = self._replies.endings.playback_moved(now)
        if not out and self._parts.playback.active:  # it goes on: what others wait for has not come
            self._due_known = False
            return []
        return self._after(out, now)

    def _after(self, out: Outcome, now: float) -> Outcome:
        """Whatever happened: either somebody replies, or the caller is waited for."""
        self._due_known = False
        if self._greeting.announcing and not self._rules.announces:
            out = out + self._greet_after_announcement(out, now)
        out = out + self._turns.take_known(now)
        if self._replies.saying.yielding:
            out = out + self._replies.saying.speak(now)
        if self._turns.holds and not any(isinstance(command, EndCall) for command in out):
            out = out + self._turns.take_held(now, self._receive)
        out = out + self._sessions.switch(automatic=self._rules.automatic)
        if self._replies.has_news and self._rules.nobody_speaks:
            out = out + self._replies.tell_news(now)
        elif self._line.is_old(now) and self._rules.may_renew:
            out = out + self._replies.renew(now)
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
            out.append(self._floor.note("transcript.missing", now))
        out += self._turns.keys_due(now)
        if self._quiet.take(now):
            out += self._idle(now)
        return self._after(out, now)

    def _idle(self, now: float) -> Outcome:
        if self._greeting.take_in_silence():
            return self._turns.say(self._greeting.text, now, Kind.FIRST)
        if not self._quiet.ask_again():
            return self._turns.end_with(self._phrases.goodbye, "idle", now)
        return self._turns.say(self._phrases.idle, now)

    # -- end --------------------------------------------------------------------------------------

    def stop(self, now: float) -> Outcome:
        out = self._replies.endings.cut(now)
        self._ledger.give_up_waiting()
        self._turns.write_keys()
        self._ledger.settle()
        _, settled = self._ledger.take_known()
        self._turns.drop_held()
        self._greeting.forget_time()
        self._quiet.broken()
        return [*out, *map(Note, settled), *self._line.stop()]
