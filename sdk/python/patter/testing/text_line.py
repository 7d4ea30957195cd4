"""A caller's line by text: what they say goes in, what they hear comes out, on a clock that stands still."""

from __future__ import annotations

from collections.abc import Callable

from patter.bridge.call import CallMachine
from patter.bridge.commands import Command, Note, Play
from patter.bridge.plan import CallPlan
from patter.bridge.records import Entry, TurnSettled
from patter.engines.pipeline.machine import PipelineMachine
from patter.testing.scene import FRAME_MS, Scene


class TextLine(Scene):
    """One call of this plan. ``perform`` is given every command that the line itself does not carry out."""

    def __init__(
        self, plan: CallPlan, perform: Callable[[Command], None], write: Callable[[Entry], None]
    ) -> None:
        super().__init__()
        self.machine = CallMachine(plan, PipelineMachine, self.now)
        self.said: list[str] = []
        """What the agent said, as far as it was heard, turn by turn."""
        self._filler = plan.phrases.filler.strip()
        self._perform = perform
        self._write = write

    @property
    def sounding(self) -> bool:
        """Whether the caller hears the agent now."""
        return any(isinstance(item, Play) for item in self._buffer)

    def step(self) -> None:
        """One frame of silence passes on the caller's side."""
        self.pass_ms(FRAME_MS)

    def speak(self, say_id: str, text: str) -> None:
        if text == self._filler:  # it is settled only together with the reply that it goes before
            self.said.append(text)
        super().speak(say_id, text)

    def _do(self, commands: list[Command]) -> None:
        super()._do(commands)
        for command in commands:
            if not isinstance(command, Note):
                self._perform(command)
                continue
            entry = command.entry
            if isinstance(entry, TurnSettled) and entry.role == "assistant" and entry.text:
                self.said.append(entry.text)
            self._write(entry)
