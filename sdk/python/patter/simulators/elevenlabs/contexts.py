"""The contexts of one socket: what each message does to them. Pure.

What the real server takes without a word although it was surely not meant (words glued together, a
context that nobody will close) is taken here too, and written down as a complaint.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from patter.simulators.elevenlabs.rules import (
    USUAL_SCHEDULE,
    RefusalError,
    SocketPlan,
    check_voice_settings,
)

MOST_CONTEXTS = 5
DEFAULT_CONTEXT = "default"
MESSAGE_KEYS = frozenset(
    "text context_id voice_settings generation_config flush close_context close_socket xi_api_key "
    "authorization pronunciation_dictionary_locators try_trigger_generation".split()
)
SENTENCE_ENDS = (".", "!", "?", ";", ":", "…", "。")


@dataclass(frozen=True, slots=True)
class Generate:
    """This text is spoken now."""

    context: str
    text: str


@dataclass(frozen=True, slots=True)
class Close:
    """Nothing more comes for this context: what is being spoken ends, then ``isFinal``."""

    context: str


@dataclass(frozen=True, slots=True)
class CloseSocket:
    """Everything that was flushed is spoken, then the socket closes."""


Action = Generate | Close | CloseSocket


@dataclass(slots=True)
class _Context:
    buffer: str = ""
    generated: int = 0
    schedule: tuple[float, ...] = USUAL_SCHEDULE
    closed: bool = False


@dataclass(slots=True, eq=False)
class Contexts:
    """``live`` counts those that the server still works for, also after they were closed."""

    plan: SocketPlan
    complaints: list[str] = field(default_factory=list)
    _contexts: dict[str, _Context] = field(default_factory=dict)

    @property
    def live(self) -> int:
        return len(self._contexts)

    def ended(self, name: str) -> None:
        """``isFinal`` was sent: the slot is free."""
        self._contexts.pop(name, None)

    def receive(self, message: Mapping[str, Any]) -> list[Action]:
        """Raises RefusalError where the real server closes the socket."""
        if unknown := sorted(message.keys() - MESSAGE_KEYS):
            raise RefusalError(1008, "invalid_message", f"Unknown fields: {', '.join(unknown)}")
        if message.get("close_socket"):
            return [CloseSocket()]
        name = str(message.get("context_id") or DEFAULT_CONTEXT)
        known = self._contexts.get(name)
        if known is None or known.closed:
            return self._first(name, message)
        if message.get("voice_settings") is not None or message.get("generation_config") is not None:
            self.complaints.append(f"{name}: settings after the first message")
        return self._next(name, known, message)

    def _first(self, name: str, message: Mapping[str, Any]) -> list[Action]:
        if message.get("close_context"):
            return []  # closing what is not open is harmless
        if name in self._contexts:
            self.complaints.append(f"{name}: text after it was closed")
        elif self.live >= MOST_CONTEXTS:
            raise RefusalError(
                1008,
                "max_active_conversations",
                f"Maximum simultaneous contexts per WebSocket connection exceeded ({MOST_CONTEXTS}).",
            )
        if message.get("text") != " ":
            self.complaints.append(f"{name}: it began with something other than a single space")
        check_voice_settings(message.get("voice_settings"))
        context = self._contexts[name] = _Context()
        if schedule := (message.get("generation_config") or {}).get("chunk_length_schedule"):
            if not all(50 <= length <= 500 for length in schedule):
                raise RefusalError(1008, "invalid_generation_config", "chunk_length_schedule is 50 to 500.")
            context.schedule = tuple(schedule)
        return self._next(name, context, message)

    def _next(self, name: str, context: _Context, message: Mapping[str, Any]) -> list[Action]:
        if message.get("close_context"):
            if context.buffer.strip():
                self.complaints.append(f"{name}: closed with text that was never flushed")
            context.closed = True
            return [Close(name)]
        text = message.get("text") or ""
        if not isinstance(text, str):
            raise RefusalError(1008, "invalid_message", "text is a string.")
        if text and not text.endswith(" "):
            self.complaints.append(f"{name}: text without a space at its end")
        context.buffer += text
        if not context.buffer.strip() or not (message.get("flush") or self._full(context)):
            return []
        spoken, context.buffer = context.buffer.strip(), ""
        context.generated += 1
        return [Generate(name, spoken)]

    def _full(self, context: _Context) -> bool:
        text = context.buffer.strip()
        if self.plan.auto_mode:
            return text.endswith(SENTENCE_ENDS)
        return len(text) >= context.schedule[min(context.generated, len(context.schedule) - 1)]
