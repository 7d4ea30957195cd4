"""Sending a number's calls to Patter, at the carrier."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from patter.carriers.telnyx.rest import TelnyxRest
from patter.carriers.twilio.rest import TwilioRest
from patter.errors import CarrierError
from phone_numbers.carrier import ask_telnyx, ask_twilio
from phone_numbers.errors import (
    CarrierRefused,
    ConnectionTaken,
    NotConfigurable,
    VoiceUrlTaken,
    WebhookUrlTaken,
)
from phone_numbers.models import Carrier, CarrierAccount, PhoneNumber

# Twilio gives a new number this address, which only says what to do next.
PLACEHOLDER_VOICE_URLS = ("https://demo.twilio.com/",)


@dataclass(frozen=True, slots=True)
class Configured:
    """What the carrier has now. Telnyx has one address for everything: it is both."""

    number: str
    voice_url: str
    status_callback: str


def webhook_address(account: CarrierAccount, door: str = "", base_url: str = "") -> str:
    """The address of one of our doors for one carrier account. Telnyx has one for everything: no ``door``."""
    base = f"{base_url or settings.PATTER_PUBLIC_URL}/webhooks/{account.carrier}/{account.pk}"
    return f"{base}/{door}" if door else base


def configure_number(*, number: PhoneNumber, base_url: str, replace: bool = False) -> Configured:
    """Send the number's calls, and the reports about them, here.

    Args:
        base_url: the public https base under which the carrier reaches us.
        replace: overwrite an address that is somebody else's. Without it VoiceUrlTaken, WebhookUrlTaken or
            ConnectionTaken is raised.
    """
    if not base_url:
        raise NotConfigurable(
            "Set PATTER_PUBLIC_URL to the https address under which the carrier reaches Patter."
        )
    try:
        return CONFIGURE[number.carrier_account.carrier](number, base_url, replace)
    except CarrierError as error:
        raise CarrierRefused(str(error)) from error


def _at_twilio(number: PhoneNumber, base_url: str, replace: bool) -> Configured:
    """The number's own voice address and status callback."""
    account = number.carrier_account
    voice_url = webhook_address(account, "voice", base_url)
    status_url = webhook_address(account, "status", base_url)

    async def configure(rest: TwilioRest) -> Configured:
        found = await rest.look_up_number(number.number)
        if not (replace or is_free(found.calls_go_to, voice_url)):
            raise VoiceUrlTaken(found.calls_go_to)
        now = await rest.configure_number(found.sid, voice_url=voice_url, status_callback=status_url)
        return Configured(now.number, now.voice_url, now.status_callback)

    return ask_twilio(account, configure)


def _at_telnyx(number: PhoneNumber, base_url: str, replace: bool) -> Configured:
    """The address of the account's application, and the number's place in it."""
    account = number.carrier_account
    url = webhook_address(account, base_url=base_url)

    async def configure(rest: TelnyxRest) -> Configured:
        found = await rest.look_up_number(number.number)
        application = await rest.fetch_application()
        if not (replace or is_free(application.webhook_url, url)):
            raise WebhookUrlTaken(application.webhook_url)
        if not (replace or found.connection_id in ("", account.connection_id)):
            raise ConnectionTaken(found.connection_id)
        if (application.webhook_url, application.api_version) != (url, "2"):
            application = await rest.configure_application(application, webhook_url=url)
        if found.connection_id != account.connection_id:
            found = await rest.connect_number(found.id)
        return Configured(found.number, application.webhook_url, application.webhook_url)

    return ask_telnyx(account, configure)


CONFIGURE: Mapping[str, Callable[[PhoneNumber, str, bool], Configured]] = {
    Carrier.TWILIO.value: _at_twilio,
    Carrier.TELNYX.value: _at_telnyx,
}


def is_free(current: str, ours: str) -> bool:
    """Whether nobody else's address is lost: none is set, the carrier's sample, or ours, however written."""
    return not current or current.startswith(PLACEHOLDER_VOICE_URLS) or _place(current) == _place(ours)


def _place(url: str) -> tuple[str, str]:
    """Host and path: another scheme, a query or a last slash make it nobody else's."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", url
    return parts.netloc.lower(), parts.path.rstrip("/")
