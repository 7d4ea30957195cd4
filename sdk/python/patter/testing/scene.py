"""A call on a clock that the test owns: a caller, a carrier that plays in real time, a voice, a model.

No socket and no sleep: ``pass_ms`` moves the clock in steps of 20 ms, sends the caller's audio, plays
what the bridge sent and echoes the marks, exactly as a carrier would.
"""

from __future__ import annotations

from collections import deque
from functools import partial
from typing import Any, Self

from patter.audio.judged_voice import VoiceModels
from patter.bridge.call import CallMachine
from patter.bridge.commands import (
    Clear,
    Command,
    EndSession,
    HandlerAsk,
    HandlerStop,
    HangUp,
    LlmAsk,
    Mark,
    Note,
    Play,
    SttOpen,
    TtsSay,
    TtsStop,
)
from patter.bridge.events import (
    CallerAudio,
    Event,
    HandlerDelta,
    HandlerDone,
    HangUpDone,
    LegOpened,
    LlmDelta,
    LlmDone,
    LlmToolCall,
    MarkPlayed,
    SttHeard,
    SttOpened,
    TtsAudio,
    TtsDone,
)
from patter.bridge.plan import CallPlan
from patter.bridge.records import CallEnded, Noted, TurnSettled
from patter.engines.pipeline.machine import PipelineMachine
from patter.testing.invariants import check_invariants
from patter.testing.sound import frames

FRAME_MS = 20
VOICE = bytes([0x8F, 0x0F, 0x95, 0x15] * 40)
SILENCE = b"\xff" * 160
MS_PER_CHARACTER = 50
MOST_TIMERS = 100


