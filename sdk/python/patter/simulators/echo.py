"""The smallest application that takes a call: what it does on the socket is given to it.

It proves the simulated carriers by themselves, and is the floor that the platform is measured against.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from patter.bridge.commands import Clear, Mark, Play
from patter.bridge.events import CallerAudio, Event, LegOpened, LegStopped
from patter.carriers.twilio.markup import connect_stream
from patter.carriers.twilio.signature import HEADER, verify, verify_upgrade
from patter.carriers.twilio.wire import Wire
from patter.simulators.loopback import LoopbackServer

Form = list[tuple[str, str]]


class Leg:
    """The application's end of a media socket, as events and commands."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._wire = Wire()
        self._events: deque[Event] = deque()
        self.opened: LegOpened | None = None

    async def next(self) -> Event | None:
        """The next event; None when the carrier closed the socket."""
        while not self._events:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return None
            self._events.extend(self._wire.decode(message.get("text") or message.get("bytes") or b""))
        event = self._events.popleft()
        if isinstance(event, LegOpened):
            self.opened = event
        return event

    async def send(self, *commands: Play | Mark | Clear) -> None:
        for command in commands:
            await self.send_text(self._wire.encode(command))

    async def send_text(self, text: str) -> None:
        await self._socket.send_text(text)

    async def send_bytes(self, data: bytes) -> None:
        await self._socket.send_bytes(data)

    async def close(self, code: int = 1000) -> None:
        await self._socket.close(code)


async def echo(leg: Leg) -> None:
    """Send every frame of the caller straight back, until the stream stops."""
    while (event := await leg.next()) is not None:
        if isinstance(event, CallerAudio):
            await leg.send(Play(event.payload))
        elif isinstance(event, LegStopped):
            return


class EchoApp:
    """Use as ``async with EchoApp(auth_token) as app``; give ``app.voice_url`` to a number.

    Args:
        on_media: what happens on a media socket.
        after: what is answered when the stream is over.
    """

    def __init__(
        self,
        auth_token: str,
        on_media: Callable[[Leg], Awaitable[None]] = echo,
        *,
        after: str = "<Response><Hangup/></Response>",
    ) -> None:
        self._auth_token = auth_token
        self._on_media = on_media
        self._after = after
        self.answer: Callable[[Form], str] = lambda form: self.stream()
        self.content_type = "text/xml"
        self.delay_s = 0.0
        self.forms: dict[str, list[Form]] = {}
        self.refused = 0
        self._server = LoopbackServer(
            Starlette(
                routes=[
                    Route("/{about}", self._hook, methods=["POST", "GET"]),
                    WebSocketRoute("/media/{token}", self._media),
                ]
            )
        )

    async def __aenter__(self) -> EchoApp:
        await self._server.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._server.stop()

    def url(self, about: str) -> str:
        return f"{self._server.base_url}/{about}"

    @property
    def voice_url(self) -> str:
        return self.url("voice")

    @property
    def socket_url(self) -> str:
        return self.url("media/one-time").replace("http://", "ws://")

    def stream(self) -> str:
        """The document that connects a call to this application."""
        return connect_stream(
            self.socket_url,
            {"token": "one-time"},
            status_callback=self.url("stream"),
            after=self.url("after"),
        )

    def told(self, about: str, name: str) -> list[str]:
        """The values of one field in all requests to one address, in the order of their arrival."""
        return [dict(form).get(name, "") for form in self.forms.get(about, [])]

    async def _hook(self, request: Request) -> Response:
        about = request.path_params["about"]
        form = parse_qsl((await request.body()).decode(), keep_blank_values=True)
        if not verify(self._auth_token, str(request.url), form, request.headers.get(HEADER, "")):
            self.refused += 1
            return Response("forged", 403)
        self.forms.setdefault(about, []).append(form or request.query_params.multi_items())
        await asyncio.sleep(self.delay_s)
        if about == "voice":
            return Response(self.answer(form), media_type=self.content_type)
        if about == "after":
            return Response(self._after, media_type="text/xml")
        return Response(status_code=204)

    async def _media(self, socket: WebSocket) -> None:
        if not verify_upgrade(self._auth_token, str(socket.url), socket.headers.get(HEADER, "")):
            self.refused += 1
            await socket.close()
            return
        await socket.accept()
        try:
            await self._on_media(Leg(socket))
            await socket.close()
        except (WebSocketDisconnect, RuntimeError):
            return
