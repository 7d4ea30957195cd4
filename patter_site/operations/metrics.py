"""``/metrics`` for Prometheus. Rooms define their own with ``prometheus_client``; they appear here."""

from __future__ import annotations

import hmac
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from patter_site.common.errors import NotFound, error_response


@require_GET
def metrics(request: HttpRequest) -> HttpResponse:
    """With the token as a Bearer, or from this machine itself. For others there is nothing here."""
    if not (_has_token(request) or _is_from_here(request)):
        return error_response(NotFound())
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)


def _has_token(request: HttpRequest) -> bool:
    token = settings.PATTER_METRICS_TOKEN
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    if not token or kind.lower() != "bearer":
        return False
    return hmac.compare_digest(given.strip().encode(), token.encode())


def _is_from_here(request: HttpRequest) -> bool:
    # What a proxy on this machine passes on comes from elsewhere, listed or not.
    if request.META.get("PATTER_FORWARDED"):
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
