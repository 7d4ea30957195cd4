"""Several providers for one stage of a call, met as one port: when one fails, the next goes on.

The machines above know nothing of it; a switch is told as ``ProviderSwitched``. The deadlines hold even
where an adapter keeps none. For ears and models they decide between providers: a chain of one has nobody
to turn to and is waited for as long as the machine itself is patient. A voice is never waited for longer,
because a caller hears that silence; a single one is given the time of two.

- Ears: what was said since the last final text, up to 2 s, is given to the next recogniser.
- Model: another one is asked here only before the first word; after it the machine asks for the rest.
- Voice: another one speaks a chunk of which nothing was heard yet, and keeps the call; the machine asks for
  the rest of one that broke off. One that failed lately, and is asked because all have, gets a moment only:
  the next phrase does not wait as the first did.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from patter.bridge.commands import LlmAsk
from patter.bridge.events import (
    Event,
    LlmDone,
    LlmFailed,
    SttClosed,
    SttFailed,
    SttHeard,
    SttOpened,
    TtsAudio,
    TtsDone,
    TtsFailed,
)
from patter.bridge.plan import ProviderSpec
from patter.bridge.ports import Emit, Llm, Stt, Tts
from patter.engines.chain import Chain, Failure
from patter.engines.llm import open_llm
from patter.engines.stt import open_stt
from patter.engines.tts import open_tts
from patter.errors import ConfigError

RING_BYTES = 16_000
"""2 s of the caller's voice."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds: to open ears, to a model's first word, to a chunk's first audio, and between two pieces.

    ``again_s``: to the first audio of a voice that failed lately; one that is well takes 0.3 s.
    """

    connect_s: float = 2.0
    first_token_s: float = 4.0
    first_audio_s: float = 2.0
    stall_s: float = 3.0
    again_s: float = 0.7


DEADLINES = Deadlines()
Clock = Callable[[], float]


class ChainStt:
    """One connection to the first recogniser that works; meets ``Stt``. ``chain`` outlives it."""

    def __init__(
        self,
        chain: Chain,
        deadlines: Deadlines = DEADLINES,
        *,
        opener: Callable[[ProviderSpec], Stt] = open_stt,
        clock: Clock = time.monotonic,
    ) -> None:
        self._chain = chain
        self._deadlines = deadlines
        self._opener = opener
        self._clock = clock
        self._ring: deque[bytes] = deque()
        self._ring_bytes = 0
        self._link: Stt | None = None
        self._opened = False
        self._told_open = False
        self._wants_final = False

    async def run(self, stt_id: str, emit: Emit) -> None:
        """Connect, emit ``SttOpened`` once, then words, whoever hears them; ``SttFailed`` when all failed."""
        try:
            failure = await self._run(stt_id, emit)
        except asyncio.CancelledError:
            emit(SttClosed(stt_id))
            raise
        finally:
            self._link, self._opened = None, False
        emit(SttFailed(stt_id, failure.error, failure.permanent))

    async def _run(self, stt_id: str, emit: Emit) -> Failure:
        tried: list[int] = []
        failures: list[Failure] = []
        while (index := self._chain.next(tried, self._clock())) is not None:
            tried.append(index)
            if switched := self._chain.take(index, self._clock()):
                emit(switched)
            failures.append(await self._listen(index, stt_id, emit))
            self._chain.failed(index, failures[-1], self._clock())
        return _summary(failures)

    async def _listen(self, index: int, stt_id: str, emit: Emit) -> Failure:
        """Until this recogniser fails."""
        failure = Failure("closed")
        self._opened = False

        def take(event: Event) -> None:
            nonlocal failure
            if watch.expired() or self._link is not link:
                return
            match event:
                case SttFailed(_, error, permanent):
                    failure = Failure(error, permanent)
                case SttClosed():
                    pass
                case SttOpened():
                    watch.reschedule(None)
                    self._has_opened(event, emit)
                case _:
                    if isinstance(event, SttHeard) and event.final:
                        self._forget_audio()
                        self._chain.worked(index)
                    emit(event)

        async def work() -> None:
            await link.run(stt_id, take)

        try:
            link = self._link = self._opener(self._chain.specs[index])
        except Exception as error:
            return _told(error)
        watch = asyncio.timeout(_if_any(self._chain, self._deadlines.connect_s))
        broken = await _guarded(work, watch, "did not open in time")
        self._link, self._opened = None, False
        return broken or failure

    def _has_opened(self, event: SttOpened, emit: Emit) -> None:
        self._opened = True
        if not self._told_open:
            self._told_open = True
            emit(event)  # what was kept for this moment comes back through ``send``
            return
        if self._link is not None:
            for payload in self._ring:
                self._link.send(payload)
            if self._wants_final:
                self._link.finalize()

    def send(self, payload: bytes) -> None:
        """Hear this, now or from whoever is opened next."""
        if len(self._chain.specs) > 1:
            self._keep(payload)
        if self._link is not None and self._opened:
            self._link.send(payload)

    def finalize(self) -> None:
        self._wants_final = True
        if self._link is not None and self._opened:
            self._link.finalize()

    def _keep(self, payload: bytes) -> None:
        self._ring.append(payload)
        self._ring_bytes += len(payload)
        while self._ring_bytes > RING_BYTES:
            self._ring_bytes -= len(self._ring.popleft())

    def _forget_audio(self) -> None:
        self._ring.clear()
        self._ring_bytes = 0
        self._wants_final = False


class ChainLlm:
    """The models of one call; meets ``Llm``."""

    def __init__(
        self,
        chain: Chain,
        deadlines: Deadlines = DEADLINES,
        *,
        opener: Callable[[ProviderSpec], Llm] = open_llm,
        clock: Clock = time.monotonic,
    ) -> None:
        self._chain = chain
        self._deadlines = deadlines
        self._opener = opener
        self._clock = clock
        self._links: dict[int, Llm] = {}

    async def ask(self, command: LlmAsk, emit: Emit) -> None:
        """Emit one model's answer, then ``LlmDone`` or ``LlmFailed``."""
        tried: list[int] = []
        failures: list[Failure] = []
        begun = False
        while not begun and (index := self._chain.next(tried, self._clock())) is not None:
            tried.append(index)
            if switched := self._chain.take(index, self._clock()):
                emit(switched)
            begun, failure = await self._answer(index, command, emit)
            if failure is None:
                self._chain.worked(index)
                return
            failures.append(failure)
            self._chain.failed(index, failure, self._clock())
        told = failures[-1] if begun else _summary(failures)
        emit(LlmFailed(command.ask_id, told.error, told.permanent))

    async def _answer(self, index: int, command: LlmAsk, emit: Emit) -> tuple[bool, Failure | None]:
        """Whether anything came, and how it failed."""
        begun, done = False, False
        failure = Failure("the model said nothing")
        # Arguments of a tool are written in silence: how long that may take, the adapter knows better.
        stall_s = None if command.tools else _if_any(self._chain, self._deadlines.stall_s)

        def take(event: Event) -> None:
            nonlocal begun, done, failure
            if watch.expired() or done:
                return
            if isinstance(event, LlmFailed):
                failure = Failure(event.error, event.permanent)
                return
            begun, done = True, isinstance(event, LlmDone)
            watch.reschedule(None if done or stall_s is None else self._now() + stall_s)
            emit(event)

        async def work() -> None:
            if index not in self._links:
                self._links[index] = self._opener(self._chain.specs[index])
            await self._links[index].ask(command, take)

        watch = asyncio.timeout(_if_any(self._chain, self._deadlines.first_token_s))
        broken = await _guarded(work, watch, "no answer in time")
        return begun, None if done else broken or failure

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


