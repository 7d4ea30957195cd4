"""Whether Telnyx accounts can carry calls: key, application, webhook address, outbound profile, numbers.

What Telnyx says is repeated in its own words.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from django.conf import settings

from patter.carriers.telnyx.resources import TelnyxApplication, TelnyxProfile
from patter.carriers.telnyx.signature import is_public_key
from patter.errors import CarrierError
from patter_site.common.doctor import Finding, bad, doctor_check, ok, warn
from phone_numbers.carrier import ask_telnyx
from phone_numbers.configure import is_free, webhook_address
from phone_numbers.models import Carrier, CarrierAccount, PhoneNumber
from phone_numbers.services import NOT_TELNYX
from phone_numbers.stream_address import check_stream_address

FEW_CALLS = 10
"""Accounts begin with 2 calls at once, and have 10 after their second level."""


@doctor_check("telnyx")
def check_telnyx() -> Iterator[Finding]:
    rows = CarrierAccount.objects.unscoped("the doctor looks at the whole installation")
    accounts = list(rows.filter(carrier=Carrier.TELNYX, simulated=False).order_by("pk"))
    if accounts:
        yield from check_stream_address("Telnyx")
    for account in accounts:
        yield from _check_account(account)


def _check_account(account: CarrierAccount) -> Iterator[Finding]:
    if not is_public_key(account.public_key):
        yield bad(
            f"{account.pk}: the public key is not one, so every webhook is refused.",
            "Copy it from Telnyx's portal, Keys & Credentials, Public Key.",
        )
    try:
        application = ask_telnyx(account, lambda rest: rest.fetch_application())
    except CarrierError as error:
        yield bad(f"{account.pk}: {error}", "Check API key and connection id in Telnyx's portal.")
        return
    if not application.connection_id:
        yield bad(f"{account.pk}: {NOT_TELNYX}.", "Check the account's address, or PATTER_TELNYX_BASE_URL.")
        return
    yield ok(f"{account.pk}: key and connection work (application {application.name!r}).")
    if not application.active:
        yield bad(f"{account.pk}: the application is not active.", "Activate it in Telnyx's portal.")
    yield from _check_address(account, application)
    yield from _check_outbound(account, application)
    numbers = PhoneNumber.objects.unscoped("the doctor looks at the whole installation")
    for number in numbers.filter(carrier_account=account).order_by("pk"):
        yield from _check_number(account, number)


def _check_address(account: CarrierAccount, application: TelnyxApplication) -> Iterator[Finding]:
    """Where the application's events go. Somebody else's address is never overwritten from here."""
    if not settings.PATTER_PUBLIC_URL:
        return  # said by the check of the public URL
    ours = webhook_address(account)
    if (application.webhook_url, application.api_version) == (ours, "2"):
        yield ok(f"{account.pk}: events come to {ours}.")
    elif is_free(application.webhook_url, ours):
        fix = partial(_send_events_here, account, application, ours)
        old = application.webhook_url.partition("?")[0] == ours
        says = f"events come in version {application.api_version or '1'}" if old else "no events come here"
        yield bad(f"{account.pk}: {says}.", "Run this command with --fix.", fix=fix)
    else:
        yield bad(
            f"{account.pk}: events go to {application.webhook_url}.",
            "To send them here, POST /api/v1/numbers/{id}/configure with replace: true.",
        )


def _send_events_here(account: CarrierAccount, application: TelnyxApplication, url: str) -> None:
    ask_telnyx(account, lambda rest: rest.configure_application(application, webhook_url=url))


def _check_outbound(account: CarrierAccount, application: TelnyxApplication) -> Iterator[Finding]:
    try:
        if not application.outbound_profile_id:
            profiles = ask_telnyx(account, lambda rest: rest.list_profiles())
            yield _no_profile(account, application, profiles)
            return
        profile = ask_telnyx(account, lambda rest: rest.fetch_profile(application.outbound_profile_id))
    except CarrierError as error:
        yield warn(f"{account.pk}: its outbound voice profile: {error}", "Look at it in Telnyx's portal.")
        return
    yield _profile_finding(account, profile)


def _no_profile(
    account: CarrierAccount, application: TelnyxApplication, profiles: list[TelnyxProfile]
) -> Finding:
    """Which of several is meant, only a person can say."""
    says = f"{account.pk}: the application has no outbound voice profile, so nothing can be dialled (D38)."
    enabled = [profile for profile in profiles if profile.enabled]
    if len(enabled) != 1:
        return warn(says, "Assign one in Telnyx's portal: Voice, Outbound Voice Profiles.")
    fix = partial(_assign, account, application, enabled[0].id)
    mend = f"Run this command with --fix: it assigns {enabled[0].name!r}, the only one there is."
    return Finding("warn", says, mend, fix)


def _assign(account: CarrierAccount, application: TelnyxApplication, profile_id: str) -> None:
    ask_telnyx(account, lambda rest: rest.assign_profile(application, profile_id))


def _profile_finding(account: CarrierAccount, profile: TelnyxProfile) -> Finding:
    if not profile.enabled:
        return warn(
            f"{account.pk}: the outbound voice profile {profile.name!r} is disabled: Telnyx refuses to dial.",
            "Enable it in Telnyx's portal.",
        )
    countries = ", ".join(profile.destinations) or "no country"
    limit, ours = profile.concurrent_calls, account.most_calls
    if limit is not None and (limit <= FEW_CALLS or (ours is not None and ours > limit)):
        waits = f"; {ours} are dialled at once from here" if ours is not None and ours > limit else ""
        return warn(
            f"{account.pk}: calls {countries}, at most {limit} at once; more are refused (403, D1){waits}.",
            f"Raise the limit in Telnyx's portal if you need more, or set most_calls to {limit} here.",
        )
    return ok(f"{account.pk}: calls {countries}.")


def _check_number(account: CarrierAccount, number: PhoneNumber) -> Iterator[Finding]:
    try:
        found = ask_telnyx(account, lambda rest: rest.look_up_number(number.number))
    except CarrierError as error:
        yield bad(f"{number.pk}: {error}", "Remove the number here, or buy it at Telnyx.")
        return
    if found.status not in ("", "active"):
        yield warn(f"{number.pk}: this number is {found.status}.", "Look at it in Telnyx's portal.")
    if found.connection_id == account.connection_id:
        yield ok(f"{number.pk}: its calls come to this connection.")
    elif not found.connection_id:
        fix = partial(_connect, account, found.id)
        yield bad(f"{number.pk}: its calls go nowhere.", "Run this command with --fix.", fix=fix)
    else:
        yield bad(
            f"{number.pk}: its calls go to connection {found.connection_id}.",
            "To send them here, POST /api/v1/numbers/{id}/configure with replace: true.",
        )


def _connect(account: CarrierAccount, number_id: str) -> None:
    ask_telnyx(account, lambda rest: rest.connect_number(number_id))
