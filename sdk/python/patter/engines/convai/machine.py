"""ElevenLabs Agents as the engine of a call: the vendor hears, decides and speaks; we keep the call. Pure.

The vendor decides on barge-in and turns. What was heard, the history, keys, silence, the ends of the call
and what is said when the vendor fails are ours.
"""

from __future__ import annotations

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
from patter.bridge.records import Noted
from patter.engines.convai.answering import Answering
from patter.engines.convai.client_tools import ClientTools, as_text
from patter.engines.convai.conversation import Conversation
from patter.engines.convai.endings import After, Ending, ending_of
from patter.engines.convai.ends import FAILURES, Ends
from patter.engines.convai.line import SpeechLine
from patter.engines.convai.owed import Owed
from patter.engines.convai.settings import ConvaiSettings
from patter.engines.convai.silence import Silence, Silent
from patter.engines.convai.turns import Turns
from patter.engines.convai.voice import Voice
from patter.engines.convai.wanted import ReplyUnwanted, ReplyWanted
from patter.engines.convai.wire import (
    AgentAudio,
    AgentCorrection,
    AgentDone,
    AgentText,
    CallerText,
    Interruption,
    Metadata,
    Ping,
    Pong,
    ToolCall,
    ToolResult,
    Trouble,
    Unreadable,
)
from patter.engines.pipeline.reply import Kind
from patter.tools.builtin import (
    END_CALL,
    TRANSFER_CALL,
    CallFacts,
    end_call_refusal,
    transfer_refusal,
)

MOST_UNREADABLE_NOTES = 5


