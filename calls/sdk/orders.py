"""What a courier asks to be done, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from calls.sdk.turn import HandlerEvent


@dataclass(frozen=True, slots=True)
class Send:
    """To a connection's own channel."""

    channel: str
    message: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Publish:
    """To a group."""

    group: str
    message: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Tell:
    """The engine hears this of its handler."""

    event: HandlerEvent


@dataclass(frozen=True, slots=True)
class Bound:
    """The call is with this connection from now on."""

    connection_id: str


Order = Send | Publish | Tell | Bound
Orders = list[Order]
