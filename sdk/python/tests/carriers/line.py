"""An application at either simulated carrier, which writes down what it is told, and a way to ring it.

It answers, asks for a recording and a media socket, and says on the socket what a test gives it to say.
"""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from patter.simulators.loopback import LoopbackServer
from patter.simulators.script import HangUp, Listen
from patter.simulators.telnyx import Faults as TelnyxFaults
from patter.simulators.telnyx import TelnyxSimulator
from patter.simulators.twilio import Faults as TwilioFaults
from patter.simulators.twilio import TwilioSimulator
from patter.simulators.twilio.postman import what_it_tells

SID, TOKEN = "AC00000000000000000000000000000001", "0123456789abcdef"
KEY, CONNECTION = "KEY0001", "1494404757140276705"
OUR, ADA, HUMAN = "+12025550111", "+12025550122", "+12025550133"


class Socket:
    """One media socket, as the application saw it. ``texts`` are its frames; ``code`` is that of its end."""

    def __init__(self, leave: Callable[[], Awaitable[None]]) -> None:
        self.leave = leave
        self.texts: list[str | bytes] = []
        self.at_ms: list[float] = []
        self.code = 0
        self.over = asyncio.Event()

    def events(self, kind: str = "") -> list[dict[str, Any]]:
        """What could be read, of one kind or of all."""
        found = []
        for text in self.texts:
            try:
                found.append(json.loads(text))
            except ValueError:
                continue
        return [event for event in found if kind in ("", event.get("event"))]

    @property
    def kinds(self) -> list[str]:
        """The events without repetitions that follow each other."""
        names = [str(event.get("event")) for event in self.events()]
        return [name for index, name in enumerate(names) if index == 0 or names[index - 1] != name]


