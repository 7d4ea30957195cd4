"""What Telnyx's webhooks say, as one value. Pure: the signature was proven before.

Deliveries come twice, in any order, and with more fields and kinds than are known here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from patter.bridge.wellformed import wellformed
from patter.carriers.telnyx.commands import decode_state

MAX_TEXT = 200
GOODBYE = "goodbye/"
"""How the state of a leg begins once a last text is spoken in it: whoever hears that it was, hangs up.

A state stays with the leg, so our id of the call goes on after it.
"""


class NotAWebhook(ValueError):
    """A body that is no webhook of Call Control, version 2. The text says why, without its content."""


@dataclass(frozen=True, slots=True)
class CallEvent:
    """One webhook about one leg. Fields that it does not have are empty.

    Args:
        id: of the event; the same for every delivery of it.
        kind: with dots, such as ``call.answered`` or ``streaming.started``.
        occurred_at: ISO 8601, UTC.
        state: of the leg at that moment, such as ``parked``.
        client_state: the text that our last command gave it, decoded.
        headers: custom SIP headers of the caller's side.
        payload: everything, for what only some kinds have.
    """

    id: str
    kind: str
    occurred_at: str
    connection_id: str
    call_control_id: str
    call_session_id: str
    client_state: str
    direction: str
    state: str
    from_: str
    to: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    payload: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def call_id(self) -> str:
        """Our own id of the call, from the state of the caller's leg."""
        return self.client_state.removeprefix(GOODBYE)

    @property
    def says_goodbye(self) -> bool:
        return self.client_state.startswith(GOODBYE)

    def text(self, name: str) -> str:
        """A field of the payload as text."""
        return _text(self.payload, name)

    @property
    def occurred(self) -> datetime | None:
        """The moment of ``occurred_at``; None where it is none."""
        try:
            moment = datetime.fromisoformat(self.occurred_at)
        except ValueError:
            return None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    @property
    def is_incoming(self) -> bool:
        return self.direction == "incoming"


def read_webhook(body: bytes) -> CallEvent:
    """Raises NotAWebhook."""
    try:
        given = json.loads(body)
    except (ValueError, RecursionError):
        raise NotAWebhook("not JSON") from None
    data = given.get("data") if isinstance(given, dict) else None
    payload = data.get("payload") if isinstance(data, dict) else None
    if not isinstance(data, dict) or not isinstance(payload, dict):
        raise NotAWebhook("no event with a payload")
    if not _text(data, "id") or not _text(data, "event_type"):
        raise NotAWebhook("an event without id or type")
    return CallEvent(
        id=_text(data, "id"),
        kind=normal_kind(_text(data, "event_type")),
        occurred_at=_text(data, "occurred_at"),
        connection_id=_text(payload, "connection_id"),
        call_control_id=_text(payload, "call_control_id"),
        call_session_id=_text(payload, "call_session_id"),
        client_state=decode_state(payload.get("client_state")),
        direction=_text(payload, "direction"),
        state=_text(payload, "state"),
        from_=_text(payload, "from"),
        to=_text(payload, "to"),
        headers=_headers(payload.get("custom_headers")),
        payload=payload,
    )


def normal_kind(kind: str) -> str:
    """Some deliveries spell ``streaming_started`` for ``streaming.started``."""
    return kind if "." in kind else kind.replace("_", ".")


def _headers(given: object) -> dict[str, str]:
    rows = given if isinstance(given, list) else []
    return {
        _text(row, "name"): str(row.get("value") or "")
        for row in rows
        if isinstance(row, dict) and _text(row, "name")
    }


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    # Ids are numbers in some answers and texts in others.
    is_text = isinstance(value, str | int) and not isinstance(value, bool)
    return wellformed(str(value))[:MAX_TEXT] if is_text else ""
