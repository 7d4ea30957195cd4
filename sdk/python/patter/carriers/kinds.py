"""What differs between the carriers' media sockets, by the carrier's name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from patter.carriers.leg import header
from patter.carriers.media_wire import MediaWire
from patter.carriers.telnyx.wire import TOKEN_NAME
from patter.carriers.telnyx.wire import Wire as TelnyxWire
from patter.carriers.twilio.wire import Wire as TwilioWire

Scope = Mapping[str, Any]
TWILIO_SIGNATURE = b"x-twilio-signature"


@dataclass(frozen=True, slots=True)
class StreamKind:
    """How one carrier's media sockets are driven.

    Args:
        wire: makes the wire of one socket from its ASGI scope.
        signature_header: of the upgrade, where the carrier signs it.
        silence_every_s: how often silence goes out while the agent says nothing.
        names_account: whether ``start`` names the carrier account.
        reconnects: whether the carrier opens a broken socket again by itself, with the token of the first.
        stays_up: whether a call whose socket is gone stays up, silent, until we do something about it.
    """

    wire: Callable[[Scope], MediaWire]
    signature_header: bytes = b""
    silence_every_s: float | None = None
    names_account: bool = False
    reconnects: bool = False
    stays_up: bool = False


def _telnyx_wire(scope: Scope) -> MediaWire:
    return TelnyxWire(token=header(scope, TOKEN_NAME.encode()))


STREAM_KINDS: Mapping[str, StreamKind] = {
    "twilio": StreamKind(
        wire=lambda _scope: TwilioWire(), signature_header=TWILIO_SIGNATURE, names_account=True
    ),
    "telnyx": StreamKind(wire=_telnyx_wire, silence_every_s=0.2, reconnects=True, stays_up=True),
}


def stays_up(carrier: str) -> bool:
    """Whether this carrier leaves a call without a media socket on an open, silent line."""
    return carrier in STREAM_KINDS and STREAM_KINDS[carrier].stays_up
