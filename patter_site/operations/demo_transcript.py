"""A call's transcript in the terminal, as the platform writes it down."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from calls.models import Call, Turn
from patter_site.accounts.models import Organisation

LOOK_EVERY_S = 0.25
SETTLES_WITHIN_S = 5.0
NAMES = {"user": "Caller", "assistant": "Agent"}


def follow_call(
    *, organisation: Organisation, call_sid: str, over: threading.Event, say: Callable[[str], None]
) -> None:
    """Print each turn once, until the call is over at the carrier and settled here."""
    printed = 0
    give_up = None
    while True:
        is_over = over.wait(LOOK_EVERY_S)
        call = Call.objects.of(organisation).filter(carrier_call_id=call_sid).first()
        if call is not None:
            printed = _print_turns(call, printed, say)
        if is_over:
            give_up = give_up or time.monotonic() + SETTLES_WITHIN_S
            # The carrier says first that a call is over; the process that carried it then adds how.
            if (call is not None and call.announced_at) or time.monotonic() > give_up:
                break
            time.sleep(LOOK_EVERY_S)
    if call is None:
        say("The call did not arrive. See the log above.")
        return
    _print_turns(call, printed, say)
    say(f"The call is over: {call.status}, {call.end_reason or 'unknown'}, {call.duration_s or 0} s.")


def _print_turns(call: Call, printed: int, say: Callable[[str], None]) -> int:
    for turn in Turn.objects.of(call.organisation_id).filter(call=call).order_by("index")[printed:]:
        cut = "  (cut by the caller)" if turn.interrupted else ""
        latency = f"  [{turn.latency['total_ms']} ms]" if turn.latency else ""
        minutes, seconds = divmod(turn.started_ms // 1000, 60)
        say(f"  {minutes:02}:{seconds:02}  {NAMES.get(turn.role, turn.role):6}  {turn.text}{cut}{latency}")
        printed += 1
    return printed
