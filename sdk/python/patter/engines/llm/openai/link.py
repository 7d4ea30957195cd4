"""A chat model as an Llm port: OpenAI's own, or anybody's who speaks its protocol."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

import httpx

from patter.bridge.commands import LlmAsk
from patter.bridge.plan import ProviderSpec
from patter.bridge.ports import Emit
from patter.engines.llm.openai.settings import settings_of
from patter.engines.llm.openai.wire import PATH, Answer, AnswerReader, request_body
from patter.engines.openai_account import account_of
from patter.engines.web import open_answer, pieces_of
from patter.errors import EngineError

DRAIN_S = 0.2
"""How long the end of a body may stay away after the answer's own last word."""
USAGE_S = 0.5
"""How long the count of tokens and ``[DONE]`` may stay away after the finish: some servers send neither."""
MOST_ANSWER_BYTES = 2_000_000
"""With all that stands round the words. More is no answer to a caller, and would fill the memory."""


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds: until the first text or tool call, and between two events after it."""

    first_s: float = 4.0
    stall_s: float = 3.0


class OpenAiLlm:
    """Options are told in ``settings.py``. Raises ConfigError when the choice cannot work."""

    def __init__(self, spec: ProviderSpec, deadlines: Deadlines | None = None) -> None:
        self._account = account_of(spec)
        self._settings = settings_of(spec)
        self._deadlines = deadlines or Deadlines()

    async def ask(self, command: LlmAsk, emit: Emit) -> None:
        """Emit the answer as it is written, then ``LlmDone`` or ``LlmFailed``."""
        reader = AnswerReader(command.ask_id)
        until = asyncio.get_running_loop().time() + self._deadlines.first_s
        try:
            async with asyncio.timeout_at(until) as deadline:
                response = await self._open(command, until)
                try:
                    await self._read(response, reader, deadline, emit)
                finally:
                    await response.aclose()
        except EngineError as error:
            _emit(reader.broken(str(error), permanent=error.permanent), emit)
        except TimeoutError:
            late = "the answer stopped in the middle" if reader.begun else "no answer in time"
            _emit(reader.broken(f"{self._account.provider}: {late}"), emit)

    async def _open(self, command: LlmAsk, until: float) -> httpx.Response:
        body = request_body(command, self._settings)
        account = self._account

        def make(client: httpx.AsyncClient) -> httpx.Request:
            headers = {**account.headers, "Accept": "text/event-stream"}
            return client.build_request("POST", f"{account.base_url}{PATH}", json=body, headers=headers)

        return await open_answer(account.provider, account.base_url, make, until=until)

    async def _read(
        self, response: httpx.Response, reader: AnswerReader, deadline: asyncio.Timeout, emit: Emit
    ) -> None:
        loop = asyncio.get_running_loop()
        size = 0
        async for piece in pieces_of(self._account.provider, response):
            size += len(piece)
            if size > MOST_ANSWER_BYTES:
                raise EngineError(self._account.provider, "the answer does not end", permanent=False)
            before, finished = reader.count, reader.finished
            _emit(reader.feed(piece), emit)
            if reader.over:
                # Only a connection that was read to its end can be kept for the next question.
                deadline.reschedule(loop.time() + DRAIN_S)
            elif reader.finished:
                if not finished:
                    deadline.reschedule(loop.time() + USAGE_S)
            elif reader.begun and reader.count > before:
                deadline.reschedule(loop.time() + self._deadlines.stall_s)
        if not reader.over:
            _emit(reader.end(), emit)


def _emit(events: Iterable[Answer], emit: Emit) -> None:
    for event in events:
        emit(event)
