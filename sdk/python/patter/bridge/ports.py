"""What a session needs from the world. Each port is small, and each is met twice: for real and for tests.

A performer never raises: whatever goes wrong with a provider becomes an event (``SttFailed``,
``LlmFailed`` ...). The one exception that may pass is ``asyncio.CancelledError``, which is how a
session stops a performer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from patter.bridge.commands import Clear, HandlerAsk, LlmAsk, Mark, Play, ToolRun, TransferStart
from patter.bridge.events import Event
from patter.bridge.records import Entry

Emit = Callable[[Event], None]
"""Hands an event to the session. Never blocks, callable only from the session's own event loop."""


class Leg(Protocol):
    """One phone connection of the call."""

    def send(self, command: Play | Mark | Clear) -> None:
        """Queue one frame for the carrier, in order. Never blocks."""

    async def close(self) -> None:
        """Close the socket; harmless when it is already closed."""


class CarrierControl(Protocol):
    """What can be done to a call outside its media socket."""

    async def hang_up(self, carrier_call_id: str) -> None:
        """End the call. A call that is already over is a success. Raises CarrierError."""

    async def say_and_hang_up(self, carrier_call_id: str, text: str, language: str) -> None:
        """Have the carrier speak a text in its own voice, then end the call. Returns once it took that on.

        A call that is already over is a success. Raises CarrierError.
        """

    async def send_digits(self, carrier_call_id: str, digits: str) -> None:
        """Press keys towards the far end (``w`` waits 0.5 s, ``W`` 1 s). Returns once the carrier took it on.

        Where that ends the media stream, the carrier is told to open a new one after it. Raises CarrierError.
        """

    async def start_recording(self, carrier_call_id: str) -> None:
        """Have the carrier record both sides, until the call ends. Raises CarrierError."""


class TransferControl(Protocol):
    """How a carrier connects a caller to a human. What comes of it is told by the carrier's webhooks."""

    async def start(self, carrier_call_id: str, order: TransferStart) -> None:
        """Begin. Returns once the carrier took it on. Raises CarrierError."""

    async def stop(self, carrier_call_id: str, transfer_id: str, *, recall: bool) -> None:
        """End the human's leg; with ``recall`` open the caller's media stream again.

        What is over already is a success. Raises CarrierError.
        """


class Stt(Protocol):
    """One streaming recogniser, for one call. Built anew for every call, never shared."""

    async def run(self, stt_id: str, emit: Emit) -> None:
        """Connect, emit ``SttOpened``, then words, until cancelled; last ``SttClosed`` or ``SttFailed``."""

    def send(self, payload: bytes) -> None:
        """Give it µ-law 8 kHz audio. Never blocks; bounded inside, the oldest is dropped."""

    def finalize(self) -> None:
        """Ask for the final text of what was sent so far."""


class SpeechSocket(Protocol):
    """A provider that hears and speaks over one socket. Built anew for each ``SpeechOpen``, never shared."""

    async def run(self, speech_id: str, emit: Emit) -> None:
        """Connect, emit ``SpeechOpened``, then ``SpeechMessage`` for each message, until cancelled.

        Last ``SpeechClosed`` or ``SpeechFailed``. Whatever way it ends, the socket is closed behind it.
        """

    def send(self, message: Any) -> None:
        """Queue one message, in order. Never blocks; bounded inside, the oldest caller audio is dropped."""


class Llm(Protocol):
    """A model that answers in a stream."""

    async def ask(self, command: LlmAsk, emit: Emit) -> None:
        """Emit ``LlmDelta`` and ``LlmToolCall``, then ``LlmDone`` or ``LlmFailed``."""


class Tts(Protocol):
    """A voice, for one call."""

    async def say(self, say_id: str, text: str, emit: Emit) -> None:
        """Emit ``TtsAudio`` in order, then ``TtsDone`` or ``TtsFailed``. Cancelled when the reply is cut."""

    async def close(self) -> None:
        """Give up what is held open between chunks."""


class Handler(Protocol):
    """The user's ``on_message``, wherever it runs."""

    async def ask(self, command: HandlerAsk, emit: Emit) -> None:
        """Emit ``HandlerDelta`` for each piece, then ``HandlerDone`` or ``HandlerFailed``."""

    def cancel(self, turn_id: str, heard: str) -> None:
        """The reply to this turn was cut after ``heard``."""


class ToolRunner(Protocol):
    """Runs the agent's own tools (webhooks, functions); built-in ones never come here."""

    async def run(self, command: ToolRun, emit: Emit) -> None:
        """Emit one ``ToolDone``."""


class CallLog(Protocol):
    """Where a call is written down."""

    def write(self, entry: Entry) -> None:
        """Take one entry. Never blocks and never raises: a slow database must not be heard."""
