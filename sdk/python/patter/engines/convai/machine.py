"""ElevenLabs Agents as the engine of a call: the vendor hears, decides and speaks; we keep the call. Pure.

The vendor decides on barge-in and turns. What was heard, the history, keys, silence, the ends of the call
and what is said when the vendor fails are ours.
"""

from __future__ import annotations

from patter.bridge.answering import MACHINE_TEXT
from patter.bridge.commands import Command, Note
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
from patter.bridge.memory import Turn
from patter.bridge.records import Interim, Noted
from patter.engines.convai.answering import Answering
from patter.engines.convai.caller import CallerSide
from patter.engines.convai.client_tools import ClientTools, as_text
from patter.engines.convai.endings import After, Ending, ending_of
from patter.engines.convai.ends import FAILURES, Ends
from patter.engines.convai.line import SpeechLine
from patter.engines.convai.owed import Owed
from patter.engines.convai.settings import ConvaiSettings, initiation_of
from patter.engines.convai.silence import Silence, Silent
from patter.engines.convai.voice import Voice
from patter.engines.convai.wanted import ReplyEnd, ReplyPiece, ReplyUnwanted, ReplyWanted
from patter.engines.convai.wire import (
    AgentAudio,
    AgentCorrection,
    AgentDone,
    AgentText,
    CallerText,
    ContextUpdate,
    Interruption,
    Metadata,
    Ping,
    Pong,
    ToolCall,
    ToolResult,
    Trouble,
    Unreadable,
    UserMessage,
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
NOTHING_SAID = frozenset(["", "...", "…"])
"""Transcripts of a caller who only made a noise."""


class ConvaiMachine:
    """The engine of one call in convai mode."""

    def __init__(self, parts: Parts, settings: ConvaiSettings) -> None:
        self._parts = parts
        self._plan = parts.plan
        self._values = parts.plan.turn_taking
        self._settings = settings
        self._line = SpeechLine()
        self._caller = CallerSide(parts)
        self._answering = Answering(parts, self._line.send)
        self._owed = Owed(greeted=not parts.plan.first_message.strip())
        self._voice = Voice(parts, self._line, self._answering, self._owed)
        self._tools = ClientTools()
        self._keys = Keys(parts.plan.keypad, parts.plan.turn_taking.keypad_pause_ms)
        self._silence = Silence(parts.plan)
        self._ends = Ends()
        self._held: list[DigitPressed | SayAsked] = []
        self._trouble: Trouble | None = None
        self._begin_at: float | None = None
        self._unreadable = 0
        self._stopped = False
        self._away = False
        """The caller's line is used for something else."""
        self._hushed = False
        """A machine listens: whatever it says is not answered."""

    # -- beginning --------------------------------------------------------------------------------

    def start(self, now: float) -> Outcome:
        if self._values.first_message_delay_ms:
            self._begin_at = now + self._values.first_message_delay_ms / 1000
        return self._after([*self._line.open(now)], now)

    def line_replaced(self, now: float) -> Outcome:
        """Playback goes on by itself, from what was heard on the line before."""
        self._away = False
        return self._after([], now)

    def line_left(self, now: float, *, goes_on: bool) -> Outcome:
        """The conversation is kept, with silence: its agent is told how a transfer ended."""
        self._away = True
        self._write_keys()
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
                return self._audio(payload, media_ms, now)
            case SpeechMessage(speech_id, message) if self._line.mine(speech_id):
                self._line.heard_from(now)
                return self._message(message, now)
            case SpeechOpened(speech_id) if self._line.mine(speech_id):
                self._line.opened = True
                return self._initiate(now)
            case SpeechFailed(speech_id, error, permanent) if self._line.mine(speech_id):
                after = After.GIVE_UP if permanent else After.AGAIN
                return self._line_over(Ending(after, error), now)
            case SpeechClosed(speech_id, code, reason) if self._line.mine(speech_id):
                return self._line_over(ending_of(code, reason, self._trouble), now)
            case DigitPressed() | SayAsked():
                waits = self._unstoppable or not self._line.ready
                return self._hold(event) if waits else self._from_outside(event, now)
            case MachineHeard():
                return self._ask_about_machine(now)
            case HandlerDelta():
                return [*self._answering.delta(event, now)]
            case HandlerDone():
                return self._handler_done(event, now)
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
                return self._caller_text(message, now)
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
                return self._reply_wanted(message, now)
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
        self._line.answered()
        if self._hushed or self._away:
            return []  # it answers somebody who is not there
        self._ends.words_at = self._tools.transfer_at = None
        if isinstance(message, AgentText):
            return self._voice.text(message, now)
        return self._voice.audio(message, now)

    # -- the line ---------------------------------------------------------------------------------

    def _initiate(self, now: float) -> Outcome:
        """The socket is open. The agent greets at once, so a greeting that is to wait makes this wait."""
        if not self._line.opened or (self._begin_at is not None and self._begin_at > now):
            return []
        self._begin_at = None
        self._line.initiated(now)
        again = self._line.again and self._owed.greeted
        return [*self._line.send(initiation_of(self._plan, self._settings, again=again))]

    def _begun(self, metadata: Metadata, now: float) -> Outcome:
        try:
            early = self._line.begin(metadata, now)
        except ValueError as error:
            return self._line_over(Ending(After.GIVE_UP, str(error)), now)
        formats = {"caller_format": metadata.caller_format, "agent_format": metadata.agent_format}
        begun = self._note("speech.begun", now, conversation=metadata.conversation_id, **formats)
        if not self._owed.greeted and not self._silence.greets:
            self._owed.greeting(now + self._values.handler_timeout_s)
        picked_up = self._pick_up() if self._line.again and self._owed.greeted else []
        return [begun, *early, *picked_up]

    def _pick_up(self) -> list[Command]:
        """A new conversation goes on with the call: it is told what was said, and answers what is open."""
        memory = self._parts.memory
        open_turn = memory.open_caller_turn()
        out: list[Command] = []
        if self._plan.reply_by == "model":
            turns = [turn for turn in memory.turns if turn is not open_turn and turn.text]
            said = [f"{'Caller' if turn.role == 'user' else 'You'}: {turn.text}" for turn in turns]
            told = "The call was going on already. What was said so far:\n" + "\n".join(said)
            out += self._line.send(ContextUpdate(told)) if said else []
        if open_turn is not None:
            self._answering.moved(open_turn.text)
            out += self._line.send(UserMessage(open_turn.text))
        return out

    def _line_over(self, ending: Ending, now: float) -> Outcome:
        """The conversation is gone, for whatever reason."""
        self._trouble = None
        out: Outcome = [*self._line.stop(), self._note("speech.ended", now, reason=ending.words)]
        out += self._tools.stop()
        broken = ending.after in (After.AGAIN, After.GIVE_UP)
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

    # -- the caller -------------------------------------------------------------------------------

    def _audio(self, payload: bytes, media_ms: int, now: float) -> Outcome:
        if self._caller.audio(payload, media_ms, self._parts.playback.now_playing(now)):
            self._silence.broken()
        return [*self._line.caller(payload, now)]

    def _caller_text(self, said: CallerText, now: float) -> Outcome:
        if said.text in NOTHING_SAID or self._voice.words.is_ours(said.text):
            return []
        self._silence.broken()
        now_ms = self._parts.clock.ms(now)
        if not said.final or self._hushed or self._away:
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
        self._await_answer(turn, silence_ms, now)
        told = {"cause": "provider", "silence_ms": silence_ms, "turn_id": turn.turn_id}
        return [self._note("turn.ended", now, **told)]

    def _end_of_turn_ms(self, now: float) -> int:
        silence_ms = self._caller.silence_ms(self._parts.clock.ms(now))
        return min(silence_ms, self._values.max_turn_delay_ms)

    def _await_answer(self, turn: Turn, silence_ms: int, now: float) -> None:
        self._voice.speaking.spoke = False
        self._silence.caller_spoke()
        self._owed.answer(turn, now, silence_ms, now + self._values.handler_timeout_s)

    def _interrupted(self, event_id: int, now: float) -> Outcome:
        if self._unstoppable:
            return []  # the agent falls silent, but what is here is heard
        held = self._voice.speaking.gate.interrupted(event_id)
        stopped = [c for result in self._tools.forget_transfer() for c in self._line.send(result)]
        return self._voice.cut("words", now) + stopped + self._voice.play(held, now)

    # -- who replies ------------------------------------------------------------------------------

    def _reply_wanted(self, wanted: ReplyWanted, now: float) -> Outcome:
        if self._voice.words.is_ours(wanted.text):
            return self._give(wanted, self._voice.words.answer(wanted.text))
        if self._hushed or self._away:
            return self._give(wanted, "")
        open_turn = self._answering.turn
        if open_turn is not None and self._answering.same_turn(wanted):
            if open_turn.heard:
                return self._reengage(wanted)
            return [*self._answering.again(wanted)]
        if not wanted.text:
            return self._reengage(wanted)
        out = self._before_caller()
        turn = self._caller.asked(wanted.text, self._voice.next_turn_id(), self._parts.clock.ms(now))
        silence_ms = self._end_of_turn_ms(now)
        self._await_answer(turn, silence_ms, now)
        heard = self._voice.heard_so_far(now)
        asked = self._answering.ask(
            wanted, turn.turn_id, turn.text, end_of_turn_ms=silence_ms, heard=heard, now=now
        )
        return [*out, *asked]

    def _reengage(self, wanted: ReplyWanted) -> Outcome:
        """The vendor wants its agent to speak though the caller said nothing new: as silence is ours to
        count, this is the same question whether somebody is there."""
        if self._ends.reason or self._silence.greets or self._silence.exhausted:
            return self._give(wanted, "")
        self._silence.take()
        return self._give(wanted, self._plan.phrases.idle)

    def _give(self, wanted: ReplyWanted, text: str) -> Outcome:
        piece = self._line.send(ReplyPiece(wanted.ask_id, text)) if text else []
        return [*piece, *self._line.send(ReplyEnd(wanted.ask_id))]

    def _handler_done(self, event: HandlerDone, now: float) -> Outcome:
        turn = self._answering.turn
        out: Outcome = [*self._answering.done(event, now)]
        if turn is not None and turn.turn_id == event.turn_id and not turn.pieces:
            # A deliberate silence: the caller's turn was answered, and does not go on.
            turn.stopped = turn.heard = True
            self._owed.nothing()
            out += self._voice.speaking.settle()
        return out

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
        spoke = any(turn.role == "user" for turn in self._parts.memory.turns)
        facts = CallFacts(self._parts.clock.ms(now), spoke, self._silence.prompted)
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

    def _ask_about_machine(self, now: float) -> Outcome:
        """The beep was heard, and whoever replies decides what is left. Then the call ends."""
        self._hushed = False
        now_ms = self._parts.clock.ms(now)
        turn = self._caller.keyed(MACHINE_TEXT, self._voice.next_turn_id(), now_ms, now_ms)
        self._await_answer(turn, 0, now)
        self._ending("voicemail", now)
        return [*self._line.send(UserMessage(turn.text))]

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
        self._silence.broken()
        out = self._voice.stop_agent("key", now)
        keyed = self._keys.press(event.digit, self._parts.clock.ms(now), now)
        return out + self._keyed(keyed, now) if keyed else out

    def _keyed(self, keyed: Keyed, now: float) -> Outcome:
        """An entry is complete: a turn of its own, which the vendor gets as the caller's text."""
        out = self._before_caller()
        turn = self._write_key_turn(keyed)
        self._await_answer(turn, 0, now)
        return [
            *out,
            self._note("key.pressed", now, turn_id=turn.turn_id),
            *self._line.send(UserMessage(turn.text)),
        ]

    def _write_key_turn(self, keyed: Keyed) -> Turn:
        turn_id = self._voice.next_turn_id()
        return self._caller.keyed(digit_text(keyed.digits), turn_id, keyed.started_ms, keyed.ended_ms)

    def _write_keys(self) -> None:
        """Nobody is asked about an entry that was overtaken, but it is remembered."""
        if keyed := self._keys.take():
            self._write_key_turn(keyed)

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
        waiting = self._owed.until is not None or self._tools.running or self._keys.pending
        elsewhere = self._away or self._hushed or not self._line.ready
        return self._voice.busy or waiting or elsewhere or bool(self._ends.reason)

    # -- ends -------------------------------------------------------------------------------------

    def say_goodbye(self, reason: str, now: float) -> Outcome:
        return self._after(self._end_with(self._plan.phrases.goodbye, reason, now), now)

    def _ending(self, reason: str, now: float) -> None:
        self._ends.begin(reason, now)
        self._held.clear()
        self._write_keys()

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
        self._write_keys()
        self._ends.clear()
        self._silence.broken()
        out += [*self._answering.stop(""), *self._tools.stop(), *self._voice.speaking.settle()]
        return out + self._line.stop()

    # -- time -------------------------------------------------------------------------------------

    def next_timer(self) -> float | None:
        timers = (
            self._begin_at,
            self._silence.at,
            self._ends.at,
            self._ends.words_at,
            self._tools.transfer_at,
            self._owed.until,
            self._keys.due,
            self._line.next_timer(),
            self._voice.next_timer(),
            self._answering.next_timer(),
            self._tools.next_timer(),
        )
        return min((timer for timer in timers if timer is not None), default=None)

    def handle_timer(self, now: float) -> Outcome:
        out = self._line_timers(now)
        out += self._answering.handle_timer(now)
        stopped, results = self._tools.handle_timer(now)
        out += stopped + [c for result in results for c in self._line.send(result)]
        out += self._voice.handle_timer(now, self._ends.reason)
        if self._owed.until is not None and self._owed.until <= now:
            self._owed.nothing()
        if self._keys.due is not None and self._keys.due <= now and (keyed := self._keys.take()):
            out += self._keyed(keyed, now)
        return self._after(out + self._quiet_timers(now), now)

    def _line_timers(self, now: float) -> Outcome:
        if late := self._line.late(now):
            return self._line_over(Ending(After.AGAIN, late), now)
        out: Outcome = [*self._line.handle_timer(now)]
        if self._begin_at is not None and self._begin_at <= now:
            self._begin_at = None
            out += self._initiate(now)
        return out

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
        if self._caller.voiced:
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
