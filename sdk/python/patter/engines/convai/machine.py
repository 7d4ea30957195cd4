"""ElevenLabs Agents as the engine of a call: the vendor hears, decides and speaks; we keep the call. Pure.

The vendor decides on barge-in and turns. What was heard, the history, keys, silence, the ends of the call
and what is said when the vendor fails are ours.
"""

from __future__ import annotations

from patter.bridge.clock import earliest
from patter.bridge.commands import Note
from patter.bridge.engine import Outcome, Parts
from patter.bridge.events import (
    CallerAudio,
    DigitPressed,
    Event,
    HandlerDelta,
    HandlerDone,
    HandlerFailed,
    LlmDelta,
    LlmDone,
    LlmFailed,
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
from patter.engines.convai.closing import Closing
from patter.engines.convai.endings import After, Ending, ending_of
from patter.engines.convai.rooms import furnish
from patter.engines.convai.settings import ConvaiSettings
from patter.engines.convai.silence import Silent
from patter.engines.convai.tool_calls import ToolCalls
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
    Trouble,
    Unreadable,
)
from patter.engines.pipeline.reply import Kind

MOST_UNREADABLE_NOTES = 5


class ConvaiMachine:
    """The engine of one call in convai mode: every event goes to the rooms that it concerns."""

    def __init__(self, parts: Parts, settings: ConvaiSettings) -> None:
        rooms = self._rooms = furnish(parts, settings)
        self._parts = parts
        self._plan = parts.plan
        self._line = rooms.line
        self._voice = rooms.voice
        self._turns = rooms.turns
        self._answering = rooms.answering
        self._silence = rooms.silence
        self._closing = Closing(rooms)
        self._tools = ToolCalls(rooms, self._closing)
        self._trouble: Trouble | None = None
        self._unreadable = 0
        self._away = False
        """The caller's line is used for something else: whatever is heard of them is not answered."""
        self._given_away = False
        """... to speak with somebody else: what the agent says meanwhile is for nobody."""
        self._hushed = False
        """A machine listens: whatever it says is not answered."""

    # -- beginning --------------------------------------------------------------------------------

    def start(self, now: float) -> Outcome:
        return self._after([*self._rooms.conversation.start(now)], now)

    def line_replaced(self, now: float) -> Outcome:
        """Playback goes on by itself, from what was heard on the line before."""
        self._away = self._given_away = False
        return self._after([], now)

    def line_left(self, now: float, *, goes_on: bool) -> Outcome:
        """The conversation is kept, with silence: its agent is told how a transfer ended."""
        self._away, self._given_away = True, not goes_on
        self._turns.write_keys()
        return self._after([] if goes_on else self._voice.stop_agent("transfer", now), now)

    def hush(self, now: float) -> Outcome:
        self._hushed = True
        self._rooms.held.clear()
        self._rooms.announcement.waive()
        self._rooms.conversation.greets = False
        self._rooms.owed.nothing()
        self._silence.caller_spoke()
        dropped = self._voice.drop(now)
        self._parts.memory.forget_open()
        return self._after(dropped, now)

    def say_last(self, text: str, reason: str, now: float) -> Outcome:
        self._hushed = False
        return self._after(self._closing.say(text, reason, now), now)

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
                return [*self._rooms.conversation.opened(now)]
            case SpeechFailed(speech_id, error, permanent) if self._line.mine(speech_id):
                after = After.GIVE_UP if permanent else After.AGAIN
                return self._line_over(Ending(after, error), now)
            case SpeechClosed(speech_id, code, reason) if self._line.mine(speech_id):
                return self._line_over(ending_of(code, reason, self._trouble), now)
            case SayAsked() if self._given_away:
                return self._hold(event)
            case DigitPressed() | SayAsked():
                waits = self._unstoppable or not self._line.ready
                return self._hold(event) if waits else self._from_outside(event, now)
            case MachineHeard():
                self._hushed = False
                asked = self._turns.machine(now)
                self._closing.begin("voicemail", now)
                return asked
            case HandlerDelta() | LlmDelta():
                return [*self._answering.delta(event, now)]
            case HandlerDone() | LlmDone():
                return self._turns.reply_done(event, now)
            case HandlerFailed() | LlmFailed():
                return [*self._answering.failed(event, now)]
            case ToolDone():
                return self._tools.done(event, now)
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
            case AgentCorrection():
                self._voice.speaking.correct(message, now)
            case AgentDone():
                if self._voice.current is not None:
                    self._voice.current.done(now)
            case ToolCall():
                return self._tools.call(message, now)
            case ReplyWanted():
                ending = self._closing.begun
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
        if self._hushed or self._given_away:
            return []  # it answers somebody who is not there
        self._rooms.ends.words_at = self._rooms.tools.transfer_at = None
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
            return [*self._rooms.conversation.begun(metadata, now), *self._voice.line_ready()]
        except ValueError as error:
            return self._line_over(Ending(After.GIVE_UP, str(error)), now)

    def _line_over(self, ending: Ending, now: float) -> Outcome:
        self._trouble = None
        return self._closing.line_over(ending, now)

    def _interrupted(self, event_id: int, now: float) -> Outcome:
        if self._unstoppable:
            return []  # the agent falls silent, but what is here is heard
        gate = self._voice.speaking.gate
        if gate.is_ours(event_id):
            return self._voice.play(gate.interrupted(event_id), now)
        held = gate.interrupted(event_id)
        return self._voice.cut("words", now) + self._tools.interrupted() + self._voice.play(held, now)

    # -- keys, and what others want said ----------------------------------------------------------

    @property
    def _unstoppable(self) -> bool:
        """Words that the caller must hear: whatever comes meanwhile has its turn after them."""
        if self._closing.begun or self._voice.closing or self._rooms.announcement.due:
            return True
        if self._plan.turn_taking.first_message_interruptible or self._silence.greets:
            return False
        reply = self._voice.current
        return not self._rooms.owed.greeted or (reply is not None and reply.kind is Kind.FIRST)

    def _hold(self, event: DigitPressed | SayAsked) -> Outcome:
        self._rooms.held.append(event)
        return []

    def _take_held(self, now: float) -> Outcome:
        held = self._rooms.held[:]
        self._rooms.held.clear()
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
            out = out + settled + self._rooms.tools.take_transfer()
            if self._closing.begun and not self._answering.going_on and not self._closing.stopped:
                out += self._closing.end(now, said=True)
        if self._line.deaf and not self._rooms.announcement.due:
            out = [*out, *self._line.listen()]
        self._answered_for_the_last_time(now)
        if self._rooms.conversation.picks_up and self._may_pick_up:
            out = out + self._rooms.conversation.pick_up(now)
        if self._rooms.held and self._line.ready and not (self._unstoppable or self._given_away):
            out = out + self._take_held(now)
        self._silence.watch(now, busy=self._busy)
        return out

    @property
    def _may_pick_up(self) -> bool:
        going_on = self._voice.speaking_now or self._voice.breaks_off
        return self._line.ready and not (going_on or self._deaf or self._closing.begun)

    def _answered_for_the_last_time(self, now: float) -> None:
        """Whoever replies failed too often: the answer that is being given is an apology, or sends on."""
        if self._answering.given_up and not self._closing.begun:
            self._closing.begin(self._answering.given_up, now)
        if self._answering.hands_over:
            self._answering.hands_over = False
            self._rooms.tools.hand_over(self._plan.handler_transfer, now)

    @property
    def _busy(self) -> bool:
        waiting = self._rooms.owed.until is not None or self._rooms.tools.running
        elsewhere = self._deaf or not self._line.ready or self._rooms.conversation.picks_up
        return self._voice.busy or waiting or self._turns.keys_pending or elsewhere or self._closing.begun

    # -- ends -------------------------------------------------------------------------------------

    def say_goodbye(self, reason: str, now: float) -> Outcome:
        return self._after(self._closing.say(self._plan.phrases.goodbye, reason, now), now)

    def stop(self, now: float) -> Outcome:
        self._closing.stopped = True
        out = self._voice.cut("end", now)
        self._turns.write_keys()
        self._rooms.ends.clear()
        self._silence.broken()
        out += [*self._answering.stop(""), *self._rooms.tools.stop(), *self._voice.speaking.settle()]
        return out + self._line.stop()

    # -- time -------------------------------------------------------------------------------------

    def next_timer(self) -> float | None:
        return earliest(
            self._rooms.conversation.begin_at,
            self._silence.at,
            self._rooms.ends.at,
            self._rooms.ends.words_at,
            self._rooms.tools.transfer_at,
            self._rooms.owed.until,
            self._turns.keys_due,
            self._line.next_timer(),
            self._voice.next_timer(),
            self._answering.next_timer(),
            self._rooms.tools.next_timer(),
        )

    def handle_timer(self, now: float) -> Outcome:
        out = self._line_timers(now)
        out += self._answering.handle_timer(now)
        out += self._tools.late(now)
        out += self._voice.handle_timer(now, self._rooms.ends.reason)
        if self._rooms.owed.until is not None and self._rooms.owed.until <= now:
            out += self._nothing_came(now)
        out += self._turns.end_entry(now)
        return self._after(out + self._quiet_timers(now), now)

    def _line_timers(self, now: float) -> Outcome:
        if late := self._line.late(now):
            return self._line_over(Ending(After.AGAIN, late), now)
        return [*self._line.handle_timer(now), *self._rooms.conversation.handle_timer(now)]

    def _nothing_came(self, now: float) -> Outcome:
        """An answer that was owed. A call without its announcement does not go on."""
        self._rooms.owed.nothing()
        if self._rooms.announcement.due:
            return self._closing.say(self._plan.phrases.apology, "provider_error", now)
        return []

    def _quiet_timers(self, now: float) -> Outcome:
        """Nobody spoke for long enough."""
        out: Outcome = []
        if self._silence.at is not None and self._silence.at <= now:
            out += self._break_silence(now)
        if self._rooms.tools.transfer_at is not None and self._rooms.tools.transfer_at <= now:
            out += self._rooms.tools.take_transfer()
        return out + self._closing.handle_timer(now)

    def _break_silence(self, now: float) -> Outcome:
        if self._turns.voiced:
            self._silence.broken()
            return []
        match self._silence.take():
            case Silent.GREETING:
                self._rooms.owed.greeted = True
                return self._voice.say(self._plan.first_message, Kind.FIRST, now)
            case Silent.PROMPT:
                return self._voice.say(self._plan.phrases.idle, Kind.SYSTEM, now)
            case Silent.GOODBYE:
                return self._closing.say(self._plan.phrases.goodbye, "idle", now)

    def _note(self, kind: str, now: float, **data: object) -> Note:
        return Note(Noted(kind, self._parts.clock.ms(now), data))
