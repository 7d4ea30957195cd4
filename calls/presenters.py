"""What the pages of calls show, worked out from rows. Pure: no queries, no requests."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from calls.models import Call, CallEvent, Recording, Turn

KEYS = re.compile(r"^\[DTMF: ([0-9*#A-D]+)\]$")
STAGES = (
    ("end_of_turn_ms", "hear", "end of turn"),
    ("reply_ms", "model", "reply"),
    ("speech_ms", "voice", "voice"),
    ("line_ms", "on-line", "line"),
)
SLOW_MS = 1500
LAG_WIDTH = 160


def percentile(values: Iterable[int], share: float) -> int | None:
    """The nearest-rank percentile; None without values."""
    ordered = sorted(values)
    return ordered[max(math.ceil(share * len(ordered)) - 1, 0)] if ordered else None


@dataclass(frozen=True, slots=True)
class Stage:
    css: str
    label: str
    ms: int
    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Lag:
    """Why a reply took as long as it did."""

    total_ms: int
    stages: list[Stage]

    @property
    def slow(self) -> bool:
        return self.total_ms >= SLOW_MS


@dataclass(slots=True)
class TurnLine:
    """One turn in the transcript. ``last_event`` is the newest event shown up to here."""

    turn: Turn
    lag: Lag | None
    evidence: list[EventLine] = field(default_factory=list)
    last_event: int = 0

    @property
    def is_turn(self) -> bool:
        return True

    @property
    def keys(self) -> str:
        match = KEYS.match(self.turn.text)
        return match[1] if match else ""

    @property
    def css(self) -> str:
        return self.turn.role

    @property
    def who(self) -> str:
        if self.keys:
            return _("Keys") if len(self.keys) > 1 else _("Key")
        names = {"user": _("Caller"), "assistant": _("Agent"), "tool": _("Tool"), "system": _("System")}
        return names.get(self.turn.role, self.turn.role)

    @property
    def unheard(self) -> str:
        """The rest that was meant but not heard."""
        full, heard = self.turn.full_text or "", self.turn.text
        return full[len(heard) :] if full.startswith(heard) else full

    @property
    def heard_s(self) -> float:
        return max(self.turn.ended_ms - self.turn.started_ms, 0) / 1000


@dataclass(frozen=True, slots=True)
class EventLine:
    event: CallEvent
    at_ms: int | None

    @property
    def data(self) -> str:
        """The evidence as ``name value`` pairs, in one line where it can be."""
        shown = {name: value for name, value in self.event.data.items() if name != "turn_id"}
        return " · ".join(f"{name} {_plain(value)}" for name, value in shown.items())


@dataclass(slots=True)
class EventsLine:
    """Events in a row, folded into one line."""

    events: list[EventLine]
    last_event: int
    last_turn: int = -1

    @property
    def is_turn(self) -> bool:
        return False

    @property
    def at_ms(self) -> int | None:
        return self.events[0].at_ms

    @property
    def summary(self) -> str:
        kinds = list(dict.fromkeys(line.event.kind for line in self.events))
        return ", ".join(kinds[:4]) + (" …" if len(kinds) > 4 else "")


Line = TurnLine | EventsLine


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def lag_of(turn: Turn, longest_ms: int) -> Lag | None:
    """The stages of one reply, drawn to the scale of the call's longest."""
    latency = turn.latency or {}
    stages, x = [], 0.0
    for name, css, label in STAGES:
        ms = latency.get(name)
        if not ms:
            continue
        width = LAG_WIDTH * ms / max(longest_ms, 1)
        stages.append(Stage(css, _(label), ms, round(x, 1), round(width, 1)))
        x += width
    total = latency.get("total_ms")
    if total is None and not stages:
        return None
    return Lag(total if total is not None else sum(stage.ms for stage in stages), stages)


def totals(turns: Iterable[Turn]) -> list[int]:
    """The reply latencies of a call."""
    return [turn.latency["total_ms"] for turn in turns if turn.latency and "total_ms" in turn.latency]


def _event_ms(event: CallEvent, call: Call) -> int | None:
    if event.at_ms is not None:
        return event.at_ms
    if call.answered_at is None or event.created_at < call.answered_at:
        return None
    return int((event.created_at - call.answered_at).total_seconds() * 1000)


