"""Links for the wrappers that do what a script says, and the rig that holds two of them."""

import asyncio
from collections.abc import Awaitable, Callable

from patter.bridge.commands import LlmAsk
from patter.bridge.events import LlmDelta, LlmDone, ProviderSwitched
from patter.bridge.plan import ProviderSpec
from patter.engines.chain import Chain, Health
from patter.engines.chains import ChainLlm, ChainStt, ChainTts, Deadlines

A, B = ProviderSpec("a"), ProviderSpec("b")
SHORT = Deadlines(0.05, 0.05, 0.05, 0.05, again_s=0.05)
ASK = LlmAsk("t1", [])
Emit = Callable[[object], None]


async def forever() -> None:
    await asyncio.Event().wait()


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Link:
    """Does what its script says, for any port, and keeps what it was given."""

    def __init__(self, script: Callable[[Emit, str], Awaitable[None]]) -> None:
        self._script = script
        self.asked: list[object] = []
        self.heard = b""
        self.finalized = 0
        self.stopped = 0
        self.closed = 0

    async def _do(self, asked: str, emit: Emit) -> None:
        self.asked.append(asked)
        try:
            await self._script(emit, asked)
        except asyncio.CancelledError:
            self.stopped += 1
            raise

    async def ask(self, command: LlmAsk, emit: Emit) -> None:
        await self._do(command.ask_id, emit)

    async def say(self, say_id: str, text: str, emit: Emit) -> None:
        await self._do(say_id, emit)

    async def run(self, stt_id: str, emit: Emit) -> None:
        await self._do(stt_id, emit)

    def send(self, payload: bytes) -> None:
        self.heard += payload

    def finalize(self) -> None:
        self.finalized += 1

    async def close(self) -> None:
        self.closed += 1
        raise RuntimeError("odd")


def script(*steps: object) -> Callable[[Emit, str], Awaitable[None]]:
    """Events are emitted, exceptions raised, ``forever`` waits; ``{}`` in a TTS event's place is its id."""

    async def play(emit: Emit, asked: str) -> None:
        for step in steps:
            if isinstance(step, BaseException):
                raise step
            if step is forever:
                await forever()
            elif isinstance(step, float):
                await asyncio.sleep(step)
            else:
                emit(step(asked) if callable(step) else step)

    return play


class Rig:
    def __init__(self, *links: Link | Exception, stage: str = "llm", health: Health | None = None) -> None:
        self.links, self.clock = links, Clock()
        specs = (A, B)[: len(links)]
        self.chain = Chain(stage, specs, health or Health(), keeps=stage == "tts")
        self.events: list[object] = []

    def opener(self, spec: ProviderSpec):
        link = self.links[(A, B).index(spec)]
        if isinstance(link, Exception):
            raise link
        return link

    def llm(self) -> ChainLlm:
        return ChainLlm(self.chain, SHORT, opener=self.opener, clock=self.clock)

    def tts(self, deadlines: Deadlines = SHORT) -> ChainTts:
        return ChainTts(self.chain, deadlines, opener=self.opener, clock=self.clock)

    def stt(self) -> ChainStt:
        return ChainStt(self.chain, SHORT, opener=self.opener, clock=self.clock)

    @property
    def switches(self) -> list[ProviderSwitched]:
        return [event for event in self.events if isinstance(event, ProviderSwitched)]

    @property
    def others(self) -> list[object]:
        return [event for event in self.events if not isinstance(event, ProviderSwitched)]


HELLO = [LlmDelta("t1", "Hello."), LlmDone("t1")]
