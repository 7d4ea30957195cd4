"""What an error of OpenAI Realtime means for a call. Pure.

Most errors answer one message and leave the session open; some end it, and some will meet every session.
"""

from __future__ import annotations

from enum import Enum

from patter.engines.realtime.wire import Trouble
from patter.engines.refusal import FATAL_CODES


class Weight(Enum):
    HARMLESS = "harmless"
    """A race that was lost; nothing is to be done."""
    REFUSED = "refused"
    """One message of ours was not taken; the session goes on."""
    SESSION = "session"
    """This session is over; another one may work."""
    FATAL = "fatal"
    """No session will work: key, money or settings are wrong."""


SETTINGS = "settings"
"""The ``event_id`` of our ``session.update``: refused, no session of this call would be the right one."""

HARMLESS = frozenset(
    {
        "response_cancel_not_active",
        "input_audio_buffer_commit_empty",
        "item_truncate_invalid_item_id",
        "invalid_value_audio_end_ms",
    }
)
SESSION = frozenset({"session_expired", "server_error", "internal_error", "rate_limit_exceeded"})
FATAL = FATAL_CODES | {
    "beta_api_shape_disabled",
    "invalid_request_error.beta_api_shape_disabled",
    "model_not_found",
}


def weigh(trouble: Trouble) -> Weight:
    """How bad an ``error`` event is."""
    if trouble.code in FATAL or trouble.event_id == SETTINGS:
        return Weight.FATAL
    if trouble.code in HARMLESS or "already shorter than" in trouble.message:
        return Weight.HARMLESS
    if trouble.code == "session_expired" or (trouble.code in SESSION and not trouble.event_id):
        return Weight.SESSION
    return Weight.REFUSED  # also where the server failed, or a limit was met, at one message only


def is_fatal_close(code: int | None, reason: str) -> bool:
    """Whether the server closed for what the next session will meet as well: 4000 is the beta's shape."""
    return code == 4000 or any(word in reason for word in FATAL)
