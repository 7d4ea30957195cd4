"""The simulated ElevenLabs as one server on loopback."""

from __future__ import annotations

import asyncio
import hmac
import json
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from starlette.applications import Starlette
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from patter.audio.mulaw import to_pcm16
from patter.audio.wav import write_mulaw
from patter.engines.catalogue.elevenlabs import DEFAULT_VOICE, MODELS
from patter.simulators.elevenlabs.contexts import Contexts
from patter.simulators.elevenlabs.convai import ConvaiAgents
from patter.simulators.elevenlabs.rules import (
    HTTP_QUERY,
    RefusalError,
    check_format,
    check_reading,
    check_socket,
    planned,
)
from patter.simulators.elevenlabs.socket_side import SocketSide
from patter.simulators.fault_plan import CutError, Fault, FaultPlan
from patter.simulators.loopback import LoopbackServer
from patter.simulators.voice import ToneVoice, Voice

API_KEY = "xi-simulated"
PIECE_BYTES = 800


class ElevenLabsServer:
    """Use as ``async with ElevenLabsServer() as server``; ``server.base_url`` is the host.

    Faults wait at the doors ``socket`` (the upgrade), ``context`` (one text on a socket), ``stream``
    (one HTTP request), and at those of ``convai``.

    Args:
        voice: the sound of speech; a tone by default.
        voices: ids that exist.
        api_key: the only key that is let in.
        idle_s: shortens every socket's inactivity timeout, for tests of it.
        pace_s: time between two pieces of audio, which are 120 ms long.
        port: 0 takes a free one.
    """

    def __init__(
        self,
        *,
        voice: Voice | None = None,
        voices: tuple[str, ...] = (DEFAULT_VOICE,),
        api_key: str = API_KEY,
        idle_s: float | None = None,
        pace_s: float = 0.0,
        port: int = 0,
    ) -> None:
        self.voice: Voice = voice or ToneVoice()
        self.voices = voices
        self.api_key = api_key
        self.idle_s = idle_s
        self.pace_s = pace_s
        self.faults = FaultPlan()
        self.requests: Counter[str] = Counter()
        """How often each door was knocked at, refused or not."""
        self.spoken: list[str] = []
        self.sockets: list[Contexts] = []
        """Of the sockets that are open now."""
        self.complaints: list[str] = []
        """What was sent that the real server takes, and nobody can have meant."""
        self._over = asyncio.Event()
        self.convai = ConvaiAgents(
            base_url=lambda: self.base_url, check_key=self._check_key, voice=self.voice, faults=self.faults
        )
        """Agents that hear, decide and speak over one socket."""
        base = "/v1/text-to-speech/{voice}"
        routes = [
            Route(base, self._convert, methods=["POST"]),
            Route(f"{base}/stream", self._convert, methods=["POST"]),
            WebSocketRoute(f"{base}/multi-stream-input", self._multi_stream),
            Route("/v1/models", self._models),
            Route("/v1/voices", self._voices),
            *self.convai.routes(),
        ]
        self._server = LoopbackServer(Starlette(routes=routes), port)

    async def __aenter__(self) -> ElevenLabsServer:
        await self.start()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.stop()

    @property
    def base_url(self) -> str:
        return self._server.base_url

    async def start(self) -> None:
        """Returns when the server answers. Raises OSError when the port is taken."""
        await self._server.start()

    async def stop(self) -> None:
        self._over.set()
        await self._server.stop()

    # -- by HTTP --------------------------------------------------------------------------------

    async def _convert(self, request: Request) -> Response:
        self.requests["stream"] += 1
        fault = self.faults.take("stream")
        try:
            self._check_key(request)
            if fault.late_s:
                await asyncio.sleep(fault.late_s)
            if fault.status:
                raise planned(fault.status, fault.code)
            if unknown := sorted(request.query_params.keys() - HTTP_QUERY):
                raise RefusalError(422, "invalid_parameters", f"Unknown: {', '.join(unknown)}")
            output_format = check_format(request.query_params.get("output_format", "mp3_44100_128"))
            text = check_reading(_json(await request.body()), request.path_params["voice"], self.voices)
        except RefusalError as refusal:
            return _refused(refusal, fault)
        self.spoken.append(text)
        sound = b"" if fault.empty else await self.voice.speak(text)
        if fault.wrong_format:
            sound = write_mulaw(sound)
        data = sound if output_format == "ulaw_8000" else to_pcm16(sound)
        headers = {"current-concurrent-requests": "1", "maximum-concurrent-requests": "10"}
        return StreamingResponse(self._stream(data, fault), media_type="audio/basic", headers=headers)

    async def _stream(self, data: bytes, fault: Fault) -> AsyncIterator[bytes]:
        size = fault.piece_bytes or PIECE_BYTES
        for count, at in enumerate(range(0, len(data), size)):
            if fault.cut_after == count:
                raise CutError
            if fault.stall_after == count:
                await self._over.wait()
            yield data[at : at + size]
            await asyncio.sleep(0)

    # -- by socket ------------------------------------------------------------------------------

    async def _multi_stream(self, socket: WebSocket) -> None:
        self.requests["socket"] += 1
        fault = self.faults.take("socket")
        try:
            self._check_key(socket)
            if fault.late_s:
                await asyncio.sleep(fault.late_s)
            if fault.status:
                raise planned(fault.status, fault.code)
            plan = check_socket(socket.path_params["voice"], socket.query_params, self.voices)
        except RefusalError as refusal:
            await socket.send_denial_response(_refused(refusal, fault))
            return
        if self.idle_s is not None:
            plan = replace(plan, idle_s=self.idle_s)
        await socket.accept()
        contexts = Contexts(plan, self.complaints)
        side = SocketSide(
            socket,
            plan,
            contexts,
            speak=self.voice.speak,
            pace_s=self.pace_s,
            take_fault=lambda: self.faults.take("context"),
            note=self.spoken.append,
        )
        self.sockets.append(contexts)
        try:
            await side.run()
        finally:
            self.sockets.remove(contexts)

    # -- what there is --------------------------------------------------------------------------

    async def _models(self, request: Request) -> Response:
        rows = [{"model_id": row.id, "name": row.id, "can_do_text_to_speech": True} for row in MODELS]
        return self._listed(request, rows)

    async def _voices(self, request: Request) -> Response:
        rows = [{"voice_id": voice, "name": voice, "category": "premade"} for voice in self.voices]
        return self._listed(request, {"voices": rows})

    def _listed(self, request: Request, content: Any) -> Response:
        try:
            self._check_key(request)
        except RefusalError as refusal:
            return _refused(refusal, Fault())
        return JSONResponse(content)

    def _check_key(self, connection: HTTPConnection) -> None:
        given = connection.headers.get("xi-api-key", "")
        if not hmac.compare_digest(given.encode(), self.api_key.encode()):
            raise RefusalError(401, "invalid_api_key")


def _json(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _refused(refusal: RefusalError, fault: Fault) -> Response:
    headers = {} if fault.retry_after_s is None else {"retry-after": f"{fault.retry_after_s:g}"}
    return JSONResponse(refusal.as_json(), refusal.status, headers)
