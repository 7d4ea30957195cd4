"""The simulated ElevenLabs Agents: what there is, its REST addresses, and the door of its socket."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable, Coroutine, Mapping
from typing import Any
from urllib.parse import urlencode

from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from patter.simulators.elevenlabs.convai_brain import echoing
from patter.simulators.elevenlabs.convai_rules import NEW_AGENT, check_agent, check_tool, merged
from patter.simulators.elevenlabs.convai_side import Conversation
from patter.simulators.elevenlabs.convai_ways import Ways
from patter.simulators.elevenlabs.rules import RefusalError, planned
from patter.simulators.fault_plan import FaultPlan
from patter.simulators.voice import Voice

Handle = Callable[[Request, Any], Coroutine[Any, Any, Any]]


class ConvaiAgents:
    """Part of ``ElevenLabsServer``.

    Faults wait at the doors ``signed_url``, ``conversation`` (the upgrade), ``answer`` and ``agents``.

    Args:
        base_url: where the server answers, asked when it is needed.
        check_key: raises RefusalError for a request without the right key.
    """

    def __init__(
        self,
        *,
        base_url: Callable[[], str],
        check_key: Callable[[HTTPConnection], None],
        voice: Voice,
        faults: FaultPlan,
    ) -> None:
        self._base_url = base_url
        self._check_key = check_key
        self._voice = voice
        self._faults = faults
        self._signed: dict[str, str] = {}
        self.ways = Ways(echoing)
        self.agents: dict[str, dict[str, Any]] = {}
        self.tools: dict[str, dict[str, Any]] = {}
        self.secrets: dict[str, dict[str, str]] = {}
        self.writes: list[str] = []
        """Every request that changed something, as method and path."""
        self.conversations: list[Conversation] = []

    def add_agent(self, change: Mapping[str, Any] | None = None) -> str:
        """An agent as a new account's would be, with a change; gives its id."""
        agent = merged(NEW_AGENT, change or {})
        check_agent(agent)
        agent_id = f"agent_{secrets.token_hex(6)}"
        self.agents[agent_id] = {"agent_id": agent_id, "name": "", **agent}
        return agent_id

    def routes(self) -> list[BaseRoute]:
        base = "/v1/convai"
        return [
            Route(f"{base}/conversation/get-signed-url", self._door(self._signed_url)),
            WebSocketRoute(f"{base}/conversation", self._converse),
            Route(f"{base}/agents/create", self._door(self._create_agent), methods=["POST"]),
            Route(f"{base}/agents", self._door(self._list_agents)),
            Route(f"{base}/agents/{{id}}", self._door(self._agent), methods=["GET", "PATCH", "DELETE"]),
            Route(f"{base}/tools", self._door(self._all_tools), methods=["GET", "POST"]),
            Route(f"{base}/tools/{{id}}", self._door(self._tool), methods=["GET", "PATCH", "DELETE"]),
            Route(f"{base}/secrets", self._door(self._all_secrets), methods=["GET", "POST"]),
            Route(f"{base}/secrets/{{id}}", self._door(self._secret), methods=["PATCH", "DELETE"]),
        ]

    def _door(self, handle: Handle) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        async def answer(request: Request) -> Response:
            name = "signed_url" if "signed-url" in request.url.path else "agents"
            fault = self._faults.take(name)
            try:
                self._check_key(request)
                if fault.late_s:
                    await asyncio.sleep(fault.late_s)
                if fault.status:
                    raise planned(fault.status, fault.code)
                if fault.garbage:
                    return Response("oops", media_type="application/json")
                body = await request.body()
                content = await handle(request, json.loads(body) if body else None)
            except RefusalError as refusal:
                return JSONResponse(refusal.as_json(), refusal.status)
            except ValueError:
                return JSONResponse(RefusalError(422, "invalid_parameters").as_json(), 422)
            if request.method != "GET":
                self.writes.append(f"{request.method} {request.url.path.removeprefix('/v1/convai/')}")
            return JSONResponse(content)

        return answer

    # -- conversations ----------------------------------------------------------------------------

    async def _signed_url(self, request: Request, _body: Any) -> dict[str, Any]:
        agent_id = request.query_params.get("agent_id", "")
        self._found(self.agents, agent_id, "agent_not_found")
        signature = secrets.token_urlsafe(12)
        self._signed[signature] = agent_id
        base = self._base_url().replace("http", "ws", 1)
        query = urlencode({"agent_id": agent_id, "conversation_signature": signature})
        return {"signed_url": f"{base}/v1/convai/conversation?{query}"}

    async def _converse(self, socket: WebSocket) -> None:
        fault = self._faults.take("conversation")
        agent = self.agents.get(socket.query_params.get("agent_id", ""))
        signature = socket.query_params.get("conversation_signature", "")
        if fault.late_s:
            await asyncio.sleep(fault.late_s)
        if fault.status:
            refusal = planned(fault.status, fault.code)
            await socket.send_denial_response(JSONResponse(refusal.as_json(), refusal.status))
            return
        await socket.accept()
        private = agent is not None and agent["platform_settings"]["auth"]["enable_auth"]
        signed = agent is not None and self._signed.get(signature) == agent["agent_id"]
        if agent is None or (not signed and (private or signature)):
            await socket.close(1008, "Could not authorize this conversation.")
            return
        conversation = Conversation(socket, agent, self.ways, self._voice, self._faults, self._key_of(agent))
        self.conversations.append(conversation)
        await conversation.run(fault)

    def _key_of(self, agent: Mapping[str, Any]) -> str:
        llm = agent["conversation_config"]["agent"]["prompt"]["custom_llm"] or {}
        secret_id = (llm.get("api_key") or {}).get("secret_id", "")
        return self.secrets.get(secret_id, {}).get("value", "")

    # -- agents -----------------------------------------------------------------------------------

    async def _create_agent(self, _request: Request, body: Any) -> dict[str, Any]:
        change = {name: body[name] for name in ("conversation_config", "platform_settings") if body.get(name)}
        agent_id = self.add_agent(change)
        self._check_references(self.agents[agent_id])
        self.agents[agent_id]["name"] = body.get("name") or ""
        return {"agent_id": agent_id}

    async def _list_agents(self, _request: Request, _body: Any) -> dict[str, Any]:
        rows = [
            {"agent_id": row["agent_id"], "name": row["name"], "tags": []} for row in self.agents.values()
        ]
        return {"agents": rows, "has_more": False, "next_cursor": None}

    async def _agent(self, request: Request, body: Any) -> dict[str, Any]:
        agent = self._found(self.agents, request.path_params["id"], "agent_not_found")
        if request.method == "DELETE":
            del self.agents[agent["agent_id"]]
            return {}
        if request.method == "PATCH":
            given = {name: value for name, value in body.items() if value is not None}
            changed = merged(agent, {name: value for name, value in given.items() if name != "agent_id"})
            check_agent(changed)
            self._check_references(changed)
            self.agents[agent["agent_id"]] = agent = changed
        return {**agent, "metadata": {"created_at_unix_secs": 0, "updated_at_unix_secs": 0}}

    def _check_references(self, agent: Mapping[str, Any]) -> None:
        prompt = agent["conversation_config"]["agent"]["prompt"]
        for tool_id in prompt["tool_ids"]:
            self._found(self.tools, tool_id, "tool_not_found")
        if secret := (prompt["custom_llm"] or {}).get("api_key"):
            self._found(self.secrets, secret.get("secret_id", ""), "secret_not_found")

    # -- tools and secrets ------------------------------------------------------------------------

    async def _all_tools(self, request: Request, body: Any) -> dict[str, Any]:
        if request.method == "GET":
            return {"tools": list(self.tools.values()), "has_more": False, "next_cursor": None}
        tool_id = f"tool_{secrets.token_hex(6)}"
        self.tools[tool_id] = {"id": tool_id, "tool_config": check_tool(body.get("tool_config"))}
        return self.tools[tool_id]

    async def _tool(self, request: Request, body: Any) -> dict[str, Any]:
        tool: dict[str, Any] = self._found(self.tools, request.path_params["id"], "tool_not_found")
        if request.method == "DELETE":
            del self.tools[tool["id"]]
            return {}
        if request.method == "PATCH":
            tool["tool_config"] = check_tool(body.get("tool_config"))
        return tool

    async def _all_secrets(self, request: Request, body: Any) -> dict[str, Any]:
        if request.method == "GET":
            rows = [
                {"type": "stored", "secret_id": secret_id, "name": secret["name"]}
                for secret_id, secret in self.secrets.items()
            ]
            return {"secrets": rows, "has_more": False, "next_cursor": None}
        if body.get("type") != "new" or not body.get("name") or not body.get("value"):
            raise RefusalError(422, "invalid_parameters", "A secret has a name and a value.")
        secret_id = f"secret_{secrets.token_hex(6)}"
        self.secrets[secret_id] = {"name": body["name"], "value": body["value"]}
        return {"type": "stored", "secret_id": secret_id, "name": body["name"]}

    async def _secret(self, request: Request, body: Any) -> dict[str, Any]:
        secret_id = request.path_params["id"]
        secret = self._found(self.secrets, secret_id, "secret_not_found")
        if request.method == "DELETE":
            del self.secrets[secret_id]
            return {}
        if body.get("type") != "update":
            raise RefusalError(422, "invalid_parameters", "type is update")
        secret |= {"name": body["name"], "value": body["value"]}
        return {"type": "stored", "secret_id": secret_id, "name": body["name"]}

    @staticmethod
    def _found(rows: Mapping[str, Any], row_id: str, code: str) -> Any:
        if row_id not in rows:
            raise RefusalError(404, code, f"{row_id} was not found.")
        return rows[row_id]
