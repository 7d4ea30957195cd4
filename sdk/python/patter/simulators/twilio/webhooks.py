"""Requests from the simulated Twilio to the application, signed as the real ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import urlencode, urlsplit, urlunsplit
from uuid import uuid4

import httpx

from patter.carriers.twilio.signature import HEADER, sign
from patter.simulators.twilio.call import Call
from patter.simulators.twilio.trouble import TroubleError

Fields = Sequence[tuple[str, str]]

BUDGET_S = 15.0
CONNECT_S = 5.0
USER_AGENT = "TwilioProxy/1.1"


class Webhooks:
    """Posts forms. One for a whole simulator."""

    def __init__(self, budget_s: float = BUDGET_S) -> None:
        self._http = httpx.AsyncClient(
            timeout=httpx.Timeout(budget_s, connect=min(CONNECT_S, budget_s)),
            limits=httpx.Limits(max_connections=1000),
            follow_redirects=True,
            trust_env=False,
            headers={"User-Agent": USER_AGENT},
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def send(
        self,
        auth_token: str,
        url: str,
        fields: Fields,
        *,
        method: str = "POST",
        idempotency: str | None = None,
        without_port: bool = False,
    ) -> httpx.Response:
        """One request, whatever the answer. Raises TroubleError when there is none.

        ``without_port``: sign the address as if it had none, as Twilio does with some.
        """
        url = url.partition("#")[0]
        signed = signed_url(url, without_port=without_port)
        if method == "GET":
            url += ("&" if "?" in url else "?") + urlencode(fields)
            signature, content = sign(auth_token, signed_url(url)), None
        else:
            signature, content = sign(auth_token, signed, fields), urlencode(fields)
        headers = {
            "I-Twilio-Idempotency-Token": idempotency or str(uuid4()),
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
            HEADER: signature,
        }
        try:
            return await self._http.request(method, url, content=content, headers=headers)
        except httpx.TimeoutException:
            raise TroubleError(11200, "no answer in time") from None
        except httpx.ConnectError:
            raise TroubleError(11205, "no connection") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise TroubleError(11200, f"no answer ({type(error).__name__})") from None


def signed_url(url: str, *, without_port: bool = False) -> str:
    """The address as Twilio signs it: without a password, and over https without a port."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    if (parts.scheme == "https" or without_port) and parts.port is not None:
        host = host.removesuffix(f":{parts.port}")
    return urlunsplit(parts._replace(netloc=host, fragment=""))


def call_fields(call: Call, status: str | None = None) -> list[tuple[str, str]]:
    """The fields of every request about a call."""
    order = call.order
    places = [
        (f"{side}{part}", "")
        for side in ("From", "To", "Caller", "Called")
        for part in ("City", "State", "Zip", "Country")
    ]
    return [
        ("AccountSid", order.account.account_sid),
        ("ApiVersion", "2010-04-01"),
        ("CallSid", call.sid),
        ("CallStatus", status or call.status),
        ("Direction", order.direction),
        ("From", order.from_),
        ("Caller", order.from_),
        ("To", order.to),
        ("Called", order.to),
        *places,
    ]


def rfc_2822_now(skew_s: float = 0.0) -> str:
    """``skew_s``: how much the carrier's clock is ahead."""
    return format_datetime(datetime.now(UTC) + timedelta(seconds=skew_s))


def iso_now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
