"""What a provider's HTTP answer means for a call when it is no success. Pure.

Permanent is what the same request will meet again: a wrong key, a setting, an empty account. A limit
or a fault on the provider's side is not, and says with ``Retry-After`` when it may be over.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from patter.bridge.discreet import blotted

PASSING_STATUSES = frozenset({408, 409, 425, 429})
FATAL_CODES = frozenset(
    {
        "account_deactivated",
        "billing_hard_limit_reached",
        "insufficient_quota",
        "invalid_api_key",
        "quota_exceeded",
    }
)
"""Words for what no waiting mends, whatever the status."""

PASSING_CODES = frozenset({"too_many_concurrent_requests", "system_busy", "rate_limit_exceeded"})

KEY_HEADERS = frozenset({"authorization", "xi-api-key"})
_MOST_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Refusal:
    """``retry_after_s`` is the provider's own word, or None."""

    status: int
    error: str
    permanent: bool
    code: str | None = None
    retry_after_s: float | None = None


def read_refusal(status: int, headers: Mapping[str, str], body: bytes) -> Refusal:
    """Of an answer of 3xx to 5xx."""
    code, message = _told(body)
    passing = status in PASSING_STATUSES or status >= 500 or code in PASSING_CODES
    said = f"{status} {code or ''}".strip()
    return Refusal(
        status,
        f"{said}: {message[:_MOST_CHARACTERS]}" if message else said,
        permanent=code in FATAL_CODES or not passing,
        code=code,
        retry_after_s=_seconds(headers),
    )


def without_keys(text: str, headers: Mapping[str, str]) -> str:
    """A provider's words, without the key that the refused request came with: some repeat it."""
    keys = [value.rpartition(" ")[2] for name, value in headers.items() if name.lower() in KEY_HEADERS]
    return blotted(text, keys)


def error_of(data: Any) -> tuple[str | None, str] | None:
    """Code and message of an error as OpenAI (``error``) or ElevenLabs (``detail``) tells it."""
    if not isinstance(data, dict) or not (inner := data.get("error") or data.get("detail")):
        return None
    if not isinstance(inner, dict):
        return None, str(inner)
    code = inner.get("code") or inner.get("status") or inner.get("type")
    return (str(code) if code else None), str(inner.get("message") or "")


def _told(body: bytes) -> tuple[str | None, str]:
    try:
        data = json.loads(body)
    except ValueError:
        return None, ""
    return error_of(data) or (None, "")


def _seconds(headers: Mapping[str, str]) -> float | None:
    for name, unit_s in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            value = float(headers[name]) * unit_s
        except (KeyError, ValueError):  # a date is allowed too; no deadline of ours waits for one
            continue
        if 0 <= value < float("inf"):
            return value
    return None