class Scene:
    """One call. ``voice`` and ``carrier`` answer by themselves; words and replies come from the test."""

    def __init__(
        self,
        *,
        speaks: bool = True,
        echoes_marks: bool = True,
        opens_stt: bool = True,
        models: VoiceModels | None = None,
        **plan: Any,
    ) -> None:
        self.now = 100.0
        self.media_ms = 0
        self.commands: list[Command] = []
        self.history: list[Command | Event] = []
        self.speaks = speaks
        self.echoes_marks = echoes_marks
        self.opens_stt = opens_stt
        self.played = bytearray()
        self.timers = 0
        self._inbox: deque[Event] = deque()
        self._busy = False
        self._buffer: deque[Play | Mark] = deque()
        engine = partial(PipelineMachine, models=models)
        self.machine = CallMachine(CallPlan(call_id="call_test", **plan), engine, self.now)

    # -- the bridge -----------------------------------------------------------------------------

    def feed(self, *events: Event) -> list[Command]:
        """Give events to the machine; what it asked for, in order."""
        before = len(self.commands)
        self._inbox += events
        if not self._busy:  # as in a session: what a performer says at once comes after all commands
            self._busy = True
            try:
                self._drain()
            finally:
                self._busy = False
        return self.commands[before:]

    def _drain(self) -> None:
        while self._inbox:
            event = self._inbox.popleft()
            self._run_timers()
            self.history.append(event)
            self._do(self.machine.receive(event, self.now))

    def tick(self) -> None:
        """Let every timer that is due fire."""
        self._busy = True
        try:
            self._run_timers()
            self._drain()
        finally:
            self._busy = False

    def _run_timers(self) -> None:
        for _ in range(MOST_TIMERS):
            due = self.machine.next_timer()
            if due is None or due > self.now:
                return
            self.timers += 1
            self._do(self.machine.handle_timer(self.now))
        raise AssertionError("the machine's timer never moves")

    def _do(self, commands: list[Command]) -> None:
        self.commands += commands
        self.history += commands
        for command in commands:
            match command:
                case Play():
                    self._buffer += frames(command)
                case Mark():
                    self._buffer.append(command)
                case Clear():
                    marks = [item for item in self._buffer if isinstance(item, Mark)]
                    self._buffer.clear()
                    self.feed(*(MarkPlayed(mark.name) for mark in marks))
                case SttOpen(stt_id):
                    self.stt_id = stt_id
                    if self.opens_stt:
                        self.feed(SttOpened(stt_id))
                case TtsSay(say_id, text) if self.speaks:
                    self.speak(say_id, text)
                case HangUp():
                    self.feed(HangUpDone())
                case _:
                    pass

    def speak(self, say_id: str, text: str) -> None:
        """The voice says a chunk: 50 ms of audio a character, all at once."""
        self.feed(TtsAudio(say_id, b"\x90" * (MS_PER_CHARACTER * 8 * len(text))), TtsDone(say_id))

    # -- time -------------------------------------------------------------------------------------

    def pass_ms(self, ms: int, caller: bytes = SILENCE) -> None:
        """Time passes; the caller's line carries ``caller`` in every frame."""
        for _ in range(ms // FRAME_MS):
            self.now += FRAME_MS / 1000
            self.tick()
            self._play_one_frame()
            self.feed(CallerAudio(caller, self.media_ms))
            self.media_ms += FRAME_MS

    def _play_one_frame(self) -> None:
        while self._buffer:
            item = self._buffer.popleft()
            if isinstance(item, Play):
                self.played += item.payload
                break
            if self.echoes_marks:
                self.feed(MarkPlayed(item.name))
        while self._buffer and isinstance(self._buffer[0], Mark):
            mark = self._buffer.popleft()
            if isinstance(mark, Mark) and self.echoes_marks:
                self.feed(MarkPlayed(mark.name))

    # -- the caller -------------------------------------------------------------------------------

    def open(self, *, age_ms: int = 0) -> Self:
        """The call begins; with ``age_ms`` nothing happened in it for so long."""
        self.feed(LegOpened("MZ1", "CA1", "AC1"))
        self.pass_ms(age_ms)
        return self

    def says(self, text: str, *, ms: int = 600) -> None:
        """The caller speaks and the recogniser knows at once when they are done."""
        self.pass_ms(ms, VOICE)
        self.pass_ms(300)
        self.hears(text)

    def hears(self, text: str, *, final: bool = True, end_of_turn: bool = True) -> None:
        self.feed(SttHeard(self.stt_id, text, final, end_of_turn))

    # -- who replies --------------------------------------------------------------------------------

    def handler_says(self, text: str) -> None:
        turn_id = self.last(HandlerAsk).turn_id
        self.feed(HandlerDelta(turn_id, text), HandlerDone(turn_id))

    def model_says(self, text: str, *, tool: str | None = None) -> None:
        ask_id = self.last(LlmAsk).ask_id
        events: list[Event] = [LlmDelta(ask_id, text)] if text else []
        if tool:
            events.append(LlmToolCall(ask_id, f"tool_{ask_id}", tool, "{}"))
        self.feed(*events, LlmDone(ask_id))

    # -- what happened ------------------------------------------------------------------------------

    def all(self, kind: type[Any]) -> list[Any]:
        return [command for command in self.commands if isinstance(command, kind)]

    def last(self, kind: type[Any]) -> Any:
        return self.all(kind)[-1]

    def notes(self, kind: type[Any]) -> list[Any]:
        return [command.entry for command in self.all(Note) if isinstance(command.entry, kind)]

    @property
    def kinds(self) -> list[str]:
        return [note.kind for note in self.notes(Noted)]

    @property
    def turns(self) -> list[tuple[str, str]]:
        return [(turn.role, turn.text) for turn in self.notes(TurnSettled)]

    @property
    def end(self) -> CallEnded | None:
        ended = self.notes(CallEnded)
        assert len(ended) <= 1, "a call ends once"
        assert len(self.all(EndSession)) == len(ended)
        return ended[0] if ended else None

    def check(self) -> None:
        """What holds in every call, whatever happened in it."""
        check_invariants(self.commands, self.history)


__all__ = ["SILENCE", "VOICE", "HandlerStop", "Scene", "TtsStop"]
