"""The lock on Twilio's doors: a request is read only after its signature is proven.

The key is the auth token of the account that the request names. Several organisations may have entered
the same account; a request then proves itself to each of them, and what it is about decides.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

import structlog
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from calls.addresses import called_url
from calls.models import Call
from calls.webhooks.stamps import happened_at
from patter.bridge.wellformed import wellformed
from patter.carriers.twilio.signature import HEADER, SETTINGS_HEADER, verify
from patter_site.common.errors import NotAllowed, error_response
from phone_numbers.models import Carrier, CarrierAccount
from phone_numbers.selectors import accounts_named

logger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class TwilioRequest:
    """A proven request: its fields (of repeated ones the last), and the accounts that it may be for."""

    http: HttpRequest
    accounts: list[CarrierAccount]

    def field(self, name: str, limit: int = 200) -> str:
        return wellformed(self.http.POST.get(name) or "")[:limit]

    @property
    def call_id(self) -> str:
        """Our own id of the call, from the signed query of the addresses that we give out."""
        return self.http.GET.get("call") or ""

    @property
    def at(self) -> datetime:
        """When it happened: the carrier's stamp where the webhook is late, else now."""
        try:
            return happened_at(parsedate_to_datetime(self.field("Timestamp")))
        except ValueError:
            return happened_at(None)

    def call(self) -> Call | None:
        """The call that this is about, inside the proven accounts: by our id, else by the carrier's."""
        rows = Call.objects.unscoped("the carrier account was proven by its signature")
        rows = rows.filter(carrier_account__in=self.accounts).select_related(
            "organisation", "carrier_account"
        )
        if self.call_id:
            return rows.filter(pk=self.call_id).first()
        sid = self.field("CallSid")
        found = list(rows.filter(carrier_call_id=sid)[:2]) if sid else []
        return found[0] if len(found) == 1 else None


View = Callable[[TwilioRequest], HttpResponse]


def twilio_door(view: View) -> Callable[..., HttpResponse]:
    """Make a view of proven requests into a Django view. A forged request gets 403 in the one error shape."""

    @csrf_exempt
    @require_POST
    @functools.wraps(view)
    def door(request: HttpRequest, carrier_account_id: str | None = None) -> HttpResponse:
        accounts = proven_accounts(request, carrier_account_id)
        if not accounts:
            logger.warning("A request with a wrong signature was refused", path=request.path)
            return error_response(
                NotAllowed("The signature does not match this address.", code="signature_invalid")
            )
        return view(TwilioRequest(request, accounts))

    return door


def proven_accounts(request: HttpRequest, carrier_account_id: str | None) -> list[CarrierAccount]:
    """The accounts whose token proves this request; empty when it is forged."""
    signature = request.headers.get(HEADER, "")
    account_sid = request.POST.get("AccountSid", "")
    if not signature or not account_sid:
        return []
    fields = [(name, value) for name, values in request.POST.lists() for value in values]
    scheme = request.headers.get(SETTINGS_HEADER, "")
    candidates = accounts_named(Carrier.TWILIO, account_sid, carrier_account_id)
    return [
        one
        for one in candidates
        if verify(one.auth_token, called_url(request, simulated=one.simulated), fields, signature, scheme)
    ]
