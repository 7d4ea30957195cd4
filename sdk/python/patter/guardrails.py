"""What an agent must not say: every sentence of a reply is checked before it is spoken.

A sentence that a guardrail refuses is not spoken; its replacement is, and the reply ends there. Handlers
and models are checked alike. In Realtime and ConvAI the provider speaks by itself, so that nothing can be
checked beforehand.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from patter.blocking import in_thread
from patter.bridge.commands import HandlerAsk, LlmAsk
from patter.bridge.events import (
    Event,
    HandlerDelta,
    HandlerDone,
    HandlerFailed,
    LlmDelta,
    LlmDone,
    LlmFailed,
)
from patter.bridge.ports import Emit, Handler, Llm
from patter.engines.pipeline.clean import speakable
from patter.errors import ConfigError
from patter.handlers import is_async

logger = logging.getLogger("patter")

CHECK_WITHIN_S = 5.0
MOST_BEFORE = 200
"""Characters of what was said before a sentence: no term is longer."""
MOST_MARKED_UP = 2_000
"""Characters of a sentence that are looked at without their markup, too. Who writes longer ones uses none."""
REPLACEMENT = "I'm sorry, I can't say that."
SENTENCE_END = re.compile(r"[.!?…。！？\n]+[\"')\]]*\s+")


@dataclass(frozen=True, slots=True)
class Guardrail:
    """One rule for what is said.

    Args:
        name: for the log.
        blocked_terms: words and phrases that refuse a sentence, whatever their case.
        check: refuses a sentence by giving True; sync or async. One that fails refuses too.
        replacement: what is said instead; empty: nothing.
    """

    name: str
    blocked_terms: Sequence[str] = ()
    check: Callable[[str], Any] | None = None
    replacement: str = REPLACEMENT

    async def refuses(self, sentence: str, before: str = "") -> bool:
        """Whether this is not to be said; ``before``: what was said before it, a term may begin there."""
        if self.blocked_terms and _holds_any(self.blocked_terms, sentence, before):
            return True
        if self.check is None:
            return False
        try:
            async with asyncio.timeout(CHECK_WITHIN_S):
                verdict = (
                    self.check(sentence) if is_async(self.check) else await in_thread(self.check, sentence)
                )
                return bool(await verdict if inspect.isawaitable(verdict) else verdict)
        except Exception as error:
            logger.error(
                "The guardrail %r failed, and what it had to check is not said", self.name, exc_info=error
            )
            return True


def _holds_any(terms: Sequence[str], sentence: str, before: str) -> bool:
    """Whether a term ends in the sentence: as it is written, or as it is spoken, without markup."""
    said = len(_folded(before))
    spoken = speakable(sentence[:MOST_MARKED_UP])
    texts = {_folded(f"{before} {text}") for text in (sentence, spoken)}
    patterns = [
        re.compile(rf"(?<!\w){re.escape(wanted)}(?!\w)") for term in terms if (wanted := _folded(term))
    ]
    found = (match for pattern in patterns for text in texts for match in pattern.finditer(text))
    return any(match.end() > said for match in found)


def _folded(text: str) -> str:
    """Without case, without characters that nobody sees, and with single spaces."""
    text = unicodedata.normalize("NFKC", text).casefold()
    return " ".join("".join(c for c in text if unicodedata.category(c) != "Cf").split())


def read_guardrails(given: Sequence[Any]) -> tuple[Guardrail, ...]:
    """Guardrails from what ``agent(guardrails=[…])`` takes: a Guardrail, a dict of its fields, a check.

    Raises ConfigError.
    """
    return tuple(_read(one, number) for number, one in enumerate(given, 1))


def _read(given: Any, number: int) -> Guardrail:
    if isinstance(given, Mapping):
        try:
            given = Guardrail(**{"name": f"guardrail {number}", **given})
        except TypeError:
            raise ConfigError("A guardrail has name, blocked_terms, check and replacement.") from None
    elif callable(given) and not isinstance(given, Guardrail):
        given = Guardrail(getattr(given, "__name__", f"guardrail {number}"), check=given)
    if not isinstance(given, Guardrail):
        raise ConfigError(f"A guardrail is a Guardrail, a dict or a function, not {type(given).__name__}.")
    if isinstance(given.blocked_terms, str):
        raise ConfigError("blocked_terms is a list of words.")
    if given.check is not None and not callable(given.check):
        raise ConfigError("A guardrail's check is a function of a text.")
    return given


class _Checked:
    """One reply on its way to the caller: whole sentences go on once they are checked."""

    def __init__(self, guardrails: Sequence[Guardrail], say: Callable[[str], None]) -> None:
        self._guardrails = guardrails
        self._say = say
        self._text = ""
        self._before = ""
        self.refused = False

    async def add(self, text: str) -> None:
        self._text += text
        while not self.refused and (end := SENTENCE_END.search(self._text)):
            sentence, self._text = self._text[: end.end()], self._text[end.end() :]
            await self._check(sentence)

    async def finish(self) -> None:
        rest, self._text = self._text, ""
        if rest and not self.refused:
            await self._check(rest)

    async def _check(self, sentence: str) -> None:
        for guardrail in self._guardrails:
            if await guardrail.refuses(sentence, self._before):
                logger.warning("The guardrail %r refused a sentence", guardrail.name)
                self.refused = True
                if guardrail.replacement:
                    self._say(guardrail.replacement)
                return
        self._before = f"{self._before} {sentence}"[-MOST_BEFORE:]
        self._say(sentence)


async def _checked_stream(
    guardrails: Sequence[Guardrail],
    ask: Callable[[Emit], Any],
    say: Callable[[str], None],
    emit: Emit,
    done: Callable[[], Event],
) -> None:
    """Run ``ask``; its text goes through the guardrails, everything else goes on in its place."""
    events: asyncio.Queue[Event | None] = asyncio.Queue()
    checked = _Checked(guardrails, say)

    async def run() -> None:
        try:
            await ask(events.put_nowait)
        finally:
            events.put_nowait(None)

    async with asyncio.TaskGroup() as tasks:
        asking = tasks.create_task(run(), name="guarded reply")
        while (event := await events.get()) is not None:
            if isinstance(event, HandlerDelta | LlmDelta):
                await checked.add(event.text)
                if checked.refused:
                    asking.cancel()
                    emit(done())
                    return
                continue
            if isinstance(event, HandlerDone | LlmDone | HandlerFailed | LlmFailed):
                await checked.finish()
            emit(done() if checked.refused else event)


class GuardedHandler:
    """A handler whose replies are checked; meets ``Handler``."""

    def __init__(self, handler: Handler, guardrails: Sequence[Guardrail]) -> None:
        self._handler = handler
        self._guardrails = guardrails

    async def ask(self, command: HandlerAsk, emit: Emit) -> None:
        turn_id = command.turn_id
        await _checked_stream(
            self._guardrails,
            lambda tell: self._handler.ask(command, tell),
            lambda text: emit(HandlerDelta(turn_id, text)),
            emit,
            lambda: HandlerDone(turn_id),
        )

    def cancel(self, turn_id: str, heard: str) -> None:
        self._handler.cancel(turn_id, heard)


class GuardedLlm:
    """A model whose replies are checked; meets ``Llm``."""

    def __init__(self, llm: Llm, guardrails: Sequence[Guardrail]) -> None:
        self._llm = llm
        self._guardrails = guardrails

    async def ask(self, command: LlmAsk, emit: Emit) -> None:
        ask_id = command.ask_id
        await _checked_stream(
            self._guardrails,
            lambda tell: self._llm.ask(command, tell),
            lambda text: emit(LlmDelta(ask_id, text)),
            emit,
            lambda: LlmDone(ask_id),
        )
