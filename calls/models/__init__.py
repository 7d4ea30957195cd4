"""A call, from ring to end: its legs, what happened, what was said, what was recorded."""

from calls.models.call import Call, Leg
from calls.models.dialling import Dial, DialAttempt
from calls.models.notice import CarrierNotice
from calls.models.recording import CarrierErasure, FileErasure, Recording
from calls.models.story import CallEvent, Transcript, Turn
from calls.models.tool_run import ToolInvocation, ToolTry
from calls.models.transfer import Transfer

__all__ = [
    "Call",
    "CallEvent",
    "CarrierErasure",
    "CarrierNotice",
    "Dial",
    "DialAttempt",
    "FileErasure",
    "Leg",
    "Recording",
    "ToolInvocation",
    "ToolTry",
    "Transcript",
    "Transfer",
    "Turn",
]