def timeline(
    call: Call,
    turns: Sequence[Turn],
    events: Sequence[CallEvent],
    *,
    shown_turn: int = -1,
    shown_event: int = 0,
    longest_ms: int = 0,
) -> list[Line]:
    """Turns and events in the order of the call. What names a turn as its own is that turn's evidence.

    ``shown_turn`` and ``shown_event`` are the newest that the page has already.
    """
    longest_ms = longest_ms or max(totals(turns), default=0)
    by_turn = {
        turn.turn_id: TurnLine(turn, lag_of(turn, longest_ms)) for turn in turns if turn.role == "assistant"
    }
    loose: list[EventLine] = []
    for event in events:
        line = EventLine(event, _event_ms(event, call))
        owner = by_turn.get(event.data.get("turn_id", "")) if event.data else None
        (owner.evidence if owner and owner.lag else loose).append(line)
    return _merged(turns, by_turn, loose, shown_turn, shown_event)


def _merged(
    turns: Sequence[Turn], by_turn: dict[str, TurnLine], loose: list[EventLine], turn_no: int, event_no: int
) -> list[Line]:
    lines: list[Line] = []
    newest = event_no

    def fold(waiting: list[EventLine]) -> None:
        nonlocal newest
        if waiting:
            newest = max(newest, max(line.event.pk for line in waiting))
            lines.append(EventsLine(waiting, newest, turn_no))

    at = 0
    for turn in turns:
        before = at
        while at < len(loose) and (loose[at].at_ms is None or (loose[at].at_ms or 0) <= turn.started_ms):
            at += 1
        fold(loose[before:at])
        owner = by_turn.get(turn.turn_id)
        line = owner if owner is not None and owner.turn is turn else TurnLine(turn, lag_of(turn, 0))
        newest = max([newest, *(each.event.pk for each in line.evidence)])
        line.last_event, turn_no = newest, turn.index
        lines.append(line)
    fold(loose[at:])
    return lines


@dataclass(frozen=True, slots=True)
class Span:
    role: str
    x: float
    y: int
    width: float


@dataclass(frozen=True, slots=True)
class Waveform:
    """Both sides over time, in a box of 1000 × 88: bars from peaks, else blocks where somebody spoke."""

    duration_ms: int
    caller: str
    agent: str
    spans: list[Span]
    cuts: list[float]


BOX_WIDTH, CALLER_Y, AGENT_Y, REACH, MOST_BARS = 1000, 22, 66, 20, 320


def waveform(turns: Sequence[Turn], recording: Recording | None, lasted_ms: int) -> Waveform | None:
    """None when there is nothing to draw."""
    end_ms = max([lasted_ms, *(turn.ended_ms for turn in turns)])
    if recording and recording.duration_ms:
        end_ms = recording.duration_ms
    if not end_ms or not (turns or recording):
        return None
    peaks = recording.peaks if recording else {}
    caller, agent = _bars(peaks.get("caller", []), CALLER_Y), _bars(peaks.get("agent", []), AGENT_Y)
    spans = [] if caller or agent else [span for turn in turns if (span := _span(turn, end_ms))]
    cuts = [
        round(min(turn.ended_ms / end_ms, 1) * BOX_WIDTH, 1)
        for turn in turns
        if turn.interrupted and turn.role == "assistant"
    ]
    return Waveform(end_ms, caller, agent, spans, cuts)


def _bars(peaks: Sequence[int], middle: int) -> str:
    if not peaks:
        return ""
    count = min(len(peaks), MOST_BARS)
    step = BOX_WIDTH / count
    parts = []
    for i in range(count):
        chunk = peaks[
            i * len(peaks) // count : max((i + 1) * len(peaks) // count, i * len(peaks) // count + 1)
        ]
        reach = max(chunk) / 100 * REACH
        if reach < 0.4:
            continue  # silence is the axis
        parts.append(f"M{(i + 0.5) * step:.1f} {middle - reach:.1f}v{2 * reach:.1f}")
    return "".join(parts)


def _span(turn: Turn, end_ms: int) -> Span | None:
    side = {"user": ("caller", CALLER_Y), "assistant": ("agent", AGENT_Y)}.get(turn.role)
    if side is None or turn.ended_ms <= turn.started_ms:
        return None
    x = turn.started_ms / end_ms * BOX_WIDTH
    width = max((turn.ended_ms - turn.started_ms) / end_ms * BOX_WIDTH, 2)
    return Span(side[0], round(x, 1), side[1] - 6, round(min(width, BOX_WIDTH - x), 1))
