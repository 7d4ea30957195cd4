"""A strict MCP server over streamable HTTP, for tests: it refuses what the specification forbids.

Source: Model Context Protocol 2025-06-18, "Transports" and "Tools".
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from patter.simulators.loopback import LoopbackServer

PROTOCOL = "2025-06-18"
PAGE = 2
NOISE = {"jsonrpc": "2.0", "method": "notifications/message", "params": {"level": "info", "data": "hm"}}
Answer = dict[str, Any]


@dataclass(frozen=True)
class Offered:
    """A tool: its description, and what it does with its arguments."""

    name: str
    run: Callable[[Mapping[str, Any]], Answer]
    description: str = ""
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "object"})
    annotations: Mapping[str, Any] = field(default_factory=dict)


def said(text: str, **more: Any) -> Answer:
    """A result of one text."""
    return {"content": [{"type": "text", "text": text}], **more}


@dataclass
class McpSimulator:
    """``events``: answers come as server-sent events, after other messages. ``key``: the bearer it wants."""

    tools: list[Offered] = field(default_factory=list)
    events: bool = False
    key: str = ""
    sessions: dict[str, bool] = field(default_factory=dict)
    ended: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    calls: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        routes = [
            Route("/mcp", self._post, methods=["POST"]),
            Route("/mcp", self._delete, methods=["DELETE"]),
        ]
        self._server = LoopbackServer(Starlette(routes=routes))

    @property
    def url(self) -> str:
        return f"{self._server.base_url}/mcp"

    async def __aenter__(self) -> McpSimulator:
        await self._server.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._server.stop()

    async def _delete(self, request: Request) -> Response:
        self.ended.append(request.headers.get("mcp-session-id", ""))
        return Response(status_code=204)

    async def _post(self, request: Request) -> Response:
        if self.key and request.headers.get("authorization") != f"Bearer {self.key}":
            return self._refuse(401, "no key")
        accept = request.headers.get("accept", "")
        if "application/json" not in accept or "text/event-stream" not in accept:
            return self._refuse(406, "both kinds of answer must be accepted")
        message = await request.json()
        if message.get("jsonrpc") != "2.0":
            return self._refuse(400, "no JSON-RPC")
        session = request.headers.get("mcp-session-id", "")
        if message["method"] == "initialize":
            return self._initialize(message)
        if session not in self.sessions:
            return self._refuse(404, "no such session")
        if request.headers.get("mcp-protocol-version") != PROTOCOL:
            return self._refuse(400, "no protocol version")
        if message["method"] == "notifications/initialized":
            self.sessions[session] = True
            return Response(status_code=202)
        if not self.sessions[session]:
            return self._refuse(400, "not initialized")
        return self._answered(message)

    def _initialize(self, message: Mapping[str, Any]) -> Response:
        wanted = message["params"]
        if not {"protocolVersion", "capabilities", "clientInfo"} <= set(wanted):
            return self._refuse(400, "initialize lacks something")
        session = secrets.token_hex(8)
        self.sessions[session] = False
        result = {
            "protocolVersion": PROTOCOL,
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "simulator", "version": "1"},
        }
        return self._reply(message, {"result": result}, {"mcp-session-id": session})

    def _answered(self, message: Mapping[str, Any]) -> Response:
        params = message.get("params") or {}
        match message["method"]:
            case "tools/list":
                begin = int(params.get("cursor") or 0)
                shown = [self._described(one) for one in self.tools[begin : begin + PAGE]]
                following = begin + PAGE
                more = {"nextCursor": str(following)} if following < len(self.tools) else {}
                return self._reply(message, {"result": {"tools": shown, **more}})
            case "tools/call":
                return self._called(message, params)
            case method:
                return self._reply(message, {"error": {"code": -32601, "message": f"no method {method}"}})

    def _called(self, message: Mapping[str, Any], params: Mapping[str, Any]) -> Response:
        found = next((one for one in self.tools if one.name == params.get("name")), None)
        if found is None:
            return self._reply(message, {"error": {"code": -32602, "message": "Unknown tool"}})
        self.calls.append((found.name, params.get("arguments", {})))
        return self._reply(message, {"result": found.run(params.get("arguments", {}))})

    def _described(self, one: Offered) -> Answer:
        described: Answer = {"name": one.name, "inputSchema": dict(one.schema)}
        described |= {"description": one.description} if one.description else {}
        return described | ({"annotations": dict(one.annotations)} if one.annotations else {})

    def _reply(
        self, message: Mapping[str, Any], answer: Answer, headers: Mapping[str, str] | None = None
    ) -> Response:
        whole = {"jsonrpc": "2.0", "id": message["id"], **answer}
        if not self.events:
            return Response(json.dumps(whole), media_type="application/json", headers=dict(headers or {}))
        lines = "".join(f"event: message\r\ndata: {json.dumps(one)}\r\n\r\n" for one in (NOISE, whole))
        return Response(
            ": hello\r\n\r\n" + lines, media_type="text/event-stream", headers=dict(headers or {})
        )

    def _refuse(self, status: int, why: str) -> Response:
        self.refused.append(why)
        return Response(why, status_code=status)
