"""A call in convai mode on the test's own clock: the vendor's messages come from the test."""

from __future__ import annotations

from typing import Any

from patter.bridge.call import CallMachine
from patter.bridge.commands import HandlerAsk, SpeechOpen, SpeechSend
from patter.bridge.events import SpeechMessage, SpeechOpened
from patter.bridge.plan import CallPlan
from patter.bridge.records import Noted, TurnSettled
from patter.engines.convai.machine import ConvaiMachine
from patter.engines.convai.settings import ConvaiSettings
from patter.engines.convai.wanted import ReplyEnd, ReplyPiece, ReplyWanted
from patter.engines.convai.wire import AgentAudio, AgentText, CallerText, Metadata
from patter.testing.scene import Scene

MS_PER_CHARACTER = 50


class ConvaiScene(Scene):
    """``begins``: the vendor opens and begins every conversation by itself."""

    def __init__(
        self, *, begins: bool = True, format: str = "ulaw_8000", speaks: bool = True, **plan: Any
    ) -> None:
        super().__init__(speaks=speaks, **plan)
        self.begins = begins
        self.format = format
        self.event_id = 0
        self.asks = 0
        settings = ConvaiSettings("agent_1", call_token="token")
        call = CallPlan(call_id="call_test", mode="convai", **plan)
        self.machine = CallMachine(call, lambda parts: ConvaiMachine(parts, settings), self.now)

    def _do(self, commands: list[Any]) -> None:
        super()._do(commands)
        for command in commands:
            if isinstance(command, SpeechOpen) and self.begins:
                self.feed(SpeechOpened(command.speech_id))
                self.gets(Metadata("conv_1", self.format, self.format))

    # -- the vendor -------------------------------------------------------------------------------

    @property
    def speech_id(self) -> str:
        return str(self.last(SpeechOpen).speech_id)

    def gets(self, *messages: Any) -> None:
        self.feed(*(SpeechMessage(self.speech_id, message) for message in messages))

    def sent(self, kind: type[Any]) -> list[Any]:
        """What was sent to the vendor of this kind."""
        return [sent.message for sent in self.all(SpeechSend) if isinstance(sent.message, kind)]

    def agent_says(self, text: str, *, ms: int | None = None) -> None:
        """An answer with all of its audio, faster than anybody can hear it."""
        audio = b"\x90" * 8 * (MS_PER_CHARACTER * len(text) if ms is None else ms)
        self.gets(AgentText(text, self.event_id + 1))
        for at in range(0, len(audio), 2000):
            self.event_id += 1
            self.gets(AgentAudio(self.event_id, audio[at : at + 2000]))

    def caller_says(self, text: str) -> None:
        self.gets(CallerText(text, final=True))

    def wants(self, text: str, messages: int = 1) -> str:
        """The vendor asks for a reply; gives the id of its request."""
        self.asks += 1
        self.gets(ReplyWanted(f"ask{self.asks}", text, messages))
        return f"ask{self.asks}"

    def given(self, ask_id: str) -> str:
        """What was answered to a request."""
        return "".join(piece.text for piece in self.sent(ReplyPiece) if piece.ask_id == ask_id)

    def ended(self, ask_id: str) -> bool:
        return any(end.ask_id == ask_id for end in self.sent(ReplyEnd))

    @property
    def asked(self) -> list[str]:
        return [ask.text for ask in self.all(HandlerAsk)]

    def notes_of(self, kind: str) -> list[Noted]:
        """The notes of the call's timeline of this kind."""
        return [note for note in self.notes(Noted) if note.kind == kind]

    def end_of_turn_latency(self) -> dict[str, int]:
        """The stages of the last turn's latency."""
        return dict(self.notes(TurnSettled)[-1].latency or {})


LONG = "First we open at nine, then we serve lunch, and at night we dance until two."


def greeted(**plan: Any) -> ConvaiScene:
    """A call whose first message was heard."""
    call = ConvaiScene(first_message="Hi.", **plan).open()
    call.agent_says("Hi.")
    call.pass_ms(1500)
    return call


def telling() -> ConvaiScene:
    """A handler's answer is being said for 1.5 s; all of it has come."""
    call = greeted()
    call.wants("tell me")
    call.handler_says(LONG)
    call.agent_says(LONG)
    call.pass_ms(1500)
    return call
