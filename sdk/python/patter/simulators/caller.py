"""The person on the phone: a script, played against what they hear.

A pure machine on a clock of 20 ms: a frame of the agent's voice in, a frame of the caller's out.
All times are milliseconds since the call was answered.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from patter.audio.frames import FRAME_MS
from patter.simulators.facts import Fact
from patter.simulators.script import Audio, Digits, HangUp, Listen, Over, Say, Step, Wait
from patter.simulators.sound import SILENT_FRAME, frames_of, is_audible

FINISHED_AFTER_MS = 600
STRETCH_GAP_MS = 300
OVER_PATIENCE_MS = 10_000
KEY_MS = 120
PAUSE_MS = 500


@dataclass(frozen=True, slots=True)
class Clip:
    """A step together with the sound that it makes (µ-law; empty when it makes none)."""

    step: Step
    sound: bytes = b""


@dataclass(slots=True)
class CallerTick:
    """What the caller does within one frame."""

    frame: bytes = SILENT_FRAME
    digits: list[str] = field(default_factory=list)
    hang_up: bool = False
    facts: list[Fact] = field(default_factory=list)


class Ears:
    """When the agent spoke. A stretch of voice ends with 300 ms of silence."""

    def __init__(self) -> None:
        self.started_ms: int | None = None
        self.last_heard_ms: int | None = None
        self._speaking = False

    def hear(self, frame: bytes, now_ms: int) -> list[Fact]:
        if is_audible(frame):
            self.last_heard_ms = now_ms + FRAME_MS
            if not self._speaking:
                self._speaking, self.started_ms = True, now_ms
                return [Fact("agent_started", now_ms)]
        elif self._speaking and self.silent_ms(now_ms) >= STRETCH_GAP_MS:
            self._speaking = False
            end_ms, start_ms = self.last_heard_ms or 0, self.started_ms or 0
            return [Fact("agent_stopped", end_ms, {"duration_ms": end_ms - start_ms})]
        return []

    def silent_ms(self, now_ms: int) -> int:
        return now_ms - (self.last_heard_ms or 0)

    def spoke_since(self, moment_ms: int) -> bool:
        return self.last_heard_ms is not None and self.last_heard_ms > moment_ms

    def began_since(self, moment_ms: int) -> int | None:
        """When the voice that sounds after ``moment_ms`` began."""
        if not self.spoke_since(moment_ms) or self.started_ms is None:
            return None
        return max(self.started_ms, moment_ms)


class Caller:
    """Plays its clips in order. After the last one it hangs up, unless that one listens."""

    def __init__(self, clips: Sequence[Clip]) -> None:
        timed = [ms for clip in clips if (ms := _hang_up_time(clip)) is not None]
        self._hang_up_at_ms = min(timed, default=None)
        self._clips = deque(clip for clip in clips if _hang_up_time(clip) is None)
        if not self._clips or not isinstance(self._clips[-1].step, HangUp | Listen):
            # With a time to hang up at, there is no hurry to do it sooner.
            self._clips.append(Clip(Listen() if timed else HangUp()))
        self._ears = Ears()
        self._frames: deque[bytes] = deque()
        self._keys: deque[tuple[int, str]] = deque()
        self._turn_ms = 0
        self._step_ms = 0
        self._asked_ms: int | None = None

    def tick(self, agent_frame: bytes, now_ms: int) -> CallerTick:
        tick = CallerTick(facts=self._ears.hear(agent_frame, now_ms))
        self._measure(tick, now_ms)
        if self._hang_up_at_ms is not None and now_ms >= self._hang_up_at_ms:
            self._hang_up(tick, now_ms)
            return tick
        if not self._frames and not self._keys and self._is_time(now_ms):
            self._begin(self._clips.popleft(), tick, now_ms)
        self._act(tick, now_ms)
        return tick

    def _measure(self, tick: CallerTick, now_ms: int) -> None:
        """The latency of a turn: from the end of the caller's voice to the first sound of the reply."""
        began = any(fact.kind == "agent_started" for fact in tick.facts)
        # A voice that began while the caller still spoke is no reply to what they said.
        if not began or self._asked_ms is None or now_ms < self._asked_ms:
            return
        tick.facts.append(Fact("turn_latency", now_ms, {"ms": now_ms - self._asked_ms}))
        self._asked_ms = None

    def _is_time(self, now_ms: int) -> bool:
        if not self._clips:
            return False
        match self._clips[0].step:
            case Say() | Digits() | Audio() | HangUp() as step:
                return self._agent_finished(now_ms, step.patience_ms)
            case Over(after_ms=after_ms):
                began_ms = self._ears.began_since(self._turn_ms)
                due_ms = self._turn_ms + OVER_PATIENCE_MS if began_ms is None else began_ms + after_ms
                return now_ms >= due_ms
            case Wait(ms=ms):
                return now_ms - self._step_ms >= ms
        return False

    def _agent_finished(self, now_ms: int, patience_ms: int) -> bool:
        if self._ears.spoke_since(self._turn_ms):
            return self._ears.silent_ms(now_ms) >= FINISHED_AFTER_MS
        return now_ms - self._turn_ms >= patience_ms

    def _begin(self, clip: Clip, tick: CallerTick, now_ms: int) -> None:
        self._step_ms = now_ms
        match clip.step:
            case Say(text=text) | Over(text=text):
                self._speak(clip.sound, text, tick, now_ms)
            case Audio():
                self._speak(clip.sound, "", tick, now_ms)
            case Digits(digits=digits):
                self._press(digits, now_ms)
            case HangUp():
                self._hang_up(tick, now_ms)

    def _speak(self, sound: bytes, text: str, tick: CallerTick, now_ms: int) -> None:
        self._frames.extend(frames_of(sound))
        voiced = [index for index, frame in enumerate(self._frames) if is_audible(frame)]
        self._asked_ms = now_ms + (voiced[-1] + 1) * FRAME_MS if voiced else now_ms
        tick.facts.append(
            Fact("said", now_ms, {"text": text, "duration_ms": len(self._frames) * FRAME_MS}),
        )

    def _press(self, digits: str, now_ms: int) -> None:
        at_ms = now_ms
        for key in digits:
            if key == "w":
                at_ms += PAUSE_MS
            else:
                self._keys.append((at_ms, key))
                at_ms += KEY_MS

    def _act(self, tick: CallerTick, now_ms: int) -> None:
        if self._frames:
            tick.frame = self._frames.popleft()
            self._turn_ms = self._step_ms = now_ms + FRAME_MS
        while self._keys and self._keys[0][0] <= now_ms:
            key = self._keys.popleft()[1]
            tick.digits.append(key)
            tick.facts.append(Fact("digit", now_ms, {"digit": key}))
            self._turn_ms = self._step_ms = now_ms + FRAME_MS

    def _hang_up(self, tick: CallerTick, now_ms: int) -> None:
        self._clips.clear()
        self._frames.clear()
        self._keys.clear()
        self._hang_up_at_ms = None
        tick.hang_up = True
        tick.facts.append(Fact("caller_hung_up", now_ms))


def _hang_up_time(clip: Clip) -> int | None:
    return clip.step.at_ms if isinstance(clip.step, HangUp) else None
