"""Who does the work of a call: one table from command to performer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from patter.bridge.commands import (
    HandlerAsk,
    HandlerStop,
    LlmAsk,
    LlmStop,
    SpeechOpen,
    SpeechSend,
    SpeechStop,
    SttAudio,
    SttFinalize,
    SttOpen,
    SttStop,
    ToolRun,
    ToolStop,
    TtsSay,
    TtsStop,
)
from patter.bridge.events import (
    Event,
    HandlerFailed,
    LlmFailed,
    SpeechClosed,
    SpeechFailed,
    SttClosed,
    SttFailed,
    ToolDone,
    TtsFailed,
)
from patter.bridge.ports import Handler, Llm, SpeechSocket, Stt, ToolRunner, Tts
from patter.bridge.work import Work, told

CLOSE_WITHIN_S = 2.0


@dataclass(frozen=True, slots=True)
class Performers:
    """Who does the work of one call. ``stt`` and ``speech`` make a new one for each connection."""

    stt: Callable[[], Stt] | None = None
    tts: Tts | None = None
    llm: Llm | None = None
    handler: Handler | None = None
    tools: ToolRunner | None = None
    speech: Callable[[], SpeechSocket] | None = None


class Performing:
    """Starts and stops what providers, handler and tools do. One that is absent fails like a broken one."""

    def __init__(self, performers: Performers, work: Work, feed: Callable[[Event], None]) -> None:
        self._performers = performers
        self._work = work
        self._feed = feed
        self._stt: Stt | None = None
        self._stt_id = ""
        self._speech: SpeechSocket | None = None
        self._speech_id = ""
        self.table: dict[type, Callable[[Any], None]] = {
            SttOpen: self._stt_open,
            SttAudio: self._stt_audio,
            SttFinalize: self._stt_finalize,
            SttStop: lambda command: work.cancel(command.stt_id),
            SpeechOpen: self._speech_open,
            SpeechSend: self._speech_send,
            SpeechStop: lambda command: work.cancel(command.speech_id),
            LlmAsk: self._llm_ask,
            LlmStop: lambda command: work.cancel(command.ask_id),
            HandlerAsk: self._handler_ask,
            HandlerStop: self._handler_stop,
            TtsSay: self._tts_say,
            TtsStop: lambda command: work.cancel(command.say_id),
            ToolRun: self._tool_run,
            ToolStop: lambda command: work.cancel(command.run_id),
        }

    async def close(self) -> None:
        """Give up what outlives single commands."""
        if self._performers.tts is None:
            return
        try:
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await self._performers.tts.close()
        except Exception:  # nobody is there to be told: the call is over
            return

    # -- hearing and speaking ---------------------------------------------------------------------

    def _stt_open(self, command: SttOpen) -> None:
        self._stt, self._stt_id = None, command.stt_id

        async def work() -> None:
            await stt.run(command.stt_id, self._feed)
            self._feed(SttClosed(command.stt_id))  # a recogniser that ends in silence would leave us deaf

        try:
            assert self._performers.stt is not None, "no recogniser was given"
            stt = self._stt = self._performers.stt()
        except Exception as error:
            self._work.later(SttFailed(command.stt_id, told(error)))
            return
        self._work.start(command.stt_id, work, lambda error: SttFailed(command.stt_id, error))

    def _stt_audio(self, command: SttAudio) -> None:
        stt = self._stt
        if stt is not None and command.stt_id == self._stt_id:
            self._work.safely(self._stt_broken, stt.send, command.payload)

    def _stt_finalize(self, command: SttFinalize) -> None:
        stt = self._stt
        if stt is not None and command.stt_id == self._stt_id:
            self._work.safely(self._stt_broken, stt.finalize)

    def _stt_broken(self, error: str) -> Event:
        return SttFailed(self._stt_id, error)

    def _speech_open(self, command: SpeechOpen) -> None:
        self._speech, self._speech_id = None, command.speech_id

        async def work() -> None:
            await speech.run(command.speech_id, self._feed)
            self._feed(
                SpeechClosed(command.speech_id)
            )  # one that ends in silence would leave us deaf and mute

        try:
            assert self._performers.speech is not None, "no speech socket was given"
            speech = self._speech = self._performers.speech()
        except Exception as error:
            self._work.later(SpeechFailed(command.speech_id, told(error)))
            return
        self._work.start(command.speech_id, work, lambda error: SpeechFailed(command.speech_id, error))

    def _speech_send(self, command: SpeechSend) -> None:
        speech = self._speech
        if speech is not None and command.speech_id == self._speech_id:
            self._work.safely(self._speech_broken, speech.send, command.message)

    def _speech_broken(self, error: str) -> Event:
        return SpeechFailed(self._speech_id, error)

    def _tts_say(self, command: TtsSay) -> None:
        tts = self._performers.tts
        if tts is None:
            self._work.later(TtsFailed(command.say_id, "This agent has no voice.", permanent=True))
            return
        self._work.start(
            command.say_id,
            lambda: tts.say(command.say_id, command.text, self._feed),
            lambda error: TtsFailed(command.say_id, error),
        )

    # -- replying ---------------------------------------------------------------------------------

    def _llm_ask(self, command: LlmAsk) -> None:
        llm = self._performers.llm
        if llm is None:
            self._work.later(LlmFailed(command.ask_id, "This agent has no model.", permanent=True))
            return
        self._work.start(
            command.ask_id,
            lambda: llm.ask(command, self._feed),
            lambda error: LlmFailed(command.ask_id, error),
        )

    def _handler_ask(self, command: HandlerAsk) -> None:
        handler = self._performers.handler
        if handler is None:
            lost = HandlerFailed(command.turn_id, "handler_lost", "Nothing is connected that answers.")
            self._work.later(lost)
            return
        self._work.start(
            command.turn_id,
            lambda: handler.ask(command, self._feed),
            lambda error: HandlerFailed(command.turn_id, "handler_error", error),
        )

    def _handler_stop(self, command: HandlerStop) -> None:
        self._work.cancel(command.turn_id)
        handler = self._performers.handler
        if handler is not None:
            self._work.safely(
                lambda error: HandlerFailed(command.turn_id, "handler_error", error),
                handler.cancel,
                command.turn_id,
                command.heard,
            )

    def _tool_run(self, command: ToolRun) -> None:
        tools = self._performers.tools
        if tools is None:
            result = {"error": f"There is no tool {command.name!r}."}
            self._work.later(ToolDone(command.run_id, result, ok=False))
            return
        self._work.start(
            command.run_id,
            lambda: tools.run(command, self._feed),
            lambda error: ToolDone(command.run_id, {"error": error}, ok=False),
        )
