"""One try of a webhook tool: a POST with limits on time and size, and what it came to. Never raises.

An answer of 2xx is a success as soon as its head is here: the tool has done its work. Its body is taken as
far as time and size allow, and is JSON, text or nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from patter.quiet_client import QuietClient
from patter.tools.guard import AddressRefused, Guard, GuardedTransport, HostUnknown
from patter.tools.requests import WebhookRequest
from patter.tools.results import clean_text, result_of_body
from patter.tools.retry import Cause, Failure, retry_after_s
from patter.tools.secrecy import secrets_of, without
from patter.trust import trust

MOST_BYTES = 64 * 1024
CONNECT_WITHIN_S = 5.0
MOST_EXCERPT = 2_000


@dataclass(frozen=True, slots=True)
class Try:
    """One request and its answer. ``result`` counts where ``failure`` is None; ``excerpt`` is for people."""

    failure: Failure | None
    result: Any = None
    status: int | None = None
    took_ms: int = 0
    excerpt: str = ""

    @property
    def ok(self) -> bool:
        return self.failure is None


async def post(
    request: WebhookRequest,
    webhook_id: str,
    number: int,
    *,
    guard: Guard | None,
    timeout_s: float,
    wall: Callable[[], float] = time.time,
) -> Try:
    """Send one try. ``number`` counts from 1. Only a cancellation passes through."""
    began = time.monotonic()
    answer = _Answer(secrets_of(request.headers))
    try:
        async with asyncio.timeout(timeout_s):
            await _exchange(request, request.headers_of_try(webhook_id, number, wall()), guard, answer)
    except TimeoutError:
        answer.fail("timeout", f"No answer within {timeout_s:g} s.")
    except HostUnknown as error:
        answer.fail("unreachable", str(error))
    except AddressRefused as error:
        answer.fail("address", str(error))
    except (httpx.UnsupportedProtocol, httpx.InvalidURL, ValueError):
        answer.fail("address", "This is not an address that can be called.")
    except (httpx.ConnectError, httpx.ConnectTimeout):
        answer.fail("unreachable", "The server cannot be reached.")
    except httpx.HTTPError as error:
        answer.fail("connection", f"The connection broke ({type(error).__name__}).")
    return answer.as_try(round((time.monotonic() - began) * 1000))


class _Answer:
    """What has come of an answer so far."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._secrets = secrets
        self._status: int | None = None
        self._body = bytearray()
        self._cut = False
        self._failure: Failure | None = None

    @property
    def _accepted(self) -> bool:
        return self._status is not None and 200 <= self._status < 300

    async def read(self, response: httpx.Response) -> None:
        self._status = status = response.status_code
        if not self._accepted:
            where = " Redirects are not followed." if 300 <= status < 400 else ""
            waits = retry_after_s(response.headers)
            self._failure = Failure("status", f"The server answered {status}.{where}", status, waits)
        async for piece in response.aiter_raw():
            self._body += piece
            if len(self._body) > MOST_BYTES:
                self._cut = True
                return

    def fail(self, cause: Cause, error: str) -> None:
        if self._accepted or self._failure is not None:
            self._cut = True  # what the head said stands; only the rest of the body is missing
            return
        self._failure = Failure(cause, error)

    def as_try(self, took_ms: int) -> Try:
        body = bytes(self._body[:MOST_BYTES])
        result = result_of_body(body, cut=self._cut) if self._failure is None else None
        excerpt = clean_text(body[: MOST_EXCERPT * 4].decode("utf-8", "replace"))[:MOST_EXCERPT]
        told = without(result, self._secrets), without(excerpt, self._secrets)
        return Try(self._failure, told[0], self._status, took_ms, told[1])


async def _exchange(
    request: WebhookRequest, headers: dict[str, str], guard: Guard | None, answer: _Answer
) -> None:
    transport = GuardedTransport(guard) if guard is not None else None
    timeout = httpx.Timeout(None, connect=CONNECT_WITHIN_S)
    # A client for each try: tools are called seldom, and no connection may serve two customers.
    async with (
        QuietClient(transport=transport, timeout=timeout, follow_redirects=False, verify=trust()) as client,
        client.stream("POST", request.url, content=request.body, headers=headers) as response,
    ):
        await answer.read(response)
