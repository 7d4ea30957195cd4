"""Where a provider lives: ``PATTER_<PROVIDER>_BASE_URL``, an http(s) base from which sockets follow."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

DEFAULTS = {
    "openai": "https://api.openai.com/v1",
    "deepgram": "https://api.deepgram.com",
    "elevenlabs": "https://api.elevenlabs.io",
    "twilio": "https://api.twilio.com",
    "telnyx": "https://api.telnyx.com/v2",
}
SUFFIXES = {"openai": "/v1", "telnyx": "/v2"}
HTTP_OF = {"ws": "http", "wss": "https", "http": "http", "https": "https"}


def provider_base_url(provider: str, given: str = "") -> str:
    """The base with its suffix exactly once and no slash at the end. Raises ImproperlyConfigured."""
    given = given.strip()
    if not given:
        return DEFAULTS[provider]
    parts = urlsplit(given if "://" in given else f"https://{given}")
    if parts.scheme not in HTTP_OF or not parts.hostname:
        raise ImproperlyConfigured(f"PATTER_{provider.upper()}_BASE_URL is not an http(s) address: {given}")
    path = parts.path.rstrip("/")
    if suffix := SUFFIXES.get(provider, ""):
        while path.endswith(suffix):
            path = path.removesuffix(suffix).rstrip("/")
        path += suffix
    return f"{HTTP_OF[parts.scheme]}://{parts.netloc}{path}"


def socket_base_url(base_url: str) -> str:
    """The same place for sockets: http gives ws, https gives wss."""
    return "ws" + base_url.removeprefix("http") if base_url.startswith("http") else base_url
