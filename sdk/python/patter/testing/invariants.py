"""What must hold in every call, read from the commands it gave."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from patter.bridge.commands import (
    Command,
    EndSession,
    HandlerAsk,
    HandlerStop,
    HangUp,
    LlmAsk,
    LlmStop,
    Mark,
    Note,
    Play,
    SttOpen,
    SttStop,
    ToolRun,
    ToolStop,
    TtsSay,
    TtsStop,
)
from patter.bridge.events import (
    Event,
    HandlerDone,
    HandlerFailed,
    LlmDone,
    LlmFailed,
    SttClosed,
    SttFailed,
    ToolDone,
    TtsDone,
    TtsFailed,
)
from patter.bridge.lifecycle import END_REASONS
from patter.bridge.records import CallEnded, TurnSettled

STARTS: dict[type, str] = {
    SttOpen: "stt_id",
    LlmAsk: "ask_id",
    HandlerAsk: "turn_id",
    TtsSay: "say_id",
    ToolRun: "run_id",
}
STOPS: dict[type, str] = {
    SttStop: "stt_id",
    LlmStop: "ask_id",
    HandlerStop: "turn_id",
    TtsStop: "say_id",
    ToolStop: "run_id",
}
FINISHES: dict[type, str] = {
    SttClosed: "stt_id",
    SttFailed: "stt_id",
    LlmDone: "ask_id",
    LlmFailed: "ask_id",
    HandlerDone: "turn_id",
    HandlerFailed: "turn_id",
    TtsDone: "say_id",
    TtsFailed: "say_id",
    ToolDone: "run_id",
}


def open_work(history: Iterable[Command | Event]) -> set[tuple[str, str]]:
    """Work that was neither finished nor stopped; ``history`` holds commands and events in order."""
    running: set[tuple[str, str]] = set()
    for item in history:
        kind = type(item)
        if name := STARTS.get(kind):
            running.add((name, getattr(item, name)))
        elif name := STOPS.get(kind) or FINISHES.get(kind):
            running.discard((name, getattr(item, name)))
    return running


def check_invariants(commands: Sequence[Command], history: Sequence[Command | Event] | None = None) -> None:
    """One end and one reason; nothing after it; marks are unique; no work is left; turns are in order."""
    marks = [command.name for command in commands if isinstance(command, Mark)]
    assert len(marks) == len(set(marks)), "a mark's name was used again"
    assert sum(isinstance(command, HangUp) for command in commands) <= 1, "hung up twice"
    entries = [command.entry for command in commands if isinstance(command, Note)]
    indices = [entry.index for entry in entries if isinstance(entry, TurnSettled)]
    assert indices == list(range(len(indices))), f"turns out of order: {indices}"
    ends = [entry for entry in entries if isinstance(entry, CallEnded)]
    assert len(ends) <= 1, "the call ended twice"
    if not ends:
        return
    assert ends[0].reason in END_REASONS, ends[0].reason
    assert isinstance(commands[-1], EndSession), f"after the end came {commands[-1]}"
    assert isinstance(entries[-1], CallEnded), "the end is not the last entry"
    assert sum(isinstance(command, EndSession) for command in commands) == 1
    over = next((i for i, command in enumerate(commands) if isinstance(command, HangUp)), len(commands))
    late = [command for command in commands[over:] if isinstance(command, Play) or type(command) in STARTS]
    assert not late, f"begun after the end: {late}"
    assert len(ends[0].transcript) == len(indices), "a turn was never told"
    left = open_work(commands if history is None else history)
    assert not left, f"still running at the end: {left}"
