"""OpenAI's transcription as a Stt port: a caller's utterance is posted as soon as their voice ends.

There is no connection to hold, so ``SttOpened`` comes at once, and a wrong key shows with the first words.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

import httpx

from patter.audio.frames import bytes_of, ms_of
from patter.bridge.events import (
    SttClosed,
    SttFailed,
    SttHeard,
    SttOpened,
    SttSpeechStarted,
    SttUtteranceEnded,
)
from patter.bridge.plan import ProviderSpec
from patter.bridge.ports import Emit
from patter.engines.openai_account import account_of
from patter.engines.stt.openai.settings import limits_of, settings_of
from patter.engines.stt.openai.utterances import Utterance, Utterances, VoiceBegan
from patter.engines.stt.openai.wire import PATH, file_of, form_fields, text_of
from patter.engines.web import open_answer, pieces_of
from patter.errors import EngineError

_WAITING_BYTES = bytes_of(10_000)
"""What a blocked event loop has not taken by then is dropped, the oldest first."""
_TRIES = 2


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds for the text of an utterance, and more for each second that it lasted."""

    answer_s: float = 4.0
    for_each_second_s: float = 0.1


class OpenAiStt:
    """Options are told in ``settings.py``. Raises ConfigError when the choice cannot work."""

    def __init__(self, spec: ProviderSpec, deadlines: Deadlines | None = None) -> None:
        self._account = account_of(spec)
        self._settings = settings_of(spec)
        self._deadlines = deadlines or Deadlines()
        self._utterances = Utterances(limits_of(spec))
        self._inbox: deque[bytes] = deque()
        self._inbox_bytes = 0
        self._finalize = False
        self._news = asyncio.Event()

    async def run(self, stt_id: str, emit: Emit) -> None:
        """Listen until cancelled."""
        emit(SttOpened(stt_id))
        spoken: asyncio.Queue[Utterance] = asyncio.Queue()
        listening = asyncio.create_task(self._listen(stt_id, spoken, emit), name=f"{stt_id} listening")
        try:
            await self._write_down(stt_id, spoken, emit)
        except EngineError as error:
            emit(SttFailed(stt_id, str(error), error.permanent))
        except asyncio.CancelledError:
            emit(SttClosed(stt_id))
            raise
        finally:
            listening.cancel()
            await asyncio.wait([listening])

    def send(self, payload: bytes) -> None:
        """Take audio."""
        self._inbox.append(payload)
        self._inbox_bytes += len(payload)
        while self._inbox_bytes > _WAITING_BYTES:
            self._inbox_bytes -= len(self._inbox.popleft())
        self._news.set()

    def finalize(self) -> None:
        """Ask for the text of what was said so far; it comes without ``end_of_turn``."""
        self._finalize = True
        self._news.set()

    async def _listen(self, stt_id: str, spoken: asyncio.Queue[Utterance], emit: Emit) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            while self._inbox:
                payload = self._inbox.popleft()
                self._inbox_bytes -= len(payload)
                for found in self._utterances.feed(payload):
                    if isinstance(found, VoiceBegan):
                        emit(SttSpeechStarted(stt_id, interims=False))
                    else:
                        spoken.put_nowait(found)
            if self._finalize and (cut := self._utterances.cut()):
                spoken.put_nowait(cut)
            self._finalize = False

    async def _write_down(self, stt_id: str, spoken: asyncio.Queue[Utterance], emit: Emit) -> None:
        """One utterance after the other, so that texts come in the order in which they were said."""
        while True:
            utterance = await spoken.get()
            text = await self._text_of(utterance.payload) if utterance.payload else ""
            # Whoever goes on speaking while the text is made has not finished their turn.
            over = utterance.ended and not self._utterances.speaking and spoken.empty()
            if text:
                emit(SttHeard(stt_id, text, final=True, end_of_turn=over))
            elif over:
                emit(SttUtteranceEnded(stt_id))

    async def _text_of(self, payload: bytes) -> str:
        seconds = self._deadlines.answer_s + self._deadlines.for_each_second_s * ms_of(len(payload)) / 1000
        until = asyncio.get_running_loop().time() + seconds
        provider = self._account.provider
        try:
            async with asyncio.timeout_at(until):
                for _ in range(_TRIES - 1):
                    try:
                        return await self._post(payload, until)
                    except EngineError as error:
                        # What was said cannot be said again: a passing fault is worth another try.
                        if error.permanent:
                            raise
                return await self._post(payload, until)
        except TimeoutError:
            raise EngineError(provider, "no text in time", permanent=False) from None

    async def _post(self, payload: bytes, until: float) -> str:
        account = self._account

        def make(client: httpx.AsyncClient) -> httpx.Request:
            return client.build_request(
                "POST",
                f"{account.base_url}{PATH}",
                data=form_fields(self._settings),
                files={"file": file_of(payload)},
                headers=account.headers,
            )

        response = await open_answer(account.provider, account.base_url, make, until=until)
        try:
            body = b"".join([piece async for piece in pieces_of(account.provider, response)])
            return text_of(body, self._settings.prompt)
        except ValueError:
            raise EngineError(account.provider, "an unreadable answer", permanent=False) from None
        finally:
            await response.aclose()
