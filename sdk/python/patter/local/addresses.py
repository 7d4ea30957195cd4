"""Under which addresses the carrier reaches this process."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

from patter.carriers.twilio.markup import LOOPBACK
from patter.errors import ConfigError

MUSIC_PATH = "/webhooks/hold-music.wav"
"""What callers at Telnyx hear who wait for a human."""


class Addresses:
    """``public_url`` is https, or http on this machine (a simulated carrier). Raises ConfigError."""

    def __init__(self, public_url: str) -> None:
        given = public_url.strip()
        if not given:
            raise ConfigError(
                "webhook_url is missing: the public https address under which the carrier reaches this "
                "process, such as that of a tunnel (ngrok http 8000)."
            )
        parts = urlsplit(given if "://" in given else f"https://{given}")
        plain = parts.scheme in ("http", "ws") and parts.hostname in LOOPBACK
        mistyped = "//" in parts.path or parts.query or parts.fragment
        if not parts.hostname or mistyped or (parts.scheme not in ("https", "wss") and not plain):
            raise ConfigError(f"webhook_url is a public https address, not {public_url!r}.")
        secure = "" if plain else "s"
        self._place = f"{parts.netloc}{parts.path.rstrip('/')}"
        self.base = f"http{secure}://{self._place}"
        self._socket_base = f"ws{secure}://{self._place}"

    def webhook(self, carrier: str, door: str, **query: str | int) -> str:
        """One of our doors for the carrier; ``query`` is signed with it."""
        return f"{self.base}/webhooks/{carrier}/{door}" + (f"?{urlencode(query)}" if query else "")

    def media(self, carrier: str, call_id: str) -> str:
        return f"{self._socket_base}/media/{carrier}/{call_id}"

    def called(self, path: str, query: str) -> str:
        """The address exactly as the carrier called it, for its signature."""
        return f"{self.base}{path}" + (f"?{query}" if query else "")

    def upgraded(self, path: str) -> str:
        return f"{self._socket_base}{path}"