class ConvaiMachine:
    """The engine of one call in convai mode."""

    def __init__(self, parts: Parts, settings: ConvaiSettings) -> None:
        self._parts = parts
        self._plan = parts.plan
        self._values = parts.plan.turn_taking
        self._line = SpeechLine()
        self._answering = Answering(parts, self._line.send)
        self._owed = Owed(greeted=not parts.plan.first_message.strip())
        self._voice = Voice(parts, self._line, self._answering, self._owed)
        self._tools = ClientTools(parts.plan.tool_traits)
        self._silence = Silence(parts.plan)
        shared = (self._answering, self._owed, self._silence)
        self._turns = Turns(parts, self._line, self._voice, *shared)
        self._conversation = Conversation(parts, settings, self._line, self._turns, *shared)
        self._ends = Ends()
        self._held: list[DigitPressed | SayAsked] = []
        self._trouble: Trouble | None = None
        self._unreadable = 0
        self._stopped = False
        self._away = False
        """The caller's line is used for something else."""
        self._hushed = False
        """A machine listens: whatever it says is not answered."""

    # -- beginning --------------------------------------------------------------------------------

    def start(self, now: float) -> Outcome:
        return self._after([*self._conversation.start(now)], now)

    def line_replaced(self, now: float) -> Outcome:
        """Playback goes on by itself, from what was heard on the line before."""
        self._away = False
        return self._after([], now)

    def line_left(self, now: float, *, goes_on: bool) -> Outcome:
        """The conversation is kept, with silence: its agent is told how a transfer ended."""
        self._away = True
        self._turns.write_keys()
        return self._after([] if goes_on else self._voice.stop_agent("transfer", now), now)

    def hush(self, now: float) -> Outcome:
        self._hushed = True
        self._held.clear()
        self._owed.nothing()
        self._silence.caller_spoke()
        dropped = self._voice.drop(now)
        self._parts.memory.forget_open()
        return self._after(dropped, now)

    def say_last(self, text: str, reason: str, now: float) -> Outcome:
        self._hushed = False
        return self._after(self._end_with(text, reason, now), now)

    # -- events -----------------------------------------------------------------------------------

    def receive(self, event: Event, now: float) -> Outcome:
        return self._after(self._receive(event, now), now)

    def _receive(self, event: Event, now: float) -> Outcome:
        match event:
            case CallerAudio(payload, media_ms):
                return self._turns.audio(payload, media_ms, now)
            case SpeechMessage(speech_id, message) if self._line.mine(speech_id):
                self._line.heard_from(now)
                return self._message(message, now)
            case SpeechOpened(speech_id) if self._line.mine(speech_id):
                return [*self._conversation.opened(now)]
            case SpeechFailed(speech_id, error, permanent) if self._line.mine(speech_id):
                after = After.GIVE_UP if permanent else After.AGAIN
                return self._line_over(Ending(after, error), now)
            case SpeechClosed(speech_id, code, reason) if self._line.mine(speech_id):
                return self._line_over(ending_of(code, reason, self._trouble), now)
            case DigitPressed() | SayAsked():
                waits = self._unstoppable or not self._line.ready
                return self._hold(event) if waits else self._from_outside(event, now)
            case MachineHeard():
                self._hushed = False
                asked = self._turns.machine(now)
                self._ending("voicemail", now)
                return asked
            case HandlerDelta():
                return [*self._answering.delta(event, now)]
            case HandlerDone():
                return self._turns.handler_done(event, now)
            case HandlerFailed():
                return [*self._answering.failed(event, now)]
            case ToolDone():
                return [c for result in self._tools.done(event) for c in self._line.send(result)]
            case TtsAudio() | TtsDone() | TtsFailed():
                return self._voice.own(event, now)
            case _:
                return []

    def _message(self, message: object, now: float) -> Outcome:
        match message:
            case AgentAudio() | AgentText():
                return self._agent(message, now)
            case CallerText():
                return self._turns.text(message, now, deaf=self._deaf)
            case Ping(event_id):
                return [*self._line.send(Pong(event_id))]
            case Interruption(event_id):
                return self._interrupted(event_id, now)
            case AgentCorrection(corrected):
                self._voice.speaking.correct(corrected, now)
            case AgentDone():
                if self._voice.current is not None:
                    self._voice.current.done(now)
            case ToolCall():
                return self._tool_call(message, now)
            case ReplyWanted():
                ending = bool(self._ends.reason)
                return self._turns.reply_wanted(message, now, deaf=self._deaf, ending=ending)
            case ReplyUnwanted(ask_id):
                self._answering.gone(ask_id)
            case Metadata():
                return self._begun(message, now)
            case Trouble():
                self._trouble = message
            case Unreadable(reason):
                self._unreadable += 1
                if self._unreadable <= MOST_UNREADABLE_NOTES:
                    return [self._note("speech.unreadable", now, reason=reason)]
        return []

    def _agent(self, message: AgentAudio | AgentText, now: float) -> Outcome:
        if isinstance(message, AgentAudio):
            self._line.answered()
        if self._deaf:
            return []  # it answers somebody who is not there
        self._ends.words_at = self._tools.transfer_at = None
        if isinstance(message, AgentText):
            return self._voice.text(message, now)
        return self._voice.audio(message, now)

    @property
    def _deaf(self) -> bool:
        """Whoever is on the line is nobody to talk with."""
        return self._hushed or self._away

    # -- the line ---------------------------------------------------------------------------------

    def _begun(self, metadata: Metadata, now: float) -> Outcome:
        try:
            return [*self._conversation.begun(metadata, now)]
        except ValueError as error:
            return self._line_over(Ending(After.GIVE_UP, str(error)), now)

    def _line_over(self, ending: Ending, now: float) -> Outcome:
        """The conversation is gone, for whatever reason."""
        self._trouble = None
        out: Outcome = [*self._line.stop(), self._note("speech.ended", now, reason=ending.words)]
        self._tools.line_lost()
        broken = ending.after in (After.AGAIN, After.GIVE_UP)
        if broken and self._voice.speaking.unsaid(now) is Kind.FIRST:
            self._owed.greeted = False  # the next conversation greets
        out += self._voice.speaking.close(now, broken=broken)
        if self._stopped or self._voice.closing:
            return out
        if ending.after is After.HANG_UP:
            self._ending("agent_ended", now)
        elif ending.after is After.TOO_LONG:
            return out + self._end_with(self._plan.phrases.goodbye, "max_duration", now)
        if self._ends.reason:  # what is here is heard, and no more comes
            return out if self._voice.current is not None else out + self._end_now(now)
        if ending.after is After.AGAIN and self._line.lost(now):
            return out
        return out + self._end_with(self._plan.phrases.apology, "provider_error", now)

    def _interrupted(self, event_id: int, now: float) -> Outcome:
        if self._unstoppable:
            return []  # the agent falls silent, but what is here is heard
        held = self._voice.speaking.gate.interrupted(event_id)
        stopped = [c for result in self._tools.forget_transfer() for c in self._line.send(result)]
        return self._voice.cut("words", now) + stopped + self._voice.play(held, now)

    # -- tools ------------------------------------------------------------------------------------

    def _tool_call(self, call: ToolCall, now: float) -> Outcome:
        if refused := self._refusal(call, now):
            told = self._note("tool.refused", now, tool=call.name)
            failed = ToolResult(call.tool_call_id, as_text({"error": refused}), is_error=True)
            return [told, *self._line.send(failed)]
        if call.name == END_CALL:
            return self._end_call(call, now)
        out, results = self._tools.call(call, now)
        return out + [c for result in results for c in self._line.send(result)]

    def _refusal(self, call: ToolCall, now: float) -> str | None:
        """Why the model may not do this now, as a sentence for it."""
        facts = CallFacts(self._parts.clock.ms(now), self._turns.any, self._silence.prompted)
        if call.name == END_CALL:
            return end_call_refusal(facts)
        return transfer_refusal(facts) if call.name == TRANSFER_CALL else None

    def _end_call(self, call: ToolCall, now: float) -> Outcome:
        result = ToolResult(call.tool_call_id, as_text({"status": "the call ends after your goodbye"}))
        ended: Outcome = [self._note("tool.end_call", now), *self._line.send(result)]
        if self._ends.reason:
            return ended
        self._ending("agent_ended", now)
        if self._voice.current is None and self._voice.speaking.spoke:
            return ended + self._end_now(now)
        if self._voice.current is None:
            self._ends.wait_for_words(now)
        return ended

    # -- keys, and what others want said ----------------------------------------------------------

    @property
    def _unstoppable(self) -> bool:
        """Words that the caller must hear: whatever comes meanwhile has its turn after them."""
        if self._ends.reason or self._voice.closing:
            return True
        if self._values.first_message_interruptible or self._silence.greets:
            return False
        reply = self._voice.current
        return not self._owed.greeted or (reply is not None and reply.kind is Kind.FIRST)

    def _hold(self, event: DigitPressed | SayAsked) -> Outcome:
        self._held.append(event)
        return []

    def _take_held(self, now: float) -> Outcome:
        held, self._held = self._held, []
        return [command for event in held for command in self._from_outside(event, now)]

    def _from_outside(self, event: DigitPressed | SayAsked, now: float) -> Outcome:
        if isinstance(event, SayAsked):
            self._hushed = False
            return self._voice.say(event.text, Kind.SYSTEM, now)
        return self._voice.stop_agent("key", now) + self._turns.press(event.digit, now)

    # -- the agent is heard -----------------------------------------------------------------------

    def playback_moved(self, now: float) -> Outcome:
        """The carrier played something."""
        return self._after(self._voice.moved(now), now)

    def _after(self, out: Outcome, now: float) -> Outcome:
        """Whatever happened: either somebody replies, or the caller is waited for."""
        if (settled := self._voice.finished(now)) is not None:
            out = out + settled + self._tools.take_transfer()
            if self._ends.reason and not self._answering.going_on and not self._stopped:
                out += self._end_now(now, said=True)
        if self._answering.given_up and not self._ends.reason:
            self._ending("handler_lost", now)
        if self._held and self._line.ready and not self._unstoppable:
            out = out + self._take_held(now)
        if not self._stopped:
            self._silence.watch(now, busy=self._busy)
        return out

    @property
    def _busy(self) -> bool:
        waiting = self._owed.until is not None or self._tools.running or self._turns.keys_pending
        elsewhere = self._away or self._hushed or not self._line.ready
        return self._voice.busy or waiting or elsewhere or bool(self._ends.reason)

    # -- ends -------------------------------------------------------------------------------------

    def say_goodbye(self, reason: str, now: float) -> Outcome:
        return self._after(self._end_with(self._plan.phrases.goodbye, reason, now), now)

    def _ending(self, reason: str, now: float) -> None:
        self._ends.begin(reason, now)
        self._held.clear()
        self._turns.write_keys()

    def _end_with(self, phrase: str, reason: str, now: float) -> Outcome:
        if self._ends.reason:
            return []  # the call ends already, and what is being said is heard in full
        self._ending(reason, now)
        return self._voice.say(phrase, Kind.SYSTEM, now, end_reason=reason)

    def _end_now(self, now: float, *, said: bool = False) -> Outcome:
        self._ends.clear()
        owed = self._ends.reason in FAILURES and not said
        return [EndCall(self._ends.reason, self._plan.phrases.apology if owed else "")]

    def stop(self, now: float) -> Outcome:
        self._stopped = True
        out = self._voice.cut("end", now)
        self._turns.write_keys()
        self._ends.clear()
        self._silence.broken()
        out += [*self._answering.stop(""), *self._tools.stop(), *self._voice.speaking.settle()]
        return out + self._line.stop()

    # -- time -------------------------------------------------------------------------------------

    def next_timer(self) -> float | None:
        timers = (
            self._conversation.begin_at,
            self._silence.at,
            self._ends.at,
            self._ends.words_at,
            self._tools.transfer_at,
            self._owed.until,
            self._turns.keys_due,
            self._line.next_timer(),
            self._voice.next_timer(),
            self._answering.next_timer(),
            self._tools.next_timer(),
        )
        return min((timer for timer in timers if timer is not None), default=None)

    def handle_timer(self, now: float) -> Outcome:
        out = self._line_timers(now)
        out += self._answering.handle_timer(now)
        out += [c for result in self._tools.handle_timer(now) for c in self._line.send(result)]
        out += self._voice.handle_timer(now, self._ends.reason)
        if self._owed.until is not None and self._owed.until <= now:
            self._owed.nothing()
        out += self._turns.end_entry(now)
        return self._after(out + self._quiet_timers(now), now)

    def _line_timers(self, now: float) -> Outcome:
        if late := self._line.late(now):
            return self._line_over(Ending(After.AGAIN, late), now)
        return [*self._line.handle_timer(now), *self._conversation.handle_timer(now)]

    def _quiet_timers(self, now: float) -> Outcome:
        """Nobody spoke for long enough."""
        out: Outcome = []
        if self._ends.words_at is not None and self._ends.words_at <= now:
            self._ends.words_at = None
            out += self._voice.say(self._plan.phrases.goodbye, Kind.SYSTEM, now)
        if self._silence.at is not None and self._silence.at <= now:
            out += self._break_silence(now)
        if self._tools.transfer_at is not None and self._tools.transfer_at <= now:
            out += self._tools.take_transfer()
        if self._ends.is_due(now, speaking=self._voice.speaking_now):
            out += self._end_now(now)
        return out

    def _break_silence(self, now: float) -> Outcome:
        if self._turns.voiced:
            self._silence.broken()
            return []
        match self._silence.take():
            case Silent.GREETING:
                self._owed.greeted = True
                return self._voice.say(self._plan.first_message, Kind.FIRST, now)
            case Silent.PROMPT:
                return self._voice.say(self._plan.phrases.idle, Kind.SYSTEM, now)
            case Silent.GOODBYE:
                return self._end_with(self._plan.phrases.goodbye, "idle", now)

    def _note(self, kind: str, now: float, **data: object) -> Note:
        return Note(Noted(kind, self._parts.clock.ms(now), data))
