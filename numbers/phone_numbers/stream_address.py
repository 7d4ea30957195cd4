"""Whether carriers can open our media sockets: they do it over TLS only."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings

from patter_site.common.doctor import Finding, bad, ok


def check_stream_address(carrier: str, code: str = "") -> Iterator[Finding]:
    """``carrier``: its name. ``code``: its number for an address without TLS, if it has one."""
    base = settings.PATTER_MEDIA_URL or settings.PATTER_PUBLIC_URL
    if not base:
        return  # said by the check of the public URL
    if urlsplit(base).scheme == "https":
        yield ok(f"{carrier} opens media sockets at {base.replace('https', 'wss', 1)}.")
    else:
        refusal = f" ({code})" if code else ""
        yield bad(
            f"{carrier} would open media sockets at {base}, and takes wss:// only{refusal}.",
            "Give PATTER_MEDIA_URL, or PATTER_PUBLIC_URL, an https address.",
        )