class Line:
    """``carrier`` is twilio or telnyx. Use as ``async with``."""

    def __init__(self, carrier: str) -> None:
        self.carrier = carrier
        self.twilio, self.telnyx = TwilioSimulator(webhook_budget_s=2), TelnyxSimulator()
        self.sim: Any = self.twilio if carrier == "twilio" else self.telnyx
        self.sockets: list[Socket] = []
        self.told: list[str] = []
        """The webhooks in the order of their arrival."""
        self.bodies: dict[str, dict[str, Any]] = {}
        self.headers: dict[str, Any] = {}
        self.fields: list[tuple[str, str]] = []
        """Of the voice webhook."""
        self.says: Callable[[str], list[dict[str, Any]]] = lambda stream: []
        """The messages that are sent as soon as ``start`` came, given the stream's id."""
        self.media_url = ""
        """Where the media socket is asked for: here, unless a test says otherwise."""
        self.leaves_on_stop = True
        self.records = False
        self._server = LoopbackServer(
            Starlette(
                routes=[
                    Route("/{about}", self._hook, methods=["POST"]),
                    WebSocketRoute("/media/{token}", self._media),
                ]
            )
        )

    async def __aenter__(self) -> Line:
        await self._server.start()
        self.media_url = self.url("media/one").replace("http://", "ws://")
        await self.sim.start()
        if self.carrier == "twilio":
            self.twilio.add_account(SID, TOKEN)
            self.twilio.add_number(OUR, SID, self.url("voice"), status_callback=self.url("told"))
            self.http = httpx.AsyncClient(
                base_url=f"{self.sim.base_url}/2010-04-01/Accounts/{SID}", auth=(SID, TOKEN), trust_env=False
            )
        else:
            self.telnyx.add_account(KEY)
            self.telnyx.add_application(CONNECTION, KEY, self.url("told"))
            self.telnyx.add_number(OUR, KEY, CONNECTION)
            headers = {"Authorization": f"Bearer {KEY}"}
            self.http = httpx.AsyncClient(
                base_url=f"{self.sim.base_url}/v2", headers=headers, trust_env=False
            )
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.sim.stop()
        await self._server.stop()
        await self.http.aclose()

    def url(self, about: str) -> str:
        return f"{self._server.base_url}/{about}"

    @property
    def port(self) -> str:
        return self._server.base_url.rpartition(":")[2]

    def faults(self, **faults: Any) -> Any:
        return TwilioFaults(**faults) if self.carrier == "twilio" else TelnyxFaults(**faults)

    def word(self, twilio: str, telnyx: str) -> str:
        return twilio if self.carrier == "twilio" else telnyx

    async def dial(self, *steps: Any, **faults: Any) -> Any:
        """Somebody calls. Returns while it rings."""
        return await self.sim.dial_in(OUR, ADA, steps, faults=self.faults(**faults))

    async def ring(self, *steps: Any, **faults: Any) -> Any:
        """Somebody calls, and the call is over.

        A last ``HangUp(at_ms=…)`` counts from the opening of the media socket, however slow the machine is.
        """
        if isinstance(steps[-1], HangUp) and steps[-1].at_ms is not None:
            call = await self.dial(*steps[:-1], Listen(), **faults)
            await call.reached("stream_started")
            await asyncio.sleep(steps[-1].at_ms / 1000)
            call.end("caller_hung_up")
        else:
            call = await self.dial(*steps, **faults)
        await call.ended()
        assert not call.of_kind("simulator_failed"), call.of_kind("simulator_failed")
        for socket in self.sockets:
            await asyncio.wait_for(socket.over.wait(), 10)
        return call

    @property
    def socket(self) -> Socket:
        return self.sockets[0]

    async def transfer(self, call: Any) -> None:
        """Put the caller through to ``HUMAN``."""
        if self.carrier == "twilio":
            document = f"<Response><Dial><Number>{HUMAN}</Number></Dial></Response>"
            answer = await self.http.post(f"/Calls/{call.sid}.json", data={"Twiml": document})
        else:
            answer = await self.http.post(f"/calls/{call.sid}/actions/transfer", json={"to": HUMAN})
        assert answer.is_success, answer.text

    # -- the application --------------------------------------------------------------------------

    async def _hook(self, request: Request) -> Response:
        body = await request.body()
        if self.carrier == "telnyx":
            return await self._event(body, request)
        fields = parse_qsl(body.decode(), keep_blank_values=True)
        if request.path_params["about"] == "voice":
            self.headers, self.fields = dict(request.headers), fields
            return Response(self._document(), media_type="text/xml")
        self._note(what_it_tells(fields)[0], dict(fields))
        return Response(status_code=204)

    def _document(self) -> str:
        told = self.url("told")
        recording = f'<Start><Recording recordingStatusCallback="{told}"/></Start>' if self.records else ""
        stream = f'<Stream url="{self.media_url}" statusCallback="{told}"/>'
        return f"<Response>{recording}<Connect>{stream}</Connect><Hangup/></Response>"

    async def _event(self, body: bytes, request: Request) -> Response:
        try:
            event = json.loads(body)["data"]
        except ValueError:
            return Response(status_code=400)
        kind, payload = event["event_type"], event["payload"]
        is_new = event["id"] not in [body["id"] for body in self.bodies.values()]
        self._note(kind, event)
        self.headers = dict(request.headers)
        if is_new and payload["direction" if "direction" in payload else "from"] == "incoming":
            await self.command(payload["call_control_id"], "answer")
        if is_new and kind == "call.answered" and payload["from"] == ADA:
            if self.records:
                await self.command(payload["call_control_id"], "record_start", channels="dual", format="wav")
            stream = {"stream_url": self.media_url, "stream_bidirectional_mode": "rtp"}
            await self.command(payload["call_control_id"], "streaming_start", **stream)
        return Response(status_code=200)

    async def command(self, call_control_id: str, name: str, **body: Any) -> httpx.Response:
        return await self.http.post(
            f"/calls/{call_control_id}/actions/{name}", json={**body, "command_id": str(uuid4())}
        )

    def _note(self, name: str, body: dict[str, Any]) -> None:
        self.told.append(name)
        self.bodies[name] = body

    async def _media(self, websocket: WebSocket) -> None:
        socket = Socket(websocket.close)
        self.sockets.append(socket)
        await websocket.accept()
        if any(not one.over.is_set() for one in self.sockets[:-1]):
            await self._choose(websocket)
        loop = asyncio.get_running_loop()
        while (message := await websocket.receive())["type"] != "websocket.disconnect":
            text = message.get("text") or message.get("bytes") or b""
            socket.texts.append(text)
            socket.at_ms.append(loop.time() * 1000)
            event = json.loads(text) if str(text).startswith('{"event": "') else {}
            if event.get("event") == "start":
                for said in self.says(event.get("streamSid", "")):
                    await websocket.send_text(json.dumps(said))
            if event.get("event") == "stop" and self.leaves_on_stop:
                await websocket.close()
        socket.code = message["code"]
        socket.over.set()

    async def _choose(self, newest: WebSocket) -> None:
        """A token of Twilio's opens one socket; at Telnyx the newest one wins."""
        if self.carrier == "telnyx":
            await self.sockets[-2].leave()
        else:
            await newest.close(1008)

    def media(self, stream: str, ms: int, byte: bytes = b"\x10") -> dict[str, Any]:
        return self._own(stream, "media", {"payload": b64encode(byte * 8 * ms).decode()})

    def mark(self, stream: str, name: str) -> dict[str, Any]:
        return self._own(stream, "mark", {"name": name})

    def clear(self, stream: str) -> dict[str, Any]:
        return self._own(stream, "clear")

    def _own(self, stream: str, event: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        named = {"streamSid": stream} if self.carrier == "twilio" else {}
        return {"event": event, **named, **({event: body} if body else {})}
