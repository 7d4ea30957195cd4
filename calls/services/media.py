"""Who may open a call's media socket: the carrier, once, with the newest token, for the call it names."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from calls.assembly import NotReady, Ready, read_call
from calls.models import Call
from calls.services.advance import Facts, Happening, advance_call
from calls.services.lease import release_lease
from calls.services.progress import Step
from calls.services.tokens import StreamToken, TokenRefused, consume_stream_token, read_stream_token
from calls.tasks import hang_up_lost_call
from patter.carriers.kinds import STREAM_KINDS, stays_up
from patter.carriers.twilio.signature import verify_upgrade
from patter_site.common.jobs import wake


class MediaRefused(Exception):
    """The socket is not opened. ``code`` is missing_token, malformed, forged, expired, used, wrong_call …"""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Opening:
    """What a media socket says of itself in its ``start``, and who would carry the call.

    ``carried``: this process has the call's session already. ``reconnects``: and its socket is gone, or fell
    silent, and the carrier opens it again by itself, with the token of the first.
    """

    call_id: str
    carrier: str
    token: str
    carrier_call_id: str
    account_id: str
    owner: str
    carried: bool
    reconnects: bool = False


def open_media(opening: Opening) -> Ready:
    """Prove the token, use it up, and read the call. Raises MediaRefused and NotReady.

    A stranger is refused by the token's own proof, before the database is asked.
    """
    token = _proven(opening)
    with transaction.atomic():
        call = _match(opening)
        again = opening.reconnects and token.n == call.stream_used and not call.is_over
        if not again and not consume_stream_token(opening.call_id, token.n, owner=opening.owner):
            raise MediaRefused("used")
    try:
        return read_call(opening.call_id)
    except NotReady as error:
        fail_media(opening.call_id, error)
        raise


def refuse_media(opening: Opening, error: NotReady) -> None:
    """End the call of a genuine stream that cannot be carried. Raises MediaRefused for any other."""
    _proven(opening)
    _match(opening)
    fail_media(opening.call_id, error)


def _proven(opening: Opening) -> StreamToken:
    if not opening.token:
        raise MediaRefused("missing_token")
    try:
        # A carrier that reconnects does so whenever the network breaks, not within the token's minute.
        token = read_stream_token(opening.token, expires=not opening.reconnects)
    except TokenRefused as refused:
        raise MediaRefused(refused.reason) from refused
    if token.call_id != opening.call_id:
        raise MediaRefused("wrong_call")
    return token


def _match(opening: Opening) -> Call:
    """The stream must be of the carrier call that the token was given to."""
    rows = Call.objects.unscoped("the stream token was proven").select_related("carrier_account")
    call = rows.filter(pk=opening.call_id).first()
    if call is None:
        raise MediaRefused("unknown_call")
    account = call.carrier_account
    if call.carrier != opening.carrier:
        raise MediaRefused("wrong_carrier")
    if call.carrier_call_id and call.carrier_call_id != opening.carrier_call_id:
        raise MediaRefused("wrong_carrier_call")
    named = STREAM_KINDS[opening.carrier].names_account
    if named and account is not None and account.account_sid != opening.account_id:
        raise MediaRefused("wrong_account")
    if call.stream_used and not opening.carried and not call.is_over:
        # What was said lives in the process that began this call. Here it would begin anew.
        raise MediaRefused("not_carried_here")
    return call


def fail_media(call_id: str, error: NotReady) -> None:
    """End a call that cannot be carried, with the reason."""
    happening = Happening("call.refused", {"code": error.code, "message": str(error)})
    facts = Facts(error_code=error.code, error_message=str(error), end_reason="failed")
    release_lease(call_id=call_id)
    call = advance_call(call_id=call_id, step=Step.FAILED, happening=happening, facts=facts).call
    if stays_up(call.carrier):
        wake(hang_up_lost_call, call_id)


def upgrade_is_genuine(call_id: str, signature: str, path: str) -> bool:
    """Whether the carrier signed this upgrade, as far as we know the address that it called.

    The one-time token proves the stream in any case. A signature that is there must be right too.
    """
    rows = Call.objects.unscoped("to find the key that proves the carrier").select_related("carrier_account")
    call = rows.filter(pk=call_id).first()
    if call is None or call.carrier_account is None:
        return False
    base = settings.PATTER_MEDIA_URL or settings.PATTER_PUBLIC_URL
    if not base or call.simulated:
        return True  # without a public address the token alone proves the stream
    parts = urlsplit(base)
    scheme = "wss" if parts.scheme == "https" else "ws"
    url = f"{scheme}://{parts.netloc}{path}"
    return verify_upgrade(call.carrier_account.auth_token, url, signature)
