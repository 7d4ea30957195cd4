"""Tools of an MCP server, over streamable HTTP: what it offers, and calling one.

A client lives for one piece of work (a discovery, one tool call) and then ends its session, so that nothing
is kept open at a customer's server. Source: Model Context Protocol 2025-06-18, "Transports" and "Tools".
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

import httpx

from patter.quiet_client import QuietClient
from patter.tools.guard import AddressRefused, Guard, GuardedTransport, HostUnknown
from patter.tools.results import DONE, clean_text, limited
from patter.tools.retry import Failure, retry_after_s
from patter.trust import trust

PROTOCOL = "2025-06-18"
CONNECT_WITHIN_S = 5.0
DISCOVER_WITHIN_S = 15.0
FAREWELL_WITHIN_S = 1.0
MOST_BYTES = 1024 * 1024
MOST_PAGES = 20
MOST_TOOLS = 200
MOST_DESCRIPTION = 2_000


class McpFailed(Exception):
    """The server could not be asked, or refused. ``failure`` says why, and whether to try again."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.error)
        self.failure = failure


@dataclass(frozen=True, slots=True)
class McpTool:
    """A tool as its server describes it."""

    name: str
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=lambda: {"type": "object", "properties": {}})
    read_only: bool = False
    idempotent: bool = False


async def discover(url: str, headers: Mapping[str, str], guard: Guard | None) -> list[McpTool]:
    """What a server offers. Raises McpFailed."""
    async with _within(DISCOVER_WITHIN_S), McpClient(url, headers, guard) as client:
        return await client.tools()


async def call_tool(
    url: str,
    headers: Mapping[str, str],
    guard: Guard | None,
    name: str,
    arguments: Mapping[str, Any],
    *,
    timeout_s: float,
) -> Any:
    """Call one tool and give its result, limited. Raises McpFailed."""
    async with _within(timeout_s), McpClient(url, headers, guard) as client:
        return await client.call(name, arguments)