class ChainTts:
    """The voices of one call; meets ``Tts``. Give it a chain that ``keeps``."""

    def __init__(
        self,
        chain: Chain,
        deadlines: Deadlines = DEADLINES,
        *,
        opener: Callable[[ProviderSpec], Tts] = open_tts,
        clock: Clock = time.monotonic,
    ) -> None:
        self._chain = chain
        self._deadlines = deadlines
        self._opener = opener
        self._clock = clock
        self._links: dict[int, Tts] = {}
        self._waiting: dict[int, set[asyncio.Timeout]] = {}

    async def say(self, say_id: str, text: str, emit: Emit) -> None:
        """Emit the audio of one voice, then ``TtsDone`` or ``TtsFailed``."""
        tried: list[int] = []
        failures: list[Failure] = []
        begun = False
        while not begun and (index := self._chain.next(tried, self._clock())) is not None:
            tried.append(index)
            if switched := self._chain.take(index, self._clock()):
                emit(switched)
            begun, failure = await self._speak(index, say_id, text, emit)
            if failure is None:
                self._chain.worked(index)
                emit(TtsDone(say_id))
                return
            failures.append(failure)
            self._chain.failed(index, failure, self._clock())
        told = failures[-1] if begun else _summary(failures)
        # Everybody was asked, or waited for: once more would only be more silence.
        emit(TtsFailed(say_id, told.error, told.permanent, tried=len(failures) > 1 or told.late))

    async def _speak(self, index: int, say_id: str, text: str, emit: Emit) -> tuple[bool, Failure | None]:
        begun, done = False, False
        failure = Failure("the voice ended without a word")
        stall_s = self._deadlines.stall_s

        def take(event: Event) -> None:
            nonlocal begun, done, failure
            if watch.expired() or done:
                return
            match event:
                case TtsFailed(_, error, permanent):
                    failure = Failure(error, permanent)
                case TtsDone():
                    done = True
                    watch.reschedule(None)
                case TtsAudio():
                    if event.payload:
                        begun = True
                        waiting.discard(watch)
                        self._push_back(waiting)
                        watch.reschedule(self._now() + stall_s)
                    emit(event)
                case _:
                    emit(event)

        async def work() -> None:
            if index not in self._links:
                self._links[index] = self._opener(self._chain.specs[index])
            await self._links[index].say(say_id, text, take)

        waiting = self._waiting.setdefault(index, set())
        watch = asyncio.timeout(self._patience_s(index))
        waiting.add(watch)
        try:
            broken = await _guarded(work, watch, "no audio in time")
        finally:
            waiting.discard(watch)
        self._push_back(waiting)
        return begun, None if done else broken or failure

    def _patience_s(self, index: int) -> float:
        if self._chain.failed_lately(index, self._clock()):
            return self._deadlines.again_s
        return self._deadlines.first_audio_s * (1 if len(self._chain.specs) > 1 else 2)

    def _push_back(self, waiting: set[asyncio.Timeout]) -> None:
        """A voice that speaks one text at a time is not late with the next."""
        until = self._now() + self._deadlines.first_audio_s * (1 if len(self._chain.specs) > 1 else 2)
        for watch in waiting:
            if watch.when() is not None and not watch.expired():
                watch.reschedule(until)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()

    async def close(self) -> None:
        """Give up what any of the voices holds open."""
        for link in self._links.values():
            with contextlib.suppress(Exception):
                await link.close()


def _if_any(chain: Chain, seconds: float) -> float | None:
    """A deadline, where there is somebody else to turn to."""
    return seconds if len(chain.specs) > 1 else None


def _summary(failures: list[Failure]) -> Failure:
    """What is told when all failed: each one's word, and whether trying again is of no use."""
    if not failures:
        return Failure("there is no provider", permanent=True)
    error = "; ".join(failure.error for failure in failures)
    return Failure(error, all(f.permanent for f in failures), any(f.late for f in failures))


async def _guarded(work: Callable[[], Awaitable[None]], watch: asyncio.Timeout, late: str) -> Failure | None:
    """Do it within the deadline. An adapter that breaks its promise and raises has failed, no more."""
    try:
        async with watch:
            await work()
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        return _told(error)  # nobody stopped it: something within it was cancelled
    except Exception as error:
        return Failure(late, late=True) if watch.expired() else _told(error)
    return None


def _told(error: BaseException) -> Failure:
    if isinstance(error, ConfigError):
        return Failure(str(error), permanent=True)
    return Failure(f"{type(error).__name__}: {error}", bool(getattr(error, "permanent", False)))
