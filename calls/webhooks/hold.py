"""Music for callers who wait, at an address that a carrier can fetch."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from patter.audio.hold import hold_music

PATH = "webhooks/hold-music.wav"


@require_safe
@cache_control(public=True, max_age=86_400)
def hold(request: HttpRequest) -> HttpResponse:
    """Eight seconds, to be looped. The same for everybody, so it needs no proof."""
    return HttpResponse(hold_music(), content_type="audio/wav")


def music_address(webhook_url: str) -> str:
    """The music of the installation that this webhook address belongs to; empty where there is none."""
    if not webhook_url:
        return ""
    parts = urlsplit(webhook_url)
    base = parts.path.partition("/webhooks/")[0]
    return urlunsplit((parts.scheme, parts.netloc, f"{base}/{PATH}", "", ""))
