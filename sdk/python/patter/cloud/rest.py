"""The platform's REST interface, ``phone.rest``: how it is asked. What there is to ask: ``resources.py``.

A request that is answered with 5xx, or not at all, is made up to three times; POSTs carry an
``Idempotency-Key``, so that they have one effect however often they are made.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

import httpx

from patter.cloud.resources import (
    Agents,
    Calls,
    CarrierAccounts,
    McpSources,
    Numbers,
    ProviderCredentials,
    Tools,
)
from patter.cloud.unreachable import unreachable
from patter.errors import ApiError, AuthError, ConfigError
from patter.options import CloudOptions
from patter.quiet_client import QuietClient

TIMEOUT_S = 30.0
MOST_TRIES = 3
RETRY_S = 0.3
LONGEST_RETRY_S = 5.0


class Rest:
    """One client for all requests of an event loop; opened when first used.

    ``request`` reaches what has no method here: ``await phone.rest.request("GET", "api-keys")``.
    """

    def __init__(self, options: CloudOptions) -> None:
        self._base = f"{options.rest_url}/api/v1/"
        self._headers = {"X-API-Key": options.api_key, "Accept": "application/json"}
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = WeakKeyDictionary()
        self.agents = Agents(self)
        self.numbers = Numbers(self)
        self.calls = Calls(self)
        self.tools = Tools(self)
        self.mcp_sources = McpSources(self)
        self.carrier_accounts = CarrierAccounts(self)
        self.provider_credentials = ProviderCredentials(self)

    async def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """The body of a successful answer: JSON read, anything else as bytes, None where it is empty.

        Raises ApiError, AuthError and ConnectError, and ConfigError for what cannot be sent.
        """
        sent = dict(headers or {})
        if method == "POST":
            sent.setdefault("Idempotency-Key", uuid.uuid4().hex)
        client = self._opened()
        try:
            request = client.build_request(method, path, json=json, params=_given(params), headers=sent)
        except (TypeError, ValueError) as error:  # before anything was sent
            raise ConfigError(f"This cannot be sent to the platform: {error}.") from error
        for attempt in range(1, MOST_TRIES + 1):
            last = attempt == MOST_TRIES
            try:
                answer = await client.send(request)
            except httpx.TransportError as error:
                if last:
                    raise unreachable(self._base, "rest_url", error) from error
            else:
                if last or not _may_work_later(answer):
                    return _body(answer)
                if (wait_s := _retry_after_s(answer)) is not None:
                    await asyncio.sleep(min(wait_s, LONGEST_RETRY_S))
            await asyncio.sleep(RETRY_S * attempt)
        raise AssertionError("unreachable")

    async def close(self) -> None:
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.aclose()

    def _opened(self) -> httpx.AsyncClient:
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            self._clients[loop] = QuietClient(base_url=self._base, headers=self._headers, timeout=TIMEOUT_S)
        return self._clients[loop]


def _given(params: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if params is None else {name: value for name, value in params.items() if value is not None}


def _may_work_later(answer: httpx.Response) -> bool:
    in_flight = answer.status_code == 409 and "Retry-After" in answer.headers
    return answer.status_code >= 500 or answer.status_code == 429 or in_flight


def _retry_after_s(answer: httpx.Response) -> float | None:
    told = answer.headers.get("Retry-After", "")
    return float(told) if told.isdigit() else 1.0 if told else None  # a date: soon


def _body(answer: httpx.Response) -> Any:
    if not answer.is_success:
        raise _refused(answer)
    if not answer.content:
        return None
    is_json = answer.headers.get("Content-Type", "").partition(";")[0] == "application/json"
    return answer.json() if is_json else answer.content


def _refused(answer: httpx.Response) -> ApiError | AuthError:
    try:
        told = answer.json()["error"]
        code, message = str(told["code"]), str(told["message"])
        fields, request_id = dict(told.get("fields") or {}), told.get("request_id")
    except (ValueError, KeyError, TypeError):
        where, status = answer.request.url, answer.status_code
        sentence = f"{where} answers with HTTP {status} and not as Patter does. Check rest_url."
        return ApiError(status, "not_patter", sentence)
    if answer.status_code == 401:
        return AuthError(message)
    return ApiError(
        answer.status_code,
        code,
        message,
        request_id,
        fields=fields,
        retry_after_s=_retry_after_s(answer),
    )