class _within:
    """A deadline that is told as the failure it is."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._timeout = asyncio.timeout(seconds)

    async def __aenter__(self) -> None:
        await self._timeout.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._timeout.__aexit__(kind, error, trace)
        except TimeoutError:
            raise McpFailed(Failure("timeout", f"No answer within {self._seconds:g} s.")) from None


class McpClient:
    """One session with one server."""

    def __init__(self, url: str, headers: Mapping[str, str], guard: Guard | None) -> None:
        transport = GuardedTransport(guard) if guard is not None else None
        timeout = httpx.Timeout(None, connect=CONNECT_WITHIN_S)
        self._http = QuietClient(transport=transport, timeout=timeout, follow_redirects=False, verify=trust())
        self._url = url
        self._headers = {
            **headers,
            "accept": "application/json, text/event-stream",
            "accept-encoding": "identity",
            "content-type": "application/json",
        }
        self._ids = itertools.count(1)

    async def __aenter__(self) -> McpClient:
        try:
            await self._initialize()
        except BaseException:
            await self._http.aclose()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            await self._farewell()
        finally:
            await self._http.aclose()

    async def tools(self) -> list[McpTool]:
        """Every tool, page by page. What is no sound description is left out."""
        found: list[McpTool] = []
        cursor: str | None = None
        for _ in range(MOST_PAGES):
            page = await self._ask("tools/list", {"cursor": cursor} if cursor else {})
            found += [tool for item in page.get("tools") or () if (tool := _tool(item))]
            cursor = page.get("nextCursor")
            if not cursor or len(found) >= MOST_TOOLS:
                break
        return found[:MOST_TOOLS]

    async def call(self, name: str, arguments: Mapping[str, Any]) -> Any:
        """One tool's result. A tool that says that it failed is a failure that is final."""
        answer = await self._ask("tools/call", {"name": name, "arguments": dict(arguments)})
        result = _result(answer)
        if answer.get("isError"):
            text = result if isinstance(result, str) else json.dumps(result, ensure_ascii=False)
            raise McpFailed(Failure("tool", text[:500]))
        return result

    # -- the protocol -----------------------------------------------------------------------------

    async def _initialize(self) -> None:
        hello = {
            "protocolVersion": PROTOCOL,
            "capabilities": {},
            "clientInfo": {"name": "patter", "version": "1"},
        }
        answer = await self._ask("initialize", hello)
        self._headers["mcp-protocol-version"] = str(answer.get("protocolVersion") or PROTOCOL)
        await self._post({"jsonrpc": "2.0", "method": "notifications/initialized"})

    async def _farewell(self) -> None:
        if "mcp-session-id" not in self._headers:
            return
        try:
            async with asyncio.timeout(FAREWELL_WITHIN_S):
                await self._http.delete(self._url, headers=self._headers)
        except (TimeoutError, httpx.HTTPError, AddressRefused):
            return  # a session that nobody uses ends by itself

    async def _ask(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        wanted = next(self._ids)
        message = await self._post(
            {"jsonrpc": "2.0", "id": wanted, "method": method, "params": params}, wanted
        )
        if error := message.get("error"):
            told = clean_text(str(error.get("message", "")) if isinstance(error, Mapping) else str(error))
            raise McpFailed(Failure("tool", f"The MCP server refused {method}: {told[:300]}"))
        result = message.get("result")
        return dict(result) if isinstance(result, Mapping) else {}

    async def _post(self, message: Mapping[str, Any], wanted: int | None = None) -> dict[str, Any]:
        body = json.dumps(message, ensure_ascii=False, default=str).encode()
        try:
            async with self._http.stream("POST", self._url, content=body, headers=self._headers) as response:
                self._refuse(response)
                if session := response.headers.get("mcp-session-id"):
                    self._headers["mcp-session-id"] = session
                return await self._answer(response, wanted) if wanted is not None else {}
        except HostUnknown as error:
            raise McpFailed(Failure("unreachable", str(error))) from None
        except AddressRefused as error:
            raise McpFailed(Failure("address", str(error))) from None
        except (httpx.UnsupportedProtocol, httpx.InvalidURL):
            raise McpFailed(Failure("address", "This is not an address that can be called.")) from None
        except (httpx.ConnectError, httpx.ConnectTimeout):
            raise McpFailed(Failure("unreachable", "The MCP server cannot be reached.")) from None
        except httpx.HTTPError as error:
            raise McpFailed(
                Failure("connection", f"The connection broke ({type(error).__name__}).")
            ) from None

    def _refuse(self, response: httpx.Response) -> None:
        status = response.status_code
        if not 200 <= status < 300:
            waits = retry_after_s(response.headers)
            raise McpFailed(Failure("status", f"The MCP server answered {status}.", status, waits))

    async def _answer(self, response: httpx.Response, wanted: int) -> dict[str, Any]:
        streamed = "text/event-stream" in response.headers.get("content-type", "")
        async for text in _events(response) if streamed else _whole(response):
            try:
                message = json.loads(text)
            except (ValueError, RecursionError):
                continue
            # Requests and notifications of the server may come first: there is nothing that they need.
            if isinstance(message, dict) and message.get("id") == wanted and "method" not in message:
                return message
        raise McpFailed(Failure("connection", "The MCP server gave no answer."))


async def _limited(response: httpx.Response) -> AsyncIterator[bytes]:
    size = 0
    async for piece in response.aiter_raw():
        size += len(piece)
        if size > MOST_BYTES:
            raise McpFailed(Failure("tool", "The MCP server's answer is too large."))
        yield piece


async def _whole(response: httpx.Response) -> AsyncIterator[str]:
    yield b"".join([piece async for piece in _limited(response)]).decode("utf-8", "replace")


async def _events(response: httpx.Response) -> AsyncIterator[str]:
    """The data of each server-sent event."""
    waiting, data = b"", []
    async for piece in _limited(response):
        *lines, waiting = (waiting + piece).split(b"\n")
        for line in lines:
            text = line.rstrip(b"\r").decode("utf-8", "replace")
            if text.startswith("data:"):
                data.append(text[5:].removeprefix(" "))
            elif not text and data:
                yield "\n".join(data)
                data = []
    if data:
        yield "\n".join(data)


def _tool(item: Any) -> McpTool | None:
    if not isinstance(item, Mapping) or not isinstance(item.get("name"), str):
        return None
    schema = item.get("inputSchema")
    schema = dict(schema) if isinstance(schema, Mapping) else {}
    hints = item.get("annotations")
    hints = hints if isinstance(hints, Mapping) else {}
    return McpTool(
        name=item["name"],
        description=clean_text(str(item.get("description") or ""))[:MOST_DESCRIPTION],
        parameters={**schema, "type": "object", "properties": schema.get("properties", {})},
        read_only=hints.get("readOnlyHint") is True,
        idempotent=hints.get("idempotentHint") is True,
    )


def _result(answer: Mapping[str, Any]) -> Any:
    """What the model is told: the structured form where there is one, else the texts."""
    if isinstance(structured := answer.get("structuredContent"), Mapping):
        return limited(structured)
    parts = [part for part in answer.get("content") or () if isinstance(part, Mapping)]
    texts = [str(part.get("text", "")) for part in parts if part.get("type") == "text"]
    left_out = len(parts) - len(texts)
    text = "\n".join(texts).strip() or (f"({left_out} parts that are no text)" if left_out else "")
    return limited(text) if text else DONE
