"""Telnyx's one door: prove it, keep it, answer. What it says is worked off afterwards."""

from __future__ import annotations

import time

import structlog
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from calls.addresses import public_base
from calls.models import Call
from calls.services.keep_notice import keep_notice
from patter.carriers.telnyx.signature import SIGNATURE_HEADER, TIMESTAMP_HEADER, verify
from patter.carriers.telnyx.webhooks import CallEvent, NotAWebhook, read_webhook
from patter_site.common.errors import NotAllowed, error_response
from phone_numbers.models import CarrierAccount
from phone_numbers.selectors import account_of_event, telnyx_accounts

logger = structlog.get_logger(__name__)


@csrf_exempt
@require_POST
def events(request: HttpRequest, carrier_account_id: str | None = None) -> HttpResponse:
    """Everything that happens to calls at Telnyx. Repeated, late and unordered deliveries are harmless."""
    body = request.body
    event = _read(body)
    # Nothing of the body is believed yet: it only says whose key might prove it.
    accounts = telnyx_accounts(event.connection_id, carrier_account_id) if event else []
    proven = [account for account in accounts if _proves(account, request, body)]
    if event is None or not proven:
        logger.warning("A request with a wrong signature was refused", path=request.path)
        return error_response(NotAllowed("The signature does not match this body.", code="signature_invalid"))
    account = _account_for(proven, event)
    if account is not None:
        keep_notice(
            account=account,
            event=event,
            body=body,
            base=public_base(request, simulated=account.simulated),
        )
    # Telnyx repeats what is not answered within 2 s: the work comes after the answer.
    return HttpResponse(status=200)


def _read(body: bytes) -> CallEvent | None:
    try:
        return read_webhook(body)
    except NotAWebhook:
        return None


def _proves(account: CarrierAccount, request: HttpRequest, body: bytes) -> bool:
    signature = request.headers.get(SIGNATURE_HEADER, "")
    timestamp = request.headers.get(TIMESTAMP_HEADER, "")
    return verify(account.public_key, body, signature, timestamp, now_s=time.time())


def _account_for(proven: list[CarrierAccount], event: CallEvent) -> CarrierAccount | None:
    """The account that it is about. None when several organisations could be meant."""
    if len(proven) == 1:
        return proven[0]
    found = account_of_event(proven, numbers=(event.to, event.from_)) or _account_of_call(proven, event)
    if found is None:
        logger.warning(
            "An event fits several carrier accounts and was dropped; use the address with the account's id",
            carrier_accounts=[account.pk for account in proven],
        )
    return found


def _account_of_call(proven: list[CarrierAccount], event: CallEvent) -> CarrierAccount | None:
    """The one whose call it is about: some events name no number, and some numbers several accounts have."""
    calls = Call.objects.unscoped("the carrier accounts were proven by their signature")
    about = Q(pk=event.call_id)
    if event.call_control_id:
        about |= Q(carrier_call_id=event.call_control_id)
    having = set(calls.filter(about, carrier_account__in=proven).values_list("carrier_account_id", flat=True))
    fitting = [account for account in proven if account.pk in having]
    return fitting[0] if len(fitting) == 1 else None
