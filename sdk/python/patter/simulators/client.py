"""A client of a running simulator, for commands and benchmarks."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import httpx


class SimulatorClient:
    """Speaks to ``/simulator/`` at ``base_url``. What is refused raises ValueError with the reason.

    Args:
        carrier: whose calls these are, twilio or telnyx; health is that of both.
    """

    def __init__(self, base_url: str = "http://127.0.0.1:8010", carrier: str = "twilio") -> None:
        self._root = {"twilio": "/simulator/", "telnyx": "/simulator/telnyx/"}[carrier]
        self._http = httpx.AsyncClient(base_url=base_url, timeout=30.0, trust_env=False)

    async def __aenter__(self) -> SimulatorClient:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._http.aclose()

    async def is_ready(self) -> bool:
        """Whether a simulator answers there."""
        try:
            answer = await self._http.get("/simulator/health", timeout=1.0)
            return answer.is_success and answer.json().get("ready") is True
        except (httpx.HTTPError, ValueError):
            return False

    async def add(self, what: str, **values: Any) -> dict[str, Any]:
        """``POST {what}``: accounts, applications, numbers, phones. Gives what the carrier says of it."""
        return await self._post(what, values)

    async def add_account(self, account_sid: str, auth_token: str) -> None:
        """One of Twilio's."""
        await self._post("accounts", {"account_sid": account_sid, "auth_token": auth_token})

    async def add_number(self, number: str, account_sid: str, voice_url: str, **more: str) -> None:
        """One of Twilio's. ``more``: status_callback, voice_method, voice_fallback_url, friendly_name."""
        given = {"number": number, "account_sid": account_sid, "voice_url": voice_url}
        await self._post("numbers", {**given, **more})

    async def add_phone(self, number: str, **more: Any) -> None:
        """``more``: behaviour, answer_after_s, talk_s, steps, profile, faults."""
        await self._post("phones", {"number": number, **more})

    async def dial_in(self, to: str, from_: str, steps: Sequence[Mapping[str, Any]] = (), **more: Any) -> str:
        """Start a call and give its sid. ``more``: account_sid, voice_url, profile, faults, time_limit_s."""
        answer = await self._post("calls", {"to": to, "from": from_, "steps": list(steps), **more})
        return str(answer["call_sid"])

    async def follow(self, call_sid: str) -> AsyncIterator[dict[str, Any]]:
        """Every fact of a call as it happens, until it has ended."""
        path = f"{self._root}calls/{call_sid}/events"
        async with self._http.stream("GET", path, timeout=httpx.Timeout(30.0, read=None)) as stream:
            if not stream.is_success:
                await stream.aread()
                _checked(stream)
            async for line in stream.aiter_lines():
                yield json.loads(line)

    async def result(self, call_sid: str) -> dict[str, Any]:
        return _checked(await self._http.get(f"{self._root}calls/{call_sid}"))

    async def audio(self, call_sid: str) -> bytes:
        """A stereo WAV file: left the caller, right the agent."""
        answer = await self._http.get(f"{self._root}calls/{call_sid}/audio.wav")
        if not answer.is_success:
            _checked(answer)
        return answer.content

    async def hang_up(self, call_sid: str) -> None:
        await self._post(f"calls/{call_sid}/hang-up", {})

    async def ledger(self) -> dict[str, Any]:
        """The carrier's own bill: ``legs``, and their ``total``."""
        return _checked(await self._http.get(f"{self._root}ledger"))

    async def fail_next(self, **fault: Any) -> None:
        """The next request of the REST interface goes wrong: door, times, status, late_s, silent, lost."""
        await self._post("faults", {"rest": [fault]})

    async def _post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return _checked(await self._http.post(f"{self._root}{path}", json=body))


def _checked(answer: httpx.Response) -> dict[str, Any]:
    body = answer.json()
    if not answer.is_success or not isinstance(body, dict):
        raise ValueError(body.get("error", "refused") if isinstance(body, dict) else "refused")
    return body
