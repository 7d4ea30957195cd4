"""Checks an ElevenLabs agent, or sets one up, by REST. Doing it again changes nothing."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import quote

import httpx

from patter.engines.convai.wanted_agent import Finding, Wanted, changes, findings, wanted_settings
from patter.engines.convai.wanted_tools import client_tool, tool_findings
from patter.engines.convai.wire import host_of
from patter.engines.web import broken, open_answer
from patter.errors import EngineError

PROVIDER = "elevenlabs"
WITHIN_S = 30.0
"""For everything together."""
MOST_PAGES = 20


@dataclass(frozen=True, slots=True)
class Provisioned:
    """``changed``: what was mended, empty the second time; ``left``: what only a person can settle."""

    agent_id: str
    created: bool
    changed: tuple[Finding, ...]
    left: tuple[Finding, ...] = ()


class Account:
    """An ElevenLabs account."""

    def __init__(self, api_key: str, base_url: str | None = None) -> None:
        self._api_key = api_key
        self._base_url = host_of(base_url)

    async def check(self, agent_id: str, wanted: Wanted) -> list[Finding]:
        """What has to change in this agent. Changes nothing. Raises EngineError."""
        async with _deadline():
            agent = await self._get(f"/v1/convai/agents/{quote(agent_id, safe='')}")
            tools = await self._tools_of(agent)
            own = {name: config for name, (_, config) in tools.items()}
            secret_id = await self._secret_of(wanted) if wanted.by_handler else ""
            return [
                *findings(agent, wanted, secret_id=secret_id or ""),
                *tool_findings(wanted.tools, own),
            ]

    async def provision(self, agent_id: str, wanted: Wanted) -> Provisioned:
        """Set this agent up; an empty id makes a new one. Raises EngineError."""
        async with _deadline():
            secret_id = await self._keep_secret(wanted) if wanted.by_handler else ""
            created = not agent_id
            if created:
                agent_id = await self._create(wanted, secret_id)
            path = f"/v1/convai/agents/{quote(agent_id, safe='')}"
            agent = await self._get(path)
            found = findings(agent, wanted, secret_id=secret_id)
            change = changes(found)
            tools, tool_ids = await self._keep_tools(agent, wanted)
            if tool_ids is not None:
                config = change.setdefault("conversation_config", {}).setdefault("agent", {})
                config.setdefault("prompt", {})["tool_ids"] = tool_ids
            if change:
                await self._send("PATCH", path, change)
            changed = [finding for finding in found if finding.wanted is not None]
            left = [finding for finding in found if finding.wanted is None]
            return Provisioned(agent_id, created, (*changed, *tools), tuple(left))

    async def _create(self, wanted: Wanted, secret_id: str) -> str:
        settings = wanted_settings(wanted, secret_id=secret_id)
        made = await self._send("POST", "/v1/convai/agents/create", {"name": wanted.name, **settings})
        return str(made["agent_id"])

    # -- tools ------------------------------------------------------------------------------------

    async def _tools_of(self, agent: Mapping[str, Any]) -> dict[str, tuple[str, dict[str, Any]]]:
        """The agent's client tools by name: id and configuration."""
        tools: dict[str, tuple[str, dict[str, Any]]] = {}
        for tool_id in _tool_ids(agent):
            tool = await self._get(f"/v1/convai/tools/{quote(str(tool_id), safe='')}")
            config = tool.get("tool_config") or {}
            if config.get("type") == "client":
                tools[str(config.get("name"))] = (str(tool_id), config)
        return tools

    async def _keep_tools(
        self, agent: Mapping[str, Any], wanted: Wanted
    ) -> tuple[list[Finding], list[str] | None]:
        """Mend the tools. Gives what was mended, and all ids of the agent's tools where they change."""
        tools = await self._tools_of(agent)
        found = tool_findings(wanted.tools, {name: config for name, (_, config) in tools.items()})
        new_ids: list[str] = []
        for tool in map(client_tool, wanted.tools):
            if f"tools.{tool['name']}" not in {finding.setting for finding in found}:
                continue
            if tool["name"] in tools:
                tool_id = tools[tool["name"]][0]
                await self._send("PATCH", f"/v1/convai/tools/{quote(tool_id)}", {"tool_config": tool})
            else:
                made = await self._send("POST", "/v1/convai/tools", {"tool_config": tool})
                new_ids.append(str(made["id"]))
        return found, [*_tool_ids(agent), *new_ids] if new_ids else None

    # -- the secret -------------------------------------------------------------------------------

    async def _secret_of(self, wanted: Wanted) -> str | None:
        """The id of the secret with the present key: its name says which key it is, not the key."""
        name, cursor = _secret_name(wanted), ""
        for _ in range(MOST_PAGES):
            page = await self._get("/v1/convai/secrets", {"cursor": cursor} if cursor else None)
            for secret in page.get("secrets") or ():
                if secret.get("name") == name:
                    return str(secret["secret_id"])
            cursor = str(page.get("next_cursor") or "")
            if not page.get("has_more") or not cursor:
                return None
        return None

    async def _keep_secret(self, wanted: Wanted) -> str:
        if (known := await self._secret_of(wanted)) is not None:
            return known
        body = {"type": "new", "name": _secret_name(wanted), "value": wanted.reply_key}
        return str((await self._send("POST", "/v1/convai/secrets", body))["secret_id"])

    # -- HTTP -------------------------------------------------------------------------------------

    async def _get(self, path: str, query: dict[str, str] | None = None) -> dict[str, Any]:
        return await self._answer("GET", path, params=query)

    async def _send(self, method: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return await self._answer(method, path, json=dict(body))

    async def _answer(self, method: str, path: str, **content: Any) -> dict[str, Any]:
        def make(client: httpx.AsyncClient) -> httpx.Request:
            return client.build_request(method, path, headers={"xi-api-key": self._api_key}, **content)

        until = asyncio.get_running_loop().time() + WITHIN_S
        response = await open_answer(PROVIDER, self._base_url, make, until=until)
        try:
            answer = json.loads(await response.aread())
        except httpx.HTTPError as error:
            raise broken(PROVIDER, error) from None
        except ValueError:
            raise EngineError(PROVIDER, "an answer cannot be read", permanent=False) from None
        finally:
            await response.aclose()
        return answer if isinstance(answer, dict) else {}


@contextlib.asynccontextmanager
async def _deadline() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(WITHIN_S):
            yield
    except TimeoutError:
        raise EngineError(PROVIDER, f"no answer in {WITHIN_S:g} s", permanent=False) from None


def _secret_name(wanted: Wanted) -> str:
    return f"patter_{sha256(wanted.reply_key.encode()).hexdigest()[:12]}"


def _tool_ids(agent: Mapping[str, Any]) -> list[str]:
    prompt = ((agent.get("conversation_config") or {}).get("agent") or {}).get("prompt") or {}
    return list(prompt.get("tool_ids") or ())
