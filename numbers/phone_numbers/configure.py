"""Sending a number's calls to Patter, at the carrier."""

from __future__ import annotations

from django.conf import settings

from patter.carriers.twilio.resources import TwilioNumber
from patter.carriers.twilio.rest import TwilioRest
from patter.errors import CarrierError
from phone_numbers.carrier import ask_twilio
from phone_numbers.errors import CarrierRefused, NotConfigurable, VoiceUrlTaken
from phone_numbers.models import Carrier, CarrierAccount, PhoneNumber

# Twilio gives a new number this address, which only says what to do next.
PLACEHOLDER_VOICE_URLS = ("https://demo.twilio.com/",)


def webhook_address(account: CarrierAccount, door: str = "", base_url: str = "") -> str:
    """The address of one of our doors for one carrier account. Telnyx has one for everything: no ``door``."""
    base = f"{base_url or settings.PATTER_PUBLIC_URL}/webhooks/{account.carrier}/{account.pk}"
    return f"{base}/{door}" if door else base


def configure_number(*, number: PhoneNumber, base_url: str, replace: bool = False) -> TwilioNumber:
    """Set the number's voice address and status callback at Twilio.

    Args:
        base_url: the public https base under which the carrier reaches us.
        replace: overwrite an address that is somebody else's. Without it VoiceUrlTaken is raised.
    """
    account = number.carrier_account
    if account.carrier != Carrier.TWILIO:
        raise NotConfigurable("Numbers at Telnyx cannot be set up from here yet.")
    if not base_url:
        raise NotConfigurable(
            "Set PATTER_PUBLIC_URL to the https address under which the carrier reaches Patter."
        )
    voice_url = webhook_address(account, "voice", base_url)
    status_url = webhook_address(account, "status", base_url)

    async def configure(rest: TwilioRest) -> TwilioNumber:
        found = await rest.look_up_number(number.number)
        if not (replace or _is_free(found.voice_url, voice_url)):
            raise VoiceUrlTaken(found.voice_url)
        return await rest.configure_number(found.sid, voice_url=voice_url, status_callback=status_url)

    try:
        return ask_twilio(account, configure)
    except CarrierError as error:
        raise CarrierRefused(str(error)) from error


def _is_free(current: str, ours: str) -> bool:
    """Whether nobody else's address is lost: none is set, the carrier's sample, or ours with any query."""
    return not current or current.startswith(PLACEHOLDER_VOICE_URLS) or current.partition("?")[0] == ours
