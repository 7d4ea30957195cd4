"""Who decides what a simulated agent says: a script, or a custom LLM that is asked as the vendor asks it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from patter.engines.llm.openai.sse import SseReader
from patter.simulators.elevenlabs.convai_rules import ConversationError


@dataclass(frozen=True, slots=True)
class Answer:
    """What the agent does in its turn.

    Args:
        text: what it says; empty: nothing.
        tool: a client tool that it calls after that, with its arguments.
        ends: it ends the conversation when it has spoken, with the vendor's own ``end_call``.
        late_s: how long its model thinks.
    """

    text: str = ""
    tool: tuple[str, dict[str, Any]] | None = None
    ends: bool = False
    late_s: float = 0.0


Script = Callable[[str], Answer]


def echoing(said: str) -> Answer:
    """The usual script."""
    return Answer(f"You said {said}.")


@dataclass(slots=True)
class CustomLlm:
    """A chat completions server, asked over HTTP with a stream.

    Args:
        llm_timeout_s: the vendor's 20 s, for tests to shorten.
        again_after_s: ask a second time after so long, as the vendor does when it gets impatient.
    """

    config: Mapping[str, Any]
    key: str
    variables: Mapping[str, Any]
    timeout_s: float = 20.0
    again_after_s: float | None = None
    requests: list[dict[str, Any]] = field(default_factory=list)

    async def answer(self, messages: list[dict[str, Any]], tools: list[str]) -> AsyncIterator[str]:
        """The pieces of the answer. Raises ConversationError."""
        body = {
            "model": self.config.get("model_id") or "custom",
            "messages": messages,
            "stream": True,
            "temperature": 0,
            "tools": [
                {"type": "function", "function": {"name": name, "parameters": {"type": "object"}}}
                for name in tools
            ],
        }
        self.requests.append({"body": body, "headers": self._headers()})
        try:
            if self.again_after_s is not None:
                await self._give_up_once(body, self.again_after_s)
            async for piece in self._stream(body):
                yield piece
        except httpx.HTTPError as error:
            raise ConversationError(1002, "custom_llm_error", type(error).__name__) from None
        except TimeoutError:
            raise ConversationError(1002, "llm_timeout") from None

    async def _give_up_once(self, body: dict[str, Any], after_s: float) -> None:
        try:
            async with asyncio.timeout(after_s):
                async for _ in self._stream(body):
                    pass
        except TimeoutError:
            pass

    async def _stream(self, body: dict[str, Any]) -> AsyncIterator[str]:
        url = f"{str(self.config['url']).rstrip('/')}/chat/completions"
        reader = SseReader()
        ended = False
        async with httpx.AsyncClient(timeout=self.timeout_s, trust_env=False) as client:
            async with client.stream("POST", url, json=body, headers=self._headers()) as response:
                if response.status_code != 200:
                    raise ConversationError(1002, "custom_llm_error", f"HTTP {response.status_code}")
                chunks = response.aiter_bytes()
                while True:
                    try:
                        async with asyncio.timeout(self.timeout_s):
                            chunk = await anext(chunks)
                    except StopAsyncIteration:
                        break
                    for event in reader.feed(chunk):
                        ended = ended or event == "[DONE]"
                        if piece := _content(event):
                            yield piece
        if not ended:
            raise ConversationError(1002, "custom_llm_error", "the stream was cut")

    def _headers(self) -> dict[str, str]:
        headers = {"authorization": f"Bearer {self.key}"}
        for name, value in (self.config.get("request_headers") or {}).items():
            given = self.variables[value["variable_name"]] if isinstance(value, Mapping) else value
            headers[name] = str(given)
        return headers


def _content(event: str) -> str:
    """The text of one chunk. Raises ConversationError for what is no chunk."""
    if event == "[DONE]":
        return ""
    try:
        chunk = json.loads(event)
        assert chunk["object"] == "chat.completion.chunk"
        delta = chunk["choices"][0]["delta"]
        return str(delta.get("content") or "")
    except (ValueError, KeyError, IndexError, AssertionError):
        raise ConversationError(1002, "custom_llm_error", "a chunk cannot be read") from None
