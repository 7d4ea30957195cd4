"""The platform's resources: ``phone.rest.agents``, ``.calls`` and their sisters, and what each takes.

Rows are dictionaries with the types of ``patter.rows``. A test compares every method with the platform's
OpenAPI schema.
"""

from __future__ import annotations

import builtins
from collections.abc import AsyncIterator, Mapping
from typing import Any, Generic, Protocol, TypeVar, Unpack
from urllib.parse import parse_qsl, urlsplit

from patter import rows

Row = TypeVar("Row")
PAGE = 50


class Requests(Protocol):
    """How a resource asks the platform. Raises ApiError, AuthError and ConnectError."""

    async def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any: ...


class Resource(Generic[Row]):
    """What every resource has: list, all, get, delete."""

    path = ""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests

    async def list(self, *, limit: int = PAGE) -> builtins.list[Row]:
        """The first page, newest first; ``limit`` says how many (1 to 200)."""
        return await self._page({"limit": limit})

    async def all(self, *, limit: int = PAGE) -> AsyncIterator[Row]:
        """Every one, newest first; ``limit`` is the size of the pages in which they are fetched."""
        async for row in self._pages(self.path, {"limit": limit}):
            yield row

    async def get(self, id: str) -> Row:
        row: Row = await self._requests.request("GET", f"{self.path}/{id}")
        return row

    async def delete(self, id: str) -> None:
        await self._requests.request("DELETE", f"{self.path}/{id}")

    async def _page(self, params: Mapping[str, Any]) -> builtins.list[Row]:
        page = await self._requests.request("GET", self.path, params=params)
        return list(page["results"])

    async def _create(self, fields: Mapping[str, Any]) -> Any:
        return await self._requests.request("POST", self.path, json=fields)

    async def _change(self, id: str, fields: Mapping[str, Any]) -> Any:
        return await self._requests.request("PATCH", f"{self.path}/{id}", json=fields)

    async def _look(self, id: str, word: str, **params: Any) -> Any:
        return await self._requests.request("GET", f"{self.path}/{id}/{word}", params=params)

    async def _do(self, id: str, word: str, fields: Mapping[str, Any] | None = None) -> Any:
        return await self._requests.request("POST", f"{self.path}/{id}/{word}", json=fields or {})

    async def _pages(self, path: str, params: Mapping[str, Any]) -> AsyncIterator[Any]:
        while True:
            page = await self._requests.request("GET", path, params=params)
            for row in page["results"]:
                yield row
            if not page.get("next"):
                return
            # Only what the address asks for: behind a proxy its host may be one that we do not reach.
            params = dict(parse_qsl(urlsplit(page["next"]).query))


class Agents(Resource[rows.Agent]):
    path = "agents"

    async def create(self, **fields: Unpack[rows.AgentCreate]) -> rows.Agent:
        """Create an agent and publish its version 1 (unless ``draft``)."""
        row: rows.Agent = await self._create(fields)
        return row

    async def change(self, id: str, **fields: Unpack[rows.AgentChange]) -> rows.Agent:
        """Change the draft; ``publish`` lets calls use it."""
        row: rows.Agent = await self._change(id, fields)
        return row

    async def publish(self, id: str, **fields: Unpack[rows.Publish]) -> rows.Agent:
        row: rows.Agent = await self._do(id, "publish", fields)
        return row

    async def versions(self, id: str) -> AsyncIterator[rows.AgentVersion]:
        """Every published version, newest first."""
        async for row in self._pages(f"{self.path}/{id}/versions", {}):
            yield row

    async def restore(self, id: str, version: int) -> rows.Agent:
        """Make an old version the draft again."""
        row: rows.Agent = await self._do(id, f"versions/{version}/restore")
        return row

    async def check_convai(self, id: str) -> rows.ConvaiCheck:
        """Whether the draft's ElevenLabs agent is set up as calls need it. Changes nothing."""
        check: rows.ConvaiCheck = await self._do(id, "convai/check")
        return check

    async def provision_convai(self, id: str) -> rows.ConvaiCheck:
        """Set the draft's ElevenLabs agent up, or make one. Doing it again changes nothing."""
        check: rows.ConvaiCheck = await self._do(id, "convai/provision")
        return check


class Numbers(Resource[rows.Number]):
    path = "numbers"

    async def create(self, **fields: Unpack[rows.NumberCreate]) -> rows.Number:
        row: rows.Number = await self._create(fields)
        return row

    async def change(self, id: str, **fields: Unpack[rows.NumberChange]) -> rows.Number:
        row: rows.Number = await self._change(id, fields)
        return row

    async def configure(self, id: str, **fields: Unpack[rows.Configure]) -> rows.Configured:
        """Send the number's calls to the platform. An address that is somebody else's needs ``replace``."""
        configured: rows.Configured = await self._do(id, "configure", fields)
        return configured

    async def register(self, **fields: Unpack[rows.Register]) -> rows.Number:
        """Bring a number with its carrier account and its voices; doing so twice changes nothing."""
        row: rows.Number = await self._requests.request("POST", f"{self.path}/register", json=fields)
        return row


