"""A realtime call on a clock that the test owns. The provider says what the test says, and nothing else."""

from __future__ import annotations

import json
from typing import Any

from patter.bridge.call import CallMachine
from patter.bridge.commands import Mark, Note, Play, SpeechOpen, SpeechSend, ToolRun
from patter.bridge.events import (
    CallerAudio,
    Event,
    LegOpened,
    MarkPlayed,
    SpeechMessage,
    SpeechOpened,
    ToolDone,
)
from patter.bridge.plan import CallPlan, ProviderSpec
from patter.bridge.records import CallEnded, Noted, TurnSettled
from patter.engines.realtime.machine import RealtimeMachine
from patter.engines.realtime.wire import (
    AudioDelta,
    AudioDone,
    Committed,
    Message,
    ResponseCreated,
    ResponseDone,
    SessionUpdated,
    SpeechStarted,
    SpeechStopped,
    TextDone,
    ToolCalled,
    UserSaid,
)

SILENCE = b"\xff" * 160
MS_PER_CHARACTER = 50


class Scene:
    """``sent`` holds what was said to the provider, without the caller's voice."""

    def __init__(self, *, reply_by: str = "model", **plan: Any) -> None:
        self.now, self.media_ms = 100.0, 0
        self.commands: list[Any] = []
        self.sent: list[dict[str, Any]] = []
        self.speech_id = ""
        self._marks: list[tuple[float, str]] = []
        self._plays_until = 0.0
        self._count = 0
        wanted = CallPlan(
            call_id="c",
            mode="realtime",
            reply_by=reply_by,
            speech=ProviderSpec("openai", api_key="k"),
            **plan,
        )
        self.machine = CallMachine(wanted, RealtimeMachine, self.now)
        self.feed(LegOpened("MZ1", "CA1", "AC1"))
        self._begin()

    def _begin(self) -> None:
        """The settings are in force."""
        self.provider(SessionUpdated())

    def feed(self, *events: Event) -> None:
        for event in events:
            self._do(self.machine.receive(event, self.now))

    def provider(self, *messages: Message) -> None:
        self.feed(*(SpeechMessage(self.speech_id, message) for message in messages))

    def _do(self, commands: list[Any]) -> None:
        self.commands += commands
        for command in commands:
            match command:
                case SpeechOpen(speech_id):
                    self.speech_id = speech_id
                    self.feed(SpeechOpened(speech_id))
                case SpeechSend(_, str() as text):
                    self.sent.append(json.loads(text))
                case Play(payload):
                    self._plays_until = max(self._plays_until, self.now) + len(payload) / 8000
                case Mark(name):
                    self._marks.append((self._plays_until, name))

    def pass_ms(self, ms: int) -> None:
        for _ in range(ms // 20):
            self.now += 0.02
            while (due := self.machine.next_timer()) is not None and due <= self.now:
                self._do(self.machine.handle_timer(self.now))
            for at, name in [mark for mark in self._marks if mark[0] <= self.now]:
                self._marks.remove((at, name))
                self.feed(MarkPlayed(name))
            self.feed(CallerAudio(SILENCE, self.media_ms))
            self.media_ms += 20

    # -- both sides -------------------------------------------------------------------------------

    def says(self, text: str | None, *, item: str = "") -> str:
        """The caller says something; None: its words are not known yet. Gives the item's name."""
        self._count += 1
        item = item or f"u{self._count}"
        self.provider(SpeechStarted(item, self.media_ms), SpeechStopped(item, self.media_ms))
        self.provider(Committed(item, ""))
        if text is not None:
            self.provider(UserSaid(item, text))
        return item

    def replies(self, text: str, *tools: ToolCalled, tag: str = "") -> str:
        """One response, all at once. Gives its id."""
        self._count += 1
        response, item = f"r{self._count}", f"a{self._count}"
        self.provider(ResponseCreated(response, tag))
        if text:
            audio = b"\x90" * (MS_PER_CHARACTER * 8 * len(text))
            self.provider(AudioDelta(response, item, audio), AudioDone(response, item))
            self.provider(TextDone(response, item, text))
        calls = [ToolCalled(response, tool.call_id, tool.name, tool.arguments) for tool in tools]
        self.provider(*calls, ResponseDone(response, tag, "completed"))
        return response

    def reads(self, text: str) -> None:
        """What is asked to be read aloud, piece by piece, and must be this; or what is asked of the model."""
        while text:
            request = self.of_type("response.create")[-1]
            asked = request["response"].get("instructions", "").rpartition("\n\n")[2]
            said = asked or text
            assert text.startswith(said), f"asked to read {asked!r}"
            self.replies(said, tag=request["event_id"])
            text = text[len(said) :].strip()

    def tool(self, result: Any) -> None:
        self.feed(ToolDone(self.last(ToolRun).run_id, result))

    # -- what happened ----------------------------------------------------------------------------

    def of_type(self, name: str) -> list[dict[str, Any]]:
        return [message for message in self.sent if message["type"] == name]

    @property
    def items(self) -> list[dict[str, Any]]:
        return [message["item"] for message in self.of_type("conversation.item.create")]

    @property
    def automatic(self) -> bool:
        updates = [message["session"]["audio"]["input"] for message in self.of_type("session.update")]
        return bool(updates[-1]["turn_detection"]["create_response"])

    def all(self, kind: type[Any]) -> list[Any]:
        return [command for command in self.commands if isinstance(command, kind)]

    def last(self, kind: type[Any]) -> Any:
        return self.all(kind)[-1]

    def entries(self, kind: type[Any]) -> list[Any]:
        return [command.entry for command in self.all(Note) if isinstance(command.entry, kind)]

    @property
    def turns(self) -> list[tuple[str, str]]:
        return [(turn.role, turn.text) for turn in self.entries(TurnSettled)]

    @property
    def kinds(self) -> list[str]:
        return [note.kind for note in self.entries(Noted)]

    @property
    def end(self) -> CallEnded | None:
        ended = self.entries(CallEnded)
        return ended[0] if ended else None
