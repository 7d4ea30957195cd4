"""A carrier's media socket, by hand: for what no carrier would ever send."""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from patter.carriers.twilio.signature import HEADER, sign
from patter.simulators.twilio.world import new_sid
from tests.system.tenant import CALLER, PATIENCE_S, Tenant


@dataclass
class Ringing:
    """A call that asked our voice webhook what to do."""

    tenant: Tenant
    sid: str
    answer: httpx.Response

    @property
    def stream(self) -> ElementTree.Element | None:
        return ElementTree.fromstring(self.answer.text).find("Connect/Stream")

    @property
    def url(self) -> str:
        assert self.stream is not None, self.answer.text
        return self.stream.attrib["url"]

    @property
    def token(self) -> str:
        assert self.stream is not None
        parameter = self.stream.find("Parameter")
        assert parameter is not None
        return parameter.attrib["value"]

    @property
    def call_id(self) -> str:
        return self.url.rpartition("/")[2]

    @property
    def resume_url(self) -> str:
        found = re.search(r"http[^<\"]*/resume\?[^<\"]*", self.answer.text)
        assert found
        return found[0].replace("&amp;", "&")


async def post(
    tenant: Tenant, url: str, fields: dict[str, str], *, token: str = "", signature: str = ""
) -> httpx.Response:
    """A webhook, signed with the account's own token unless told otherwise."""
    given = {"AccountSid": tenant.account_sid, **fields}
    signed = signature or sign(token or tenant.auth_token, url, list(given.items()))
    async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
        return await http.post(url, data=given, headers={HEADER: signed})


def voice_fields(tenant: Tenant, sid: str, **more: str) -> dict[str, str]:
    return {"CallSid": sid, "CallStatus": "ringing", "From": CALLER, "To": tenant.number, **more}


async def ring(tenant: Tenant, sid: str = "", **more: str) -> Ringing:
    sid = sid or new_sid("CA")
    answer = await post(tenant, tenant.webhook("voice"), voice_fields(tenant, sid, **more))
    assert answer.status_code == 200, answer.text
    return Ringing(tenant, sid, answer)


async def tell_status(tenant: Tenant, sid: str, status: str, **more: str) -> httpx.Response:
    fields = {"CallSid": sid, "CallStatus": status, "SequenceNumber": "0", **more}
    return await post(tenant, tenant.webhook("status"), fields)


@dataclass
class Line:
    """An open media socket."""

    socket: ClientConnection
    stream_sid: str = field(default_factory=lambda: new_sid("MZ"))

    async def send(self, event: str, body: dict[str, Any] | None = None, **more: Any) -> None:
        message = {"event": event, "streamSid": self.stream_sid, **({event: body} if body else {}), **more}
        await self.socket.send(json.dumps(message))

    async def start(self, ringing: Ringing, token: str | None = None, **more: Any) -> None:
        body = {
            "streamSid": self.stream_sid,
            "accountSid": ringing.tenant.account_sid,
            "callSid": ringing.sid,
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": {"token": ringing.token if token is None else token},
            **more,
        }
        await self.send("start", body)

    async def hears(self, within_s: float = PATIENCE_S) -> dict[str, Any]:
        """The first frame of the agent's."""
        async with asyncio.timeout(within_s):
            return dict(json.loads(await self.socket.recv()))

    async def closed(self, within_s: float = PATIENCE_S) -> tuple[int, str]:
        """How the platform closes the socket: code and reason."""
        async with asyncio.timeout(within_s):
            try:
                while True:
                    await self.socket.recv()
            except ConnectionClosed as closed:
                frame = closed.rcvd
                return (frame.code, frame.reason) if frame else (1006, "")

    async def hang_up(self) -> None:
        """As a carrier ends a stream: ``stop``, then close."""
        await self.send("stop", {"callSid": "", "accountSid": ""})
        await self.socket.close()


async def dial(url: str, **headers: str) -> Line:
    socket = await connect(
        url, additional_headers=headers, compression=None, proxy=None, max_size=None, open_timeout=PATIENCE_S
    )
    return Line(socket)