class Calls(Resource[rows.Call]):
    path = "calls"

    async def list(self, **filters: Unpack[rows.CallFilters]) -> builtins.list[rows.Call]:
        """The first page, newest first. ``from`` is a word of Python's: ``list(**{"from": "+1…"})``."""
        return await self._page(filters)

    async def all(self, **filters: Unpack[rows.CallFilters]) -> AsyncIterator[rows.Call]:
        """Every one, newest first."""
        async for row in self._pages(self.path, filters):
            yield row

    async def place(
        self, fields: rows.CallCreate, *, idempotency_key: str = "", placer: str = ""
    ) -> rows.Call:
        """Call somebody. ``placer``: the id of the SDK connection whose call it will be."""
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        if placer:
            headers["X-Patter-Connection"] = placer
        row: rows.Call = await self._requests.request("POST", self.path, json=fields, headers=headers)
        return row

    async def transcript(self, id: str) -> builtins.list[rows.Turn]:
        answer: rows.Transcript = await self._look(id, "transcript")
        return answer["turns"]

    async def events(self, id: str) -> AsyncIterator[rows.CallEvent]:
        """The call's timeline, every line of it."""
        async for row in self._pages(f"{self.path}/{id}/events", {}):
            yield row

    async def tool_invocations(self, id: str) -> AsyncIterator[rows.ToolInvocation]:
        """The tools that ran in this call."""
        async for row in self._pages(f"{self.path}/{id}/tool-invocations", {}):
            yield row

    async def transfers(self, id: str) -> builtins.list[rows.Transfer]:
        found: builtins.list[rows.Transfer] = await self._look(id, "transfers")
        return found

    async def recording(self, id: str, *, source: str | None = None) -> bytes:
        """The recording as a WAV file."""
        audio: bytes = await self._look(id, "recording", source=source)
        return audio

    async def hang_up(self, id: str) -> rows.Call:
        row: rows.Call = await self._do(id, "hang-up")
        return row

    async def transfer(self, id: str, **fields: Unpack[rows.TransferRequest]) -> rows.Accepted:
        accepted: rows.Accepted = await self._do(id, "transfer", fields)
        return accepted

    async def say(self, id: str, text: str) -> rows.Accepted:
        accepted: rows.Accepted = await self._do(id, "say", {"text": text})
        return accepted

    async def send_digits(self, id: str, digits: str) -> rows.Accepted:
        accepted: rows.Accepted = await self._do(id, "digits", {"digits": digits})
        return accepted


class Tools(Resource[rows.Tool]):
    path = "tools"

    async def create(self, **fields: Unpack[rows.ToolCreate]) -> rows.CreatedTool:
        """The answer holds the secret that signs its requests; it is shown this once."""
        row: rows.CreatedTool = await self._create(fields)
        return row

    async def change(self, id: str, **fields: Unpack[rows.ToolChange]) -> rows.Tool:
        row: rows.Tool = await self._change(id, fields)
        return row

    async def test(self, id: str, **fields: Unpack[rows.ToolTest]) -> rows.Tried:
        """Call it now, as a call would."""
        tried: rows.Tried = await self._do(id, "test", fields)
        return tried

    async def rotate_secret(self, id: str) -> rows.SigningSecret:
        secret: rows.SigningSecret = await self._do(id, "rotate-secret")
        return secret

    async def invocations(self, id: str) -> AsyncIterator[rows.ToolInvocation]:
        """Every run of the tool, newest first."""
        async for row in self._pages(f"{self.path}/{id}/invocations", {}):
            yield row


class McpSources(Resource[rows.McpSource]):
    path = "mcp-sources"

    async def create(self, **fields: Unpack[rows.McpSourceChange]) -> rows.McpSource:
        row: rows.McpSource = await self._create(fields)
        return row

    async def change(self, id: str, **fields: Unpack[rows.PatchedMcpSourceChange]) -> rows.McpSource:
        row: rows.McpSource = await self._change(id, fields)
        return row

    async def discover(self, id: str) -> rows.McpSource:
        """Ask the server again what it offers."""
        row: rows.McpSource = await self._do(id, "discover")
        return row

    async def choose(self, id: str, tools: builtins.list[str]) -> builtins.list[rows.Tool]:
        """Which of its tools agents may use, by their names there."""
        page = await self._do(id, "choose", {"tools": tools})
        return list(page["results"])


class CarrierAccounts(Resource[rows.CarrierAccount]):
    path = "carrier-accounts"

    async def create(self, **fields: Unpack[rows.CarrierAccountCreate]) -> rows.CarrierAccount:
        row: rows.CarrierAccount = await self._create(fields)
        return row

    async def change(self, id: str, **fields: Unpack[rows.CarrierAccountChange]) -> rows.CarrierAccount:
        row: rows.CarrierAccount = await self._change(id, fields)
        return row

    async def check(self, id: str) -> rows.CarrierAccount:
        """Ask the carrier whether the keys work; ``check_error`` says what is wrong."""
        row: rows.CarrierAccount = await self._do(id, "check")
        return row


class ProviderCredentials(Resource[rows.Credential]):
    path = "provider-credentials"

    async def create(self, **fields: Unpack[rows.CredentialCreate]) -> rows.Credential:
        row: rows.Credential = await self._create(fields)
        return row

    async def change(self, id: str, **fields: Unpack[rows.CredentialChange]) -> rows.Credential:
        row: rows.Credential = await self._change(id, fields)
        return row
