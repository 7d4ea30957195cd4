"""Calls that ring for longer than any call may: the carrier's word on them got lost, and it is asked for it.

Until then such a call holds its line, and nobody else can call the same number from it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from django.utils import timezone

from calls.models import Call
from calls.services.advance import Facts, Happening
from calls.services.carrier_word import take_carrier_word
from calls.services.progress import Step
from calls.webhooks.twilio_words import status_step
from patter.carriers.telnyx.rest import OVER_CODES
from patter.errors import CarrierError
from phone_numbers.carrier import ask_telnyx, ask_twilio
from phone_numbers.models import Carrier, CarrierAccount

SILENT_FOR = timedelta(minutes=4)
"""Two minutes are the longest that a call may ring; the last callback may be tried again for a while."""
BATCH = 20
MESSAGE = "The carrier says that this call is over, and never said how it ended."

Word = tuple[Step | None, str]
"""What the carrier's answer makes known, None for nothing new, and its own word."""


def _at_twilio(call: Call, account: CarrierAccount) -> Word:
    told = ask_twilio(account, lambda rest: rest.fetch_call(call.carrier_call_id))
    return status_step(told.status), told.status


def _at_telnyx(call: Call, account: CarrierAccount) -> Word:
    """It tells whether a call is alive, and forgets those that are not after a while."""
    try:
        told = ask_telnyx(account, lambda rest: rest.fetch_call(call.carrier_call_id))
    except CarrierError as error:
        if error.code not in OVER_CODES:
            raise
        return Step.UNKNOWN, "forgotten"
    return (None, "alive") if told.is_alive else (Step.UNKNOWN, "over")


ASKED: Mapping[str, Callable[[Call, CarrierAccount], Word]] = {
    Carrier.TWILIO: _at_twilio,
    Carrier.TELNYX: _at_telnyx,
}
"""How a carrier is asked how a call stands. Raises CarrierError."""


def silent_dials() -> list[str]:
    """Calls that we placed a while ago, and that are neither answered nor over as far as we were told."""
    rows = Call.objects.unscoped("the sweep serves every organisation").filter(
        direction=Call.Direction.OUTBOUND,
        status__in=[Call.Status.DIALLING, Call.Status.RINGING],
        started_at__lt=timezone.now() - SILENT_FOR,
        stream_used=0,
        carrier__in=list(ASKED),
        carrier_account__isnull=False,
    )
    found = rows.exclude(carrier_call_id="").order_by("?")  # a queue at the carrier hides nobody behind it
    return list(found.values_list("pk", flat=True)[:BATCH])


def ask_about(call: Call) -> None:
    """Make known what the carrier says of this call. Never inside a transaction. Raises CarrierError."""
    account = call.carrier_account
    if call.is_over or account is None:
        return
    step, word = ASKED[call.carrier](call, account)
    if step is None:
        return
    happening = Happening("carrier.asked", {"status": word}, f"asked:{word}")
    facts = Facts(error_code="unknown", error_message=MESSAGE) if step is Step.UNKNOWN else Facts()
    take_carrier_word(call_id=call.pk, step=step, happening=happening, facts=facts)
