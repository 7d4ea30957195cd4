"""The machine of one call: every event comes in here, in one order, and goes to the parts it concerns.

Contract: ``receive(event, now)``, ``next_timer()``, ``handle_timer(now)`` give commands; nothing waits.
``now`` is the event loop's clock in seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from patter.audio.frames import ms_of
from patter.bridge.answering import Act as Answer
from patter.bridge.answering import Answering
from patter.bridge.away import Away
from patter.bridge.clock import MediaClock, earliest
from patter.bridge.commands import (
    CloseLeg,
    Command,
    Commands,
    EndSession,
    HangUp,
    Mark,
    Note,
    Play,
    SpeechSend,
    SttAudio,
    ToolRun,
    ToolStop,
)
from patter.bridge.engine import EndCall, Engine, Outcome, Parts, TransferCall
from patter.bridge.events import (
    CallerAudio,
    CarrierEnded,
    DigitPressed,
    DigitsAsked,
    DigitsFailed,
    DigitsSent,
    Event,
    FrameRejected,
    HangUpAsked,
    HangUpDone,
    HangUpFailed,
    LegLost,
    LegOpened,
    LegStopped,
    MachineHeard,
    MarkPlayed,
    ProviderSwitched,
    RecordingRefused,
    SayAsked,
    ToolDone,
    TransferAsked,
    TransferMoved,
)
from patter.bridge.keypad import DIGITS
from patter.bridge.lifecycle import GOODBYE_WITHIN_S, Act, Cue, Lifecycle, State
from patter.bridge.memory import Memory
from patter.bridge.meter import Meter
from patter.bridge.plan import CallPlan
from patter.bridge.playback import Playback
from patter.bridge.recording import Recording
from patter.bridge.records import CallConnected, CallEnded, Interim, KeyPressed, Noted
from patter.bridge.tool_turns import ToolTurns

MOST_REJECTED_NOTES = 20
MOST_EARLY = 5
MOST_VERDICTS = 20
SOUND = (SpeechSend, SttAudio, Play, Mark)
"""Most of what a call commands: neither an engine's wish nor a tool's run."""


class CallMachine:
    """Routes; the decisions are in its parts."""

    def __init__(self, plan: CallPlan, engine: Callable[[Parts], Engine], now: float) -> None:
        self._plan = plan
        self._parts = Parts(plan, MediaClock(), Playback(), Memory())
        self._engine = engine(self._parts)
        self._lifecycle = Lifecycle(now)
        self._away = Away(self._parts, self._lifecycle, self._engine)
        self._answering = Answering(plan.answering, plan.direction)
        self._recording = Recording(plan, self._parts.clock, self._parts.playback)
        self._meter = Meter()
        self._tools = ToolTurns(self._parts.memory)
        self._early_verdicts: list[MachineHeard] = []
        self._verdicts: list[MachineHeard] = []
        self._hushed = False
        self._rejected = 0
        self._longest_until: float | None = None
        self._goodbye_for = ""
        self._ended = False

    @property
    def plan(self) -> CallPlan:
        return self._plan

    @property
    def ended(self) -> bool:
        return self._ended

    @property
    def _talks(self) -> bool:
        """From the first line on until the end begins. Before, the engine would speak to nobody."""
        return self._lifecycle.was_connected and not self._lifecycle.over

    # -- events ---------------------------------------------------------------------------------

    def receive(self, event: Event, now: float) -> Commands:
        if self._ended:
            return []  # the end was told, and it is the last entry
        if isinstance(event, CallerAudio):  # fifty times a second; everything else is seldom
            return self._settle(self._caller_audio(event, now), now)
        self._meter.count_event(event)
        match event:
            case MarkPlayed(name):
                self._parts.playback.mark_played(name, now)
                out = self._playback_moved(now)
            case LegOpened():
                out = self._opened(event, now)
            case DigitPressed(digit):
                known = digit in DIGITS and self._talks
                pressed = Note(KeyPressed(digit, self._parts.clock.ms(now)))
                out = [pressed, *self._engine.receive(event, now)] if known else []
            case LegStopped():
                out = [*self._away.line_lost(now), *self._act(Cue.STOPPED, now, "caller_hung_up")]
            case LegLost(detail):
                self._parts.playback.hold(now)
                lost = self._note("leg.lost", now, detail=detail)
                out = [lost, *self._away.line_lost(now), *self._act(Cue.LOST, now)]
            case DigitsAsked() | DigitsSent() | DigitsFailed():
                out = [] if self._lifecycle.over else self._away.digits(event, now)
            case TransferAsked(target, kind, summary):
                out = self._away.transfer(target, kind, summary, now, run_id="", asked_by="api")
            case TransferMoved():
                out = self._transfer_moved(event, now)
            case MachineHeard():
                out = self._machine_heard(event, now)
            case CarrierEnded(cause):
                out = self._act(Cue.OVER, now, cause)
            case HangUpAsked(reason, goodbye):
                said = goodbye and self._lifecycle.state is State.CONNECTED
                out = self._say_goodbye(reason, now) if said else self._act(Cue.HANG_UP, now, reason)
            case HangUpDone():
                out = self._act(Cue.HUNG_UP, now)
            case HangUpFailed(error):
                out = [self._note("hang_up.failed", now, error=error), *self._act(Cue.HUNG_UP, now)]
            case RecordingRefused(error):
                out = [self._note("recording.refused", now, message=error)]
            case ProviderSwitched(stage, source, target, error):
                told = {"stage": stage, "from": source, "to": target, "error": error}
                switched = self._note("provider.switched", now, **told)
                out = [switched, *([] if self._lifecycle.over else self._engine.receive(event, now))]
            case FrameRejected(reason):
                out = self._frame_rejected(reason, now)
            case ToolDone() if not self._lifecycle.over:
                self._tools.done(event, self._parts.clock.ms(now))
                out = self._engine.receive(event, now)
            case _:
                out = self._engine.receive(event, now) if self._talks else []
        return self._settle(out, now)

    def _caller_audio(self, event: CallerAudio, now: float) -> Outcome:
        at_ms = self._parts.clock.frame(event.media_ms, ms_of(len(event.payload)), now)
        self._recording.caller(event.payload, at_ms, now)
        if not self._talks or not event.payload:
            return []
        if at_ms != event.media_ms:
            event = CallerAudio(event.payload, at_ms)
        return self._engine.receive(event, now)

    def _opened(self, event: LegOpened, now: float) -> Outcome:
        self._parts.clock.open(now)
        act = self._lifecycle.cue(Cue.OPENED, now)
        if act is Act.START:
            self._longest_until = now + self._plan.turn_taking.max_duration_s
            self._answering.opened(now)
            connected = Note(CallConnected(event.carrier_call_id, event.stream_id))
            begun = [connected, *self._recording.begin(), *self._parts.playback.release(now)]
            out = [*begun, *self._engine.start(now)]
            early, self._early_verdicts = self._early_verdicts, []
            for verdict in early:
                out += self._machine_heard(verdict, now)
            return out
        if act is Act.REPLACE:
            # Whatever the old line had buffered is gone; the reply goes on from what was heard.
            self._parts.playback.hold(now)
            released = self._parts.playback.release(now)
            replaced = self._engine.line_replaced(now)
            return [self._note("leg.replaced", now), *released, *replaced, *self._away.line_back(now)]
        return []

    def _transfer_moved(self, event: TransferMoved, now: float) -> Outcome:
        out = self._away.moved(event, now)
        if out and event.state == "joined":
            self._away.joined()
            out += self._act(Cue.JOINED, now, "transferred")
        return out

    # -- who answered -----------------------------------------------------------------------------

    def _machine_heard(self, event: MachineHeard, now: float) -> Outcome:
        if self._lifecycle.over:
            return []
        if not self._lifecycle.was_connected:
            # A carrier may be quicker with its verdict than with its media.
            self._early_verdicts = [*self._early_verdicts, event][-MOST_EARLY:]
            return []
        if event in self._verdicts:  # carriers tell things twice
            return []
        self._verdicts = [*self._verdicts, event][-MOST_VERDICTS:]
        heard = {"result": event.result, "detail": event.detail, "beep": event.beep}
        act = self._answering.verdict(event, now)
        return [self._note("machine.heard", now, **heard), *self._answered(act, now)]

    def _answered(self, act: Answer, now: float) -> Outcome:
        """Carry out what was decided about a machine, with the evidence."""
        if act is Answer.NONE:
            return []
        out: Outcome = [self._note(f"machine.{act.value}", now, **self._answering.evidence)]
        if act is Answer.HANG_UP:
            return [*out, *self._act(Cue.HANG_UP, now, "machine")]
        hushed, self._hushed = self._hushed, act is Answer.HUSH
        who = self._plan.answering.introduction or self._plan.first_message
        if act is Answer.INTRODUCE and not who and not hushed:
            return out  # whoever replies answers the question, as any other
        out += self._engine.hush(now)
        match act:
            case Answer.LEAVE:
                out += self._engine.say_last(self._plan.answering.message, "voicemail", now)
            case Answer.ASK:
                out += self._engine.receive(MachineHeard("machine", beep=True), now)
            case Answer.INTRODUCE | Answer.GREET:
                out += self._engine.receive(SayAsked(who or self._plan.phrases.retry), now)
        return out

    def _listen_for_machines(self, commands: Commands, now: float) -> Outcome:
        """The callee's words, as the engine understood them."""
        out: Outcome = []
        for command in commands:
            entry = command.entry if isinstance(command, Note) else None
            if isinstance(entry, Interim) and entry.role == "user":
                out += self._answered(self._answering.words(entry.text, now), now)
        return out

    def _frame_rejected(self, reason: str, now: float) -> Outcome:
        self._rejected += 1
        return (
            [self._note("frame.rejected", now, reason=reason)]
            if self._rejected <= MOST_REJECTED_NOTES
            else []
        )

    def _playback_moved(self, now: float) -> Outcome:
        return self._engine.playback_moved(now) if self._talks else []

    # -- time -----------------------------------------------------------------------------------

    def next_timer(self) -> float | None:
        if self._ended:
            return None
        ends = (self._lifecycle.deadline, self._longest_until, self._answering.due)
        if not self._talks:
            return earliest(*ends)
        return earliest(*ends, self._parts.playback.next_timer(), self._engine.next_timer())

    def handle_timer(self, now: float) -> Commands:
        out: Outcome = []
        if self._lifecycle.deadline is not None and self._lifecycle.deadline <= now:
            joined = self._away.late()
            late = self._transfer_moved(joined, now) if joined else self._act(Cue.LATE, now, "carrier_error")
            out += late
        out += self._answered(self._answering.handle_timer(now), now)
        if self._longest_until is not None and self._longest_until <= now:
            out += self._too_long(now)
        if self._talks:
            due = self._parts.playback.next_timer()
            if due is not None and due <= now:
                out += self._parts.playback.handle_timer(now)
                out += self._engine.playback_moved(now)
            engine_due = self._engine.next_timer()
            if engine_due is not None and engine_due <= now:
                out += self._engine.handle_timer(now)
        return self._settle(out, now)

    def _too_long(self, now: float) -> Outcome:
        if self._lifecycle.over:
            self._longest_until = None
            return []
        if self._goodbye_for:
            self._longest_until = None
            return self._act(Cue.HANG_UP, now, self._goodbye_for)
        return self._say_goodbye("max_duration", now)

    def _say_goodbye(self, reason: str, now: float) -> Outcome:
        """The goodbye phrase, once, and the end; after a while the end alone."""
        if self._goodbye_for:
            return []
        self._goodbye_for = reason
        self._longest_until = now + GOODBYE_WITHIN_S
        return self._engine.say_goodbye(reason, now)

    # -- ends -----------------------------------------------------------------------------------

    def _act(self, cue: Cue, now: float, reason: str = "", say: str = "") -> Outcome:
        was_over = self._lifecycle.over
        act = self._lifecycle.cue(cue, now, reason)
        out: Outcome = []
        if self._lifecycle.over and not was_over:
            self._answering.over()
            out += self._away.give_up(now)
            out += [c for c in self._engine.stop(now) if not isinstance(c, EndCall | TransferCall)]
        if act is Act.HANG_UP:
            if say:
                out.append(self._note("carrier.speaks", now, reason=self._lifecycle.reason))
            out.append(HangUp(say, self._plan.language if say else ""))
        elif act is Act.RECALL:
            out += self._away.recalled(now)
        elif act is Act.END:
            out += self._end(now)
        return out

    def _end(self, now: float) -> Outcome:
        self._ended = True
        recorded = self._recording.finish(now)
        memory = self._parts.memory
        ended = CallEnded(
            self._lifecycle.reason,
            self._parts.clock.ms(now),
            memory.transcript(),
            memory.history(),
            self._meter.usage(),
        )
        return [*recorded, CloseLeg(), Note(ended), EndSession()]

    def _settle(self, out: Iterable[Command | EndCall | TransferCall], now: float) -> Commands:
        """Carry out an engine's wishes, and keep what was heard meanwhile."""
        commands: Commands = []
        wishes: list[EndCall | TransferCall] = []
        for command in out:
            if isinstance(command, SOUND):
                commands.append(command)
                self._meter.count_command(command)
            elif isinstance(command, EndCall | TransferCall):
                wishes.append(command)
            else:
                self._meter.count_command(command)
                self._note_run(command, now)
                commands.append(command)
        if commands and self._answering.listens and (heard := self._listen_for_machines(commands, now)):
            commands += self._settle(heard, now)
        # Last, so that the stops come after everything that was started in the same breath.
        for wish in wishes:
            commands += self._settle(self._granted(wish, now), now)
        if not self._ended:
            if not self._recording.consented:
                commands += self._recording.watch(commands)
            commands += map(Note, self._recording.take_due(now))
        return commands

    def _note_run(self, command: Command, now: float) -> None:
        if isinstance(command, ToolRun):
            self._tools.begun(command, self._parts.clock.ms(now))
        elif isinstance(command, ToolStop):
            self._tools.stopped(command.run_id)

    def _granted(self, wish: EndCall | TransferCall, now: float) -> Outcome:
        if isinstance(wish, EndCall):
            return self._act(Cue.HANG_UP, now, wish.reason, wish.say)
        who = {"run_id": wish.run_id, "asked_by": "agent"}
        over = self._lifecycle.over
        return [] if over else self._away.transfer(wish.target, wish.kind, wish.summary, now, **who)

    def _note(self, kind: str, now: float, **data: object) -> Note:
        return Note(Noted(kind, self._parts.clock.ms(now), data))
