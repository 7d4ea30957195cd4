"""The request of a webhook tool: address, headers and body, from the tool, the call and the arguments. Pure.

Variables are put into the path and the query of an address, never into its host: values come from callers,
and must not decide who receives a customer's keys.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlsplit

from patter.standard_webhooks import signed_headers
from patter.tools.spec import ToolContext, ToolSpec
from patter.variables import names_in, substitute, text_of

RESERVED_HEADERS = frozenset(
    [
        "host",
        "content-length",
        "content-type",
        "transfer-encoding",
        "connection",
        "accept-encoding",
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
    ]
)
"""Headers that belong to the request itself, and that no tool may set."""
RESERVED_FIELDS = ("tool", "arguments", "call_id", "caller", "callee", "direction", "agent_id")


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """What is sent on every try of one run. ``secret`` signs it anew each time."""

    url: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secret: str = field(default="", repr=False)

    def headers_of_try(self, webhook_id: str, number: int, now_s: float) -> dict[str, str]:
        """The headers of one try. ``number`` counts from 1."""
        signed = signed_headers([self.secret], webhook_id, int(now_s), self.body) if self.secret else {}
        own = {name: value for name, value in self.headers.items() if name.lower() not in RESERVED_HEADERS}
        return {
            "user-agent": "Patter",
            **own,
            "content-type": "application/json",
            # A body that is small on the line and huge in memory is not wanted.
            "accept-encoding": "identity",
            "webhook-id": webhook_id,
            **signed,
            "patter-try": str(number),
        }


def request_of(spec: ToolSpec, context: ToolContext, arguments: Mapping[str, Any]) -> WebhookRequest:
    """The request of one run."""
    body = {
        **spec.body,
        "tool": spec.name,
        "arguments": dict(arguments),
        "call_id": context.call_id,
        "caller": context.caller,
        "callee": context.callee,
        "direction": context.direction,
        "agent_id": context.agent_id or None,
    }
    encoded = json.dumps(body, ensure_ascii=False, separators=(",", ":"), default=str).encode()
    return WebhookRequest(spec.url, encoded, spec.headers, spec.secret)


def url_with_variables(url: str, values: Mapping[str, Any]) -> str:
    """An address with its variables put in, each as one piece of a path or of a query."""
    given = {name: value for name, value in values.items() if value is not None}
    return substitute(url, {name: quote(text_of(value), safe="") for name, value in given.items()}).text


def headers_with_variables(headers: Mapping[str, str], values: Mapping[str, Any]) -> dict[str, str]:
    """Headers with their variables put in, on one line each."""
    return {name: _one_line(substitute(value, values).text) for name, value in headers.items()}


def body_with_variables(body: Any, values: Mapping[str, Any]) -> Any:
    """A JSON value in which every text has its variables put in."""
    match body:
        case str():
            return substitute(body, values).text
        case Mapping():
            return {name: body_with_variables(value, values) for name, value in body.items()}
        case list() | tuple():
            return [body_with_variables(value, values) for value in body]
        case _:
            return body


def variables_in_host(url: str) -> tuple[str, ...]:
    """Variables that stand where they may not: before the path."""
    parts = urlsplit(url)
    return names_in(f"{parts.scheme}://{parts.netloc}")


def _one_line(text: str) -> str:
    return "".join(c for c in text if c.isprintable()).strip()
