"""The proof that a request comes from Twilio: its signature over the address and the form.

The address is the public one, as Twilio called it, not what a server behind a proxy sees. The key
is the primary auth token of the account that owns the call, a subaccount's own where there is one.
A signature proves the sender and never the time: replays verify for ever.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha1, sha256
from urllib.parse import SplitResult, parse_qs, urlsplit, urlunsplit

HEADER = "X-Twilio-Signature"
SETTINGS_HEADER = "X-Twilio-Webhooks-Signature-Settings"

Fields = Iterable[tuple[str, str]]

_HASHES = {"HMAC_SHA1": sha1, "HMAC_SHA256": sha256}
_DEFAULT_PORTS = {"https": 443, "wss": 443, "http": 80, "ws": 80}


def sign(token: str, url: str, fields: Fields = (), algorithm: str = "HMAC_SHA1") -> str:
    """The signature of a form POST; without fields that of a GET, of a JSON body, of an upgrade."""
    signed = url + "".join(name + value for name, value in sorted(set(fields)))
    digest = hmac.new(token.encode(), signed.encode("utf-8", "surrogatepass"), _HASHES[algorithm]).digest()
    return b64encode(digest).decode("ascii")


def verify(token: str, url: str, fields: Fields, signature: str, settings: str = "") -> bool:
    """Whether a form POST or (with no fields) a GET is genuine.

    Args:
        url: the public address with its query string.
        fields: every decoded form field, known or not, repeated ones repeated.
        signature: the header ``X-Twilio-Signature``.
        settings: the header ``X-Twilio-Webhooks-Signature-Settings``; absent means SHA-1.
    """
    return _matches(token, _with_and_without_port(url), fields, signature, settings)


def verify_body(token: str, url: str, body: bytes, signature: str, settings: str = "") -> bool:
    """Whether a POST that is not a form is genuine: its address names the hash of its body."""
    named = parse_qs(urlsplit(url).query).get("bodySHA256", [""])[0]
    same_body = hmac.compare_digest(named.encode(), body_sha256(body).encode())
    return _matches(token, _with_and_without_port(url), (), signature, settings) and same_body


def verify_upgrade(token: str, url: str, signature: str, settings: str = "") -> bool:
    """Whether a media socket's upgrade is genuine. ``url`` may say https or wss."""
    parts = urlsplit(url)
    scheme = {"https": "wss", "http": "ws"}.get(parts.scheme, parts.scheme)
    path = parts.path.rstrip("/")
    urls = [
        variant
        # Twilio signs some upgrades with a trailing slash that the address does not have.
        for ending in (path, path + "/")
        for variant in _with_and_without_port(urlunsplit(parts._replace(scheme=scheme, path=ending)))
    ]
    return _matches(token, urls, (), signature, settings)


def body_sha256(body: bytes) -> str:
    return sha256(body).hexdigest()


def _matches(token: str, urls: Iterable[str], fields: Fields, signature: str, settings: str) -> bool:
    algorithm = _algorithm(settings)
    # An empty key would let everybody sign.
    if algorithm not in _HASHES or not token:
        return False
    given, fields = signature.encode("utf-8", "replace"), list(fields)
    return any(
        [hmac.compare_digest(sign(token, url, fields, algorithm).encode(), given) for url in urls],
    )


def _algorithm(settings: str) -> str:
    for part in settings.split(","):
        name, _, value = part.partition("=")
        if name.strip() == "algorithm" and value.strip():
            return value.strip().upper()
    return "HMAC_SHA1"


def _with_and_without_port(url: str) -> list[str]:
    """Both spellings: Twilio drops the port of some addresses before it signs, and not of others."""
    try:
        parts = urlsplit(url)
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return [url]
    host = _host(parts)
    # As given, too: taking an address apart loses an empty query string.
    return [url.partition("#")[0], _rebuilt(parts, host), _rebuilt(parts, f"{host}:{port}")]


def _host(parts: SplitResult) -> str:
    """The host as it was written, without ``user:pass@`` and without a port."""
    host = parts.netloc.rpartition("@")[2]
    return host.removesuffix(f":{parts.port}") if parts.port is not None else host


def _rebuilt(parts: SplitResult, netloc: str) -> str:
    return urlunsplit(parts._replace(netloc=netloc, fragment=""))
