"""The platform's REST interface, typed: ``phone.rest.agents``, ``.numbers``, ``.calls``.

A request that is answered with 5xx, or not at all, is made up to three times; POSTs carry an
``Idempotency-Key``, so that they have one effect however often they are made.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx

from patter.errors import ApiError, AuthError, ConnectError
from patter.options import CloudOptions
from patter.types import Data

TIMEOUT_S = 30.0
MOST_TRIES = 3
RETRY_S = 0.3
LONGEST_RETRY_S = 5.0


class Rest:
    """One client for all requests; opened when first used."""

    def __init__(self, options: CloudOptions) -> None:
        self._base = f"{options.rest_url}/api/v1/"
        self._headers = {"X-API-Key": options.api_key, "Accept": "application/json"}
        self._client: httpx.AsyncClient | None = None
        self.agents = Resource(self, "agents")
        self.numbers = Numbers(self, "numbers")
        self.calls = Calls(self, "calls")

    async def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """The body of a successful answer. Raises ApiError, AuthError and ConnectError."""
        sent = dict(headers or {})
        if method == "POST":
            sent.setdefault("Idempotency-Key", uuid.uuid4().hex)
        for attempt in range(1, MOST_TRIES + 1):
            last = attempt == MOST_TRIES
            try:
                answer = await self._opened().request(
                    method, path, json=json, params=_given(params), headers=sent
                )
            except httpx.TransportError as error:
                if last:
                    raise ConnectError(f"{self._base} cannot be reached: {error}. Check rest_url.") from error
            else:
                if last or not _may_work_later(answer):
                    return _body(answer)
                if wait := answer.headers.get("Retry-After", ""):
                    await asyncio.sleep(min(float(wait) if wait.isdigit() else 1.0, LONGEST_RETRY_S))
            await asyncio.sleep(RETRY_S * attempt)
        raise AssertionError("unreachable")

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    def _opened(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(base_url=self._base, headers=self._headers, timeout=TIMEOUT_S)
        return self._client


class Resource:
    """A resource of the platform: list, get, create, change, delete."""

    def __init__(self, rest: Rest, path: str) -> None:
        self._rest = rest
        self._path = path

    async def list(self, **filters: Any) -> list[Data]:
        """The first page, newest first; ``limit`` says how many."""
        page = await self._rest.request("GET", self._path, params=filters)
        return list(page["results"])

    async def all(self, **filters: Any) -> AsyncIterator[Data]:
        """Every one, page after page."""
        address: str | None = self._path
        params: Mapping[str, Any] | None = filters
        while address:
            page = await self._rest.request("GET", address, params=params)
            for row in page["results"]:
                yield row
            address, params = page.get("next"), None

    async def get(self, id: str) -> Data:
        return dict(await self._rest.request("GET", f"{self._path}/{id}"))

    async def create(self, **fields: Any) -> Data:
        return dict(await self._rest.request("POST", self._path, json=fields))

    async def change(self, id: str, **fields: Any) -> Data:
        return dict(await self._rest.request("PATCH", f"{self._path}/{id}", json=fields))

    async def delete(self, id: str) -> None:
        await self._rest.request("DELETE", f"{self._path}/{id}")


class Numbers(Resource):
    async def register(self, **fields: Any) -> Data:
        """Bring a number with its carrier account and its voices; doing so twice changes nothing."""
        return dict(await self._rest.request("POST", f"{self._path}/register", json=fields))


class Calls(Resource):
    async def place(self, fields: Mapping[str, Any], *, idempotency_key: str = "", placer: str = "") -> Data:
        """Call somebody. ``placer``: the id of the SDK connection whose call it will be."""
        headers = {"Idempotency-Key": idempotency_key or uuid.uuid4().hex}
        if placer:
            headers["X-Patter-Connection"] = placer
        return dict(await self._rest.request("POST", self._path, json=dict(fields), headers=headers))

    async def transcript(self, id: str) -> list[Data]:
        return list((await self._rest.request("GET", f"{self._path}/{id}/transcript"))["turns"])

    async def hang_up(self, id: str) -> Data:
        return dict(await self._rest.request("POST", f"{self._path}/{id}/hang-up", json={}))

    async def say(self, id: str, text: str) -> None:
        await self._rest.request("POST", f"{self._path}/{id}/say", json={"text": text})


def _given(params: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if params is None else {name: value for name, value in params.items() if value is not None}


def _may_work_later(answer: httpx.Response) -> bool:
    in_flight = answer.status_code == 409 and "Retry-After" in answer.headers
    return answer.status_code >= 500 or answer.status_code == 429 or in_flight


def _body(answer: httpx.Response) -> Any:
    if answer.is_success:
        return answer.json() if answer.content else None
    try:
        told = answer.json()["error"]
        code, message, request_id = told["code"], told["message"], told.get("request_id")
    except (ValueError, KeyError, TypeError):
        where = answer.request.url
        raise ApiError(
            answer.status_code,
            "not_patter",
            f"{where} answers with HTTP {answer.status_code} and not as Patter does. Check rest_url.",
        ) from None
    if answer.status_code == 401:
        raise AuthError(message)
    raise ApiError(answer.status_code, code, message, request_id)
