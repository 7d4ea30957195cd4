"""What goes in and comes out of the public methods: messages, agents, and which providers they use."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from patter.bridge.plan import ProviderSpec

Mode = Literal["pipeline", "realtime", "convai"]
Data = dict[str, Any]
"""What a callback is given: a call's facts by name, times in milliseconds unless the name says otherwise."""

Reply = str | None | Iterator[str] | AsyncIterator[str]
"""A text, nothing, or a text in pieces."""
MessageHandler = Callable[..., Reply | Awaitable[Reply]]
"""``on_message(message)`` or ``on_message(message, call)``; sync or async, or a generator of either kind."""
Callback = Callable[[Data], Any]
"""``on_call_start`` and its sisters: one dictionary in; sync or async; what it returns is ignored."""
Ready = Callable[[], Awaitable[None] | None]


@dataclass(frozen=True, slots=True)
class IncomingMessage:
    """What the caller said or pressed, and the conversation so far.

    Args:
        text: the words; a key press is ``[DTMF: 1]``.
        call_id: the same for all messages of a call.
        history: ``[{role, text}]``, roles user and assistant, what was heard; this message is the last.
        caller: number of whoever calls, in E.164 form; empty when withheld.
        callee: number that was called.
        turn_id: the caller's turn that this is.
        direction: ``inbound`` or ``outbound``.
    """

    text: str
    call_id: str
    history: list[dict[str, str]] = field(default_factory=list)
    caller: str = ""
    callee: str = ""
    turn_id: str = ""
    direction: str = "inbound"


@dataclass(frozen=True, slots=True)
class ProviderConfig:
    """A provider and its settings. Every call opens its own; this only says how."""

    provider: str
    api_key: str = field(default="", repr=False)
    model: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    base_url: str | None = field(default=None, repr=False)

    def spec(self) -> ProviderSpec:
        """As the bridge takes it."""
        return ProviderSpec(
            provider=self.provider,
            model=self.model,
            voice=getattr(self, "voice", None),
            language=getattr(self, "language", None),
            options=self.options,
            api_key=self.api_key or None,
            base_url=self.base_url,
        )


@dataclass(frozen=True, slots=True)
class SttConfig(ProviderConfig):
    """Which speech recognition."""

    language: str | None = None


@dataclass(frozen=True, slots=True)
class TtsConfig(ProviderConfig):
    """Which voice."""

    voice: str | None = None


@dataclass(frozen=True, slots=True)
class LlmConfig(ProviderConfig):
    """Which language model answers where no ``on_message`` does."""


@dataclass(frozen=True, slots=True)
class Agent:
    """Who answers, as ``phone.agent(...)`` makes it. Several calls share one; it holds no state of a call.

    ``mode`` empty: pipeline where ``stt`` or ``tts`` is given, else convai where ``convai_agent_id`` is,
    else realtime.
    """

    system_prompt: str = ""
    first_message: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)
    voice: str | None = None
    model: str | None = None
    language: str = "en"
    tools: Sequence[Any] = ()
    mode: Mode | None = None
    stt: SttConfig | None = None
    llm: LlmConfig | None = None
    tts: TtsConfig | None = None
    convai_agent_id: str | None = None
    transfer_targets: Sequence[Any] = ()
    guardrails: Sequence[Any] = ()
    first_speaker: Literal["agent", "caller"] = "agent"
    turn_taking: Mapping[str, Any] = field(default_factory=dict)
    phrases: Mapping[str, str] = field(default_factory=dict)
    keypad: Mapping[str, Any] = field(default_factory=dict)
    keyterms: Sequence[str] = ()

    @property
    def resolved_mode(self) -> Mode:
        """The voice mode that a call of this agent uses."""
        if self.mode is not None:
            return self.mode
        if self.stt is not None or self.tts is not None:
            return "pipeline"
        return "convai" if self.convai_agent_id else "realtime"
