"""A whole realtime call on a clock that the test owns, with a vendor that answers by itself until it fails.

The vendor says what the real one says, in its order. At one moment it goes wrong in one way, once.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from patter.bridge.commands import HandlerAsk, SpeechOpen, SpeechStop, ToolRun
from patter.bridge.events import (
    Event,
    HandlerDelta,
    HandlerDone,
    MarkPlayed,
    SpeechClosed,
    SpeechFailed,
    SpeechMessage,
    SpeechOpened,
    ToolDone,
)
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
    UserSaid,
)
from patter.testing.realtime_scene import Scene

TICK_S = 0.05
PIECES = 6
LATE_S = 2.5
ERRORS = {
    "fatal": "insufficient_quota",
    "session": "server_error",
    "harmless": "response_cancel_not_active",
    "refused": "invalid_value",
}
KINDS = ("close", "forbidden", *ERRORS, "silence", "late", "lost")


@dataclass(frozen=True)
class Fault:
    """``moment``: just before which message, by its name in ``LiveCall``; ``kind``: one of ``KINDS``."""

    moment: str
    kind: str


@dataclass(frozen=True)
class Reply:
    text: str = ""
    tool: str = ""


class LiveCall(Scene):
    """``answer`` gives the model's reply to a text; a handler gives its text. Sessions come and go."""

    def __init__(self, fault: Fault, answer: Callable[[str], Reply], **plan: Any) -> None:
        self._fault: Fault | None = fault
        self._answer = answer
        self._queue: list[tuple[float, int, str, str, Any]] = []
        self._at = 0
        self._events: list[tuple[float, int, Event]] = []
        self._taken = 0
        self._switch = False
        self._last_said = ""
        self._heard: str | None = None
        self._active: dict[str, str] = {}
        self.gone: set[str] = set()
        """Sessions that are over, or say nothing any more."""
        super().__init__(**plan)

    # -- the call ---------------------------------------------------------------------------------

    def _begin(self) -> None:
        pass  # the vendor opens when it is asked to

    def _do(self, commands: list[Any]) -> None:
        super()._do([command for command in commands if not isinstance(command, SpeechOpen)])
        for command in commands:
            match command:
                case SpeechOpen(speech_id):
                    self.commands.append(command)
                    self.speech_id = speech_id
                    self._later(0.05, "open", SpeechOpened(speech_id))
                case SpeechStop(speech_id):
                    self.gone.add(speech_id)
                case HandlerAsk(turn_id, text):
                    said = self._answer(text).text
                    self._event(0.1, HandlerDelta(turn_id, said))
                    self._event(0.15, HandlerDone(turn_id))
                case ToolRun(run_id):
                    self._event(0.4, ToolDone(run_id, {"done": True}))

    def run(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Let time pass; True as soon as it is so."""
        ends = self.now + seconds
        while self.now < ends and not until():
            self.now += TICK_S
            while (due := self.machine.next_timer()) is not None and due <= self.now:
                self._do(self.machine.handle_timer(self.now))
            for at, name in [mark for mark in self._marks if mark[0] <= self.now]:
                self._marks.remove((at, name))
                self.feed(MarkPlayed(name))
            while self._events and self._events[0][0] <= self.now:
                self.feed(heapq.heappop(self._events)[2])
            self._take()
            while self._queue and self._queue[0][0] <= self.now:
                self._tell(*heapq.heappop(self._queue)[2:])
        return until()

    def _event(self, after_s: float, event: Event) -> None:
        self._at += 1
        heapq.heappush(self._events, (self.now + after_s, self._at, event))

    # -- the vendor -------------------------------------------------------------------------------

    def _later(self, after_s: float, moment: str, message: Any) -> None:
        self._at += 1
        heapq.heappush(self._queue, (self.now + after_s, self._at, self.speech_id, moment, message))

    def _tell(self, speech_id: str, moment: str, message: Any) -> None:
        if speech_id in self.gone or (
            self._fault is not None and self._goes_wrong(speech_id, moment, message)
        ):
            return
        if isinstance(message, SpeechOpened):
            self.feed(message)
            return
        if isinstance(message, ResponseDone):
            self._active.pop(message.response_id, None)
        self.feed(SpeechMessage(speech_id, message))
        if isinstance(message, SessionUpdated) and self._heard is not None:
            text, self._heard = self._heard, None
            self.caller(text)  # what was said meanwhile is played to it

    def _goes_wrong(self, speech_id: str, moment: str, message: Any) -> bool:
        """True when the message does not come now."""
        fault = self._fault
        if fault is None or moment != fault.moment:
            return False
        self._fault = None
        match fault.kind:
            case "close" | "forbidden":
                permanent = fault.kind == "forbidden"
                self.gone.add(speech_id)
                opening = isinstance(message, SpeechOpened)
                closed = SpeechClosed(speech_id, 4000 if permanent else 1006, "")
                self.feed(SpeechFailed(speech_id, "refused", permanent) if opening else closed)
            case "silence":
                self.gone.add(speech_id)
            case "late":
                self._queue = [
                    (at + LATE_S, n, *rest) if rest[0] == speech_id else (at, n, *rest)
                    for at, n, *rest in [*self._queue, (self.now, 0, speech_id, moment, message)]
                ]
                heapq.heapify(self._queue)
            case "lost":
                pass
            case error:
                self.feed(SpeechMessage(speech_id, Trouble(ERRORS[error], "planned")))
                return False
        return True

    def _take(self) -> None:
        """What the engine asks of the vendor."""
        for message in self.sent[self._taken :]:
            self._taken += 1
            match message["type"]:
                case "session.update":
                    detection = message["session"]["audio"]["input"]["turn_detection"]
                    self._switch = detection["create_response"]
                    self._later(0.05, "session.updated", SessionUpdated())
                case "response.create":
                    asked = message["response"]
                    tag, aloud = asked["metadata"]["tag"], asked.get("instructions", "")
                    reply = Reply(aloud.rpartition("\n\n")[2]) if aloud else self._answer(self._asked)
                    self._respond(reply, tag)
                case "response.cancel":
                    tag = self._active.get(message["response_id"], "")
                    self._stop(message["response_id"], tag)
                case "conversation.item.create" if message["item"]["type"] == "function_call_output":
                    self._last_said = "results"

    @property
    def _asked(self) -> str:
        return self._last_said

    def _respond(self, reply: Reply, tag: str) -> None:
        self._count += 1
        response, item = f"r{self._count}", f"a{self._count}"
        self._active[response] = tag
        step = 0.05
        self._later(step, "response.created", ResponseCreated(response, tag))
        size = -(-len(reply.text) * 400 // PIECES)
        for at in range(PIECES if reply.text else 0):
            moment = {0: "first delta", PIECES // 2: "mid delta"}.get(at, "delta")
            step += 0.05
            self._later(step, moment, AudioDelta(response, item, b"\x90" * size))
            words = reply.text[len(reply.text) * at // PIECES : len(reply.text) * (at + 1) // PIECES]
            self._later(step, "text delta", TextDelta(response, item, words))
        if reply.text:
            self._later(step, "audio done", AudioDone(response, item))
            self._later(step, "text done", TextDone(response, item, reply.text))
        if reply.tool:
            called = ToolCalled(response, f"call_{self._count}", reply.tool, "{}")
            self._later(step + 0.05, "tool call", called)
        self._later(step + 0.1, "response.done", ResponseDone(response, tag, "completed"))

    def _stop(self, response: str, tag: str) -> None:
        """Nothing more of it comes but its end."""
        self._queue = [entry for entry in self._queue if getattr(entry[4], "response_id", "") != response]
        heapq.heapify(self._queue)
        self._later(0.05, "response.done", ResponseDone(response, tag, "cancelled"))

    # -- the caller -------------------------------------------------------------------------------

    def caller(self, text: str) -> None:
        """Says something: the vendor hears it, or the session that comes next does."""
        if self.speech_id in self.gone:
            self._heard = text
            return
        self._count += 1
        item, self._last_said = f"u{self._count}", text
        self._later(0.0, "speech started", SpeechStarted(item, 0))
        if self._switch:
            for response, tag in list(self._active.items()):
                self._stop(response, tag)
        self._later(0.5, "speech stopped", SpeechStopped(item, 500))
        self._later(0.55, "committed", Committed(item, ""))
        self._later(0.7, "transcript", UserSaid(item, text))
        if self._switch:
            self._event(0.56, _Reply())

    def feed(self, *events: Event) -> None:
        for event in events:
            if isinstance(event, _Reply):
                if self.speech_id not in self.gone:
                    self._respond(self._answer(self._asked), "")
            else:
                super().feed(event)


class _Reply:
    """The vendor replies by itself now."""
