"""OpenAI's speech endpoint as a Tts port. It ends on 2027-01-06; the catalogue says so to whoever asks."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import httpx

from patter.bridge.events import TtsAudio, TtsDone, TtsFailed
from patter.bridge.plan import ProviderSpec
from patter.bridge.ports import Emit
from patter.engines import options as read
from patter.engines.catalogue.openai import DEFAULT_VOICE
from patter.engines.openai_account import account_of
from patter.engines.tts.openai.wire import PATH, Settings, Telephone, WrongFormatError, request_body
from patter.engines.web import open_answer, pieces_of
from patter.errors import EngineError


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds: until the first audio, and between two pieces of it."""

    first_s: float = 2.0
    stall_s: float = 3.0


class OpenAiTts:
    """Options: ``speed`` (0.25 to 4) and ``instructions``, which only newer models take."""

    def __init__(self, spec: ProviderSpec, deadlines: Deadlines | None = None) -> None:
        self._account = account_of(spec)
        self._settings = settings_of(spec)
        self._deadlines = deadlines or Deadlines()
        Telephone()  # the first one of a process loads numpy, which no caller should wait for

    async def say(self, say_id: str, text: str, emit: Emit) -> None:
        """Emit the audio of a text, then ``TtsDone`` or ``TtsFailed``."""
        if not text.strip():
            emit(TtsDone(say_id))
            return
        provider = self._account.provider
        until = asyncio.get_running_loop().time() + self._deadlines.first_s
        try:
            async with asyncio.timeout_at(until) as deadline:
                response = await self._open(text, until)
                try:
                    await self._play(say_id, response, deadline, emit)
                finally:
                    await response.aclose()
        except EngineError as error:
            emit(TtsFailed(say_id, str(error), error.permanent))
        except WrongFormatError as error:
            emit(TtsFailed(say_id, f"{provider}: {error}", permanent=True))
        except TimeoutError:
            emit(TtsFailed(say_id, f"{provider}: the audio did not come in time"))

    async def close(self) -> None:
        """The connections belong to the process, not to a call."""

    async def _open(self, text: str, until: float) -> httpx.Response:
        account, body = self._account, request_body(text, self._settings)

        def make(client: httpx.AsyncClient) -> httpx.Request:
            return client.build_request(
                "POST", f"{account.base_url}{PATH}", json=body, headers=account.headers
            )

        return await open_answer(account.provider, account.base_url, make, until=until)

    async def _play(
        self, say_id: str, response: httpx.Response, deadline: asyncio.Timeout, emit: Emit
    ) -> None:
        telephone = Telephone()
        loop = asyncio.get_running_loop()
        spoke = False
        async for piece in pieces_of(self._account.provider, response):
            payload = telephone.feed(piece)
            deadline.reschedule(loop.time() + self._deadlines.stall_s)
            if payload:
                spoke = True
                emit(TtsAudio(say_id, payload))
        if payload := telephone.flush():
            spoke = True
            emit(TtsAudio(say_id, payload))
        if not spoke:
            raise EngineError(self._account.provider, "no audio came", permanent=False)
        emit(TtsDone(say_id))


def settings_of(spec: ProviderSpec) -> Settings:
    """Raises ConfigError."""
    model = read.model_of(spec, "tts")
    fields = {
        "speed": read.number(spec.options, "speed", 0.25, 4),
        "instructions": read.text(spec.options, "instructions"),
    }
    chosen = {name: value for name, value in fields.items() if value is not None}
    return Settings(model, spec.voice or DEFAULT_VOICE, chosen)
