"""Whether Twilio accounts can carry calls: credentials, account, numbers, webhook and stream addresses.

What Twilio says is repeated in its own words.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from django.conf import settings

from patter.carriers.twilio.resources import TwilioNumber
from patter.errors import CarrierError
from patter_site.common.doctor import Finding, bad, doctor_check, ok, warn
from phone_numbers.carrier import ask_twilio
from phone_numbers.configure import configure_number, is_free, webhook_address
from phone_numbers.models import Carrier, CarrierAccount, PhoneNumber
from phone_numbers.services import NOT_TWILIO
from phone_numbers.stream_address import check_stream_address


@doctor_check("twilio")
def check_twilio() -> Iterator[Finding]:
    rows = CarrierAccount.objects.unscoped("the doctor looks at the whole installation")
    accounts = list(rows.filter(carrier=Carrier.TWILIO, simulated=False).order_by("pk"))
    if accounts:
        yield from check_stream_address("Twilio", "31922")
    for account in accounts:
        yield from _check_account(account)


def _check_account(account: CarrierAccount) -> Iterator[Finding]:
    try:
        found = ask_twilio(account, lambda rest: rest.fetch_account())
    except CarrierError as error:
        yield bad(f"{account.pk}: {error}", "Check account SID and auth token in Twilio's console.")
        return
    if not found.sid:
        yield bad(f"{account.pk}: {NOT_TWILIO}.", "Check the account's address, or PATTER_TWILIO_BASE_URL.")
        return
    if found.status != "active":
        yield bad(f"{account.pk}: the account is {found.status}.", "Look at it in Twilio's console.")
        return
    yield ok(f"{account.pk}: the credentials work (account {found.name!r}).")
    if found.kind == "Trial":
        yield warn(
            f"{account.pk}: a trial account calls verified numbers only (21219), a few at once (10004).",
            "Upgrade it in Twilio's console.",
        )
    yield ok(f"{account.pk}: dials {_pace(account)}. What comes faster waits here, not in Twilio's queue.")
    numbers = PhoneNumber.objects.unscoped("the doctor looks at the whole installation")
    for number in numbers.filter(carrier_account=account).select_related("carrier_account").order_by("pk"):
        yield from _check_number(account, number)


def _pace(account: CarrierAccount) -> str:
    at_once = (
        f"at most {account.most_calls} calls" if account.most_calls is not None else "any number of calls"
    )
    return f"{account.calls_per_second:g} a second, {at_once} at once"


def _check_number(account: CarrierAccount, number: PhoneNumber) -> Iterator[Finding]:
    try:
        found = ask_twilio(account, lambda rest: rest.look_up_number(number.number))
    except CarrierError as error:
        yield bad(f"{number.pk}: {error}", "Remove the number here, or buy it at Twilio.")
        return
    if not found.takes_calls:
        yield bad(f"{number.pk}: this number takes no voice calls.", "Choose another one at Twilio.")
    if settings.PATTER_PUBLIC_URL:
        yield _address_finding(account, number, found)


def _address_finding(account: CarrierAccount, number: PhoneNumber, found: TwilioNumber) -> Finding:
    """Where its calls go, and the reports on them. Somebody else's address is never overwritten from here."""
    fix = partial(configure_number, number=number, base_url=settings.PATTER_PUBLIC_URL)
    voice_url, status_url = webhook_address(account, "voice"), webhook_address(account, "status")
    if found.calls_go_to.partition("?")[0] != voice_url:
        if is_free(found.calls_go_to, voice_url):
            return bad(f"{number.pk}: its calls go nowhere.", "Run this command with --fix.", fix=fix)
        return bad(
            f"{number.pk}: its calls go to {found.calls_go_to}.",
            "To send them here, POST /api/v1/numbers/{id}/configure with replace: true.",
        )
    if not found.is_posted:
        return bad(
            f"{number.pk}: its calls come here by GET, and are taken by POST only.",
            "Run this command with --fix.",
            fix=fix,
        )
    if found.status_callback == status_url:
        return ok(f"{number.pk}: its calls come here, and the reports on them.")
    if is_free(found.status_callback, status_url):
        return bad(
            f"{number.pk}: its calls come here, and nobody reports their ends.",
            "Run this command with --fix.",
            fix=fix,
        )
    return bad(
        f"{number.pk}: its calls come here, and the reports on them go to {found.status_callback}.",
        "To have them here, POST /api/v1/numbers/{id}/configure with replace: true.",
    )
