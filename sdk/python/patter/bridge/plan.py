"""What is settled about a call before it begins: who answers, with what, within which limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from patter.bridge.answering import AnsweringPlan
from patter.bridge.keypad import Keypad
from patter.bridge.transfers import TransferPolicy


@dataclass(frozen=True, slots=True)
class ProviderSpec:
    """Which provider, with which settings. Credentials are resolved before the call begins."""

    provider: str
    model: str | None = None
    voice: str | None = None
    language: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)
    api_key: str | None = field(default=None, repr=False)
    base_url: str | None = field(default=None, repr=False)
    """An address may have a key in it, and so may options."""


@dataclass(frozen=True, slots=True)
class TurnTaking:
    """When a turn ends and what interrupts. Milliseconds unless the name says seconds."""

    endpointing_ms: int = 300
    turn_timeout_ms: int = 700
    max_turn_delay_ms: int = 3000
    min_voiced_ms: int = 60
    barge_in_pause_ms: int = 100
    barge_in_confirm_ms: int = 700
    resume_after_ms: int = 1000
    keypad_pause_ms: int = 1500
    filler_after_ms: int = 1500
    handler_timeout_s: float = 20.0
    idle_prompt_s: float = 10.0
    idle_prompts: int = 2
    max_duration_s: float = 3600.0
    first_message_delay_ms: int = 0
    first_message_interruptible: bool = True
    speculation: bool = True
    voice_detector: str = "energy"
    """energy, or silero: a model judges what is loud."""


@dataclass(frozen=True, slots=True)
class Phrases:
    """What the system itself says, in the agent's language."""

    apology: str = "Sorry, something went wrong on our side. Please try again later. Goodbye."
    retry: str = "Sorry, I did not get that. Could you say it again?"
    idle: str = "Are you still there?"
    goodbye: str = "Goodbye."
    filler: str = "One moment, please."
    """Said once where an answer takes long; empty: nothing."""
    transfer: str = "One moment, I will put you through."
    """Said before a transfer, where the agent said nothing itself."""
    transfer_failed: str = "I could not reach anyone there. How else can I help you?"
    """Said when the caller is back from a transfer that somebody outside asked for."""


@dataclass(frozen=True, slots=True)
class ToolTraits:
    """How a call treats a tool. ``effects``: it goes on when the caller speaks over it.

    ``wait_s``: how long the model waits for its result; ``background``: it outlives the call.
    """

    effects: bool = False
    background: bool = False
    wait_s: float = 10.0


@dataclass(frozen=True, slots=True)
class CallPlan:
    """One call, ready to be carried. Variables are already in ``system_prompt`` and ``first_message``.

    ``speech``: the one provider that hears and speaks, in the modes that have one (realtime, convai).
    ``fallbacks``: who goes on when ``stt``, ``llm`` or ``tts`` fails, in order, by the stage's name.
    """

    call_id: str
    direction: str = "inbound"
    caller: str = ""
    callee: str = ""
    mode: str = "pipeline"
    reply_by: str = "handler"
    handler_policy: str = "goodbye"
    """When the handler failed three times running: goodbye, model, or transfer to ``handler_transfer``."""
    handler_transfer: str = ""
    system_prompt: str = ""
    first_message: str = ""
    first_speaker: str = "agent"
    language: str = "en"
    stt: ProviderSpec | None = None
    llm: ProviderSpec | None = None
    tts: ProviderSpec | None = None
    speech: ProviderSpec | None = None
    fallbacks: Mapping[str, Sequence[ProviderSpec]] = field(default_factory=dict)
    tools: Sequence[Mapping[str, Any]] = ()
    tool_traits: Mapping[str, ToolTraits] = field(default_factory=dict)
    turn_taking: TurnTaking = field(default_factory=TurnTaking)
    phrases: Phrases = field(default_factory=Phrases)
    keypad: Keypad = field(default_factory=Keypad)
    custom_params: Mapping[str, str] = field(default_factory=dict)
    record: bool = True
    carrier_records: bool = False
    """The carrier is to record, too, as soon as the call may be recorded."""
    transfers: TransferPolicy = field(default_factory=TransferPolicy)
    answering: AnsweringPlan = field(default_factory=AnsweringPlan)
    announcement: str = ""
    """Said before anything else, and nothing interrupts it: that the call is recorded."""

    def chain(self, stage: str) -> list[ProviderSpec]:
        """The stage's own provider and those that stand behind it."""
        own: ProviderSpec | None = getattr(self, stage)
        return [own, *self.fallbacks.get(stage, ())] if own is not None else []
