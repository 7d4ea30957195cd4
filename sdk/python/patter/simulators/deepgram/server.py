"""The simulated Deepgram on one port of loopback."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Sequence
from http import HTTPStatus
from itertools import cycle
from urllib.parse import urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from patter.simulators.deepgram.faults import Faults
from patter.simulators.deepgram.hearing import Recogniser, ScriptedRecogniser
from patter.simulators.deepgram.listen_v1 import ListenV1
from patter.simulators.deepgram.listen_v2 import ListenV2
from patter.simulators.deepgram.query import TABLES, QueryError, parse
from patter.simulators.deepgram.session import Line, Over, Session
from patter.simulators.deepgram.speak_v1 import SpeakV1
from patter.simulators.voice import ToneVoice, Voice

HOST = "127.0.0.1"
API_KEY = "deepgram-test-key"
UTTERANCES = ("hello there", "yes please", "what can you do", "thank you goodbye")
NET_TIMEOUT_S = 10.0
MOST_CONNECTIONS = 50
MOST_KEPT = 500


class DeepgramServer:
    """Use as ``async with DeepgramServer() as server``.

    Args:
        port: 0 takes a free one; ``base_url`` says which.
        api_key: the only key that is let in.
        utterances: what each stretch of voice is heard as, over and over, unless ``recogniser`` is given.
        recogniser: makes the ears of one stream.
        voice: what Aura sounds like; default is a tone of the text's length.
        speed: how many times faster than played audio is made.
        net_timeout_s: so long a stream may be without a message (NET-0001).
        most_connections: one more is refused with 429.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        api_key: str = API_KEY,
        utterances: Sequence[str] = UTTERANCES,
        recogniser: Callable[[], Recogniser] | None = None,
        voice: Voice | None = None,
        speed: float = 20.0,
        net_timeout_s: float = NET_TIMEOUT_S,
        most_connections: int = MOST_CONNECTIONS,
    ) -> None:
        self.api_key = api_key
        self.utterances = utterances
        self.faults = Faults()
        """What happens to every connection for which ``script`` has nothing."""
        self.script: list[Faults] = []
        """What happens to the next connections, one each."""
        self.sessions: list[Session] = []
        """What was seen, oldest first; of a server that runs for days only the newest."""
        self._port = port
        self._recogniser = recogniser
        self._voice = voice or ToneVoice()
        self._speed = speed
        self._net_timeout_s = net_timeout_s
        self._most_connections = most_connections
        self._accepted: dict[ServerConnection, Session] = {}
        self._server: Server | None = None
        self.base_url = ""

    async def __aenter__(self) -> DeepgramServer:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Returns when the server answers. Raises OSError when the port is taken."""
        self._server = await serve(
            self._serve, HOST, self._port, process_request=self._admit, compression=None, close_timeout=1
        )
        self.base_url = f"http://{HOST}:{next(iter(self._server.sockets)).getsockname()[1]}"

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    @property
    def open_sessions(self) -> list[Session]:
        return [session for session in self.sessions if not session.closed.is_set()]

    async def drop_all(self) -> None:
        """Tear every connection down, as a network does. Returns when the server has noticed."""
        for socket in list(self._server.connections if self._server else ()):
            socket.transport.abort()
        await asyncio.gather(*(session.closed.wait() for session in self.open_sessions))

    # -- the upgrade ------------------------------------------------------------------------------

    async def _admit(self, socket: ServerConnection, request: Request) -> Response | None:
        address = urlsplit(request.path)
        if address.path in _DOCUMENTS:
            return self._document(request, address.path)
        faults = self.script.pop(0) if self.script else self.faults
        if faults.late_s:
            await asyncio.sleep(faults.late_s)
        session = Session(address.path, {}, faults)
        if (refused := self._refusal(request, session)) is not None:
            return refused
        try:
            session.query = parse(address.path, address.query)
        except QueryError as error:
            return _refuse(400, "INVALID_QUERY_PARAMETER", str(error), session.request_id)
        self._accepted[socket] = session
        return None

    def _refusal(self, request: Request, session: Session) -> Response | None:
        if session.faults.refuse:
            code, text = _REFUSALS.get(
                session.faults.refuse, ("INTERNAL_SERVER_ERROR", "Something went wrong.")
            )
            return _refuse(session.faults.refuse, code, text, session.request_id)
        if session.path not in TABLES:
            return _refuse(404, "NOT_FOUND", "There is nothing at this address.", session.request_id)
        if not self._may_enter(request):
            return _refuse(401, *_REFUSALS[401], session.request_id)
        if len(self.open_sessions) >= self._most_connections:
            return _refuse(429, *_REFUSALS[429], session.request_id)
        return None

    def _may_enter(self, request: Request) -> bool:
        scheme, _, key = request.headers.get("Authorization", "").partition(" ")
        return scheme.lower() in ("token", "bearer") and key == self.api_key

    def _document(self, request: Request, path: str) -> Response:
        if not self._may_enter(request):
            return _refuse(401, *_REFUSALS[401], Session(path, {}, Faults()).request_id)
        return _answer(200, json.loads(_DOCUMENTS[path]), {})

    # -- a connection -----------------------------------------------------------------------------

    async def _serve(self, socket: ServerConnection) -> None:
        session = self._accepted.pop(socket)
        self._keep(session)
        line = Line(socket, session, self._net_timeout_s)
        writer = asyncio.create_task(line.write())
        try:
            await self._endpoint(line)
        except Over as over:
            with contextlib.suppress(ConnectionClosed):
                await line.end(over)
        except ConnectionClosed:
            pass
        finally:
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
            await socket.wait_closed()
            session.close_code, session.close_reason = socket.close_code, socket.close_reason or ""
            session.closed.set()

    def _keep(self, session: Session) -> None:
        over = [old for old in self.sessions if old.closed.is_set()]
        for old in over[: max(0, len(self.sessions) + 1 - MOST_KEPT)]:
            self.sessions.remove(old)
        self.sessions.append(session)

    async def _endpoint(self, line: Line) -> None:
        match line.session.path:
            case "/v1/listen":
                await ListenV1(line, self.new_recogniser()).run()
            case "/v2/listen":
                await ListenV2(line, self.new_recogniser()).run()
            case _:
                await SpeakV1(line, self._voice, self._speed).run()

    def new_recogniser(self) -> Recogniser:
        """The ears of one stream."""
        return self._recogniser() if self._recogniser else ScriptedRecogniser(cycle(self.utterances))


_REFUSALS = {
    400: ("BAD_REQUEST", "The request is not valid."),
    401: ("INVALID_AUTH", "Invalid credentials."),
    402: ("ASR_PAYMENT_REQUIRED", "The project does not have enough credits."),
    403: ("INSUFFICIENT_PERMISSIONS", "The key may not use this model."),
    429: ("TOO_MANY_REQUESTS", "Too many requests. Please try again later."),
}
# What is asked to check a key. No resource of a project is simulated.
_DOCUMENTS = {
    "/v1/projects": '{"projects": [{"project_id": "00000000-0000-4000-8000-000000000001", "name": "x"}]}',
    "/v1/auth/token": '{"api_key_id": "simulated", "scopes": ["usage:write"]}',
}


def _refuse(status: int, code: str, text: str, request_id: str) -> Response:
    body = {"err_code": code, "err_msg": text, "request_id": request_id}
    return _answer(status, body, {"dg-error": text, "dg-request-id": request_id})


def _answer(status: int, body: object, headers: dict[str, str]) -> Response:
    data = json.dumps(body).encode()
    more = {"Content-Type": "application/json", "Content-Length": str(len(data)), "Connection": "close"}
    return Response(status, HTTPStatus(status).phrase, Headers({**headers, **more}), data)
