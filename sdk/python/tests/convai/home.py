"""A home for calls in convai mode: a carrier's media socket in front, the simulated agents behind."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from patter.bridge.call import CallMachine
from patter.bridge.commands import Clear, HandlerAsk, Mark, Play, ToolRun
from patter.bridge.events import HandlerDelta, HandlerDone, HandlerFailed, ToolDone
from patter.bridge.plan import CallPlan, ProviderSpec
from patter.bridge.records import CallEnded, Noted
from patter.bridge.session import CallSession, Performers
from patter.carriers.twilio.rest import TwilioRest
from patter.engines.convai.ask_line import AskLine, AskRefusedError
from patter.engines.convai.completions import (
    CALL_HEADER,
    CompletionStream,
    bearer_of,
    read_request,
    refusal,
)
from patter.engines.convai.link import ConvaiSocket, Deadlines
from patter.engines.convai.machine import ConvaiMachine
from patter.engines.convai.serving import events_of, open_reply
from patter.engines.convai.settings import settings_of
from patter.simulators.echo import EchoApp, Leg
from patter.simulators.elevenlabs import ElevenLabsServer
from patter.simulators.loopback import LoopbackServer

SID, TOKEN = "AC00000000000000000000000000000001", "0123456789abcdef"
OUR, ADA = "+15550001111", "+15550002222"
CALL_TOKEN, KEY = "call-token", "llm-key"
Reply = Callable[[str], list[str] | Exception | None]


class Home:
    """Carries every call that comes. ``reply`` is the handler, ``tool`` runs every tool."""

    def __init__(self, vendor: ElevenLabsServer, carrier_url: str) -> None:
        self.vendor = vendor
        self.carrier_url = carrier_url
        self.app = EchoApp(TOKEN, self._carry)
        self.llm = LoopbackServer(
            Starlette(routes=[Route("/llm/v1/{path:path}", self._llm, methods=["POST"])])
        )
        self.plan: dict[str, Any] = {}
        self.options: dict[str, Any] = {}
        self.reply: Reply = lambda text: [f"You said {text}."]
        self.reply_late_s = 0.0
        self.tool: Callable[[ToolRun], Any] = lambda run: {"stock": 3}
        self.asked: list[HandlerAsk] = []
        self.cancelled: list[tuple[str, str]] = []
        self.tools_run: list[ToolRun] = []
        self.entries: list[Any] = []
        self.spoken_by_carrier: list[str] = []
        self.deadlines = Deadlines()
        self.line = AskLine()
        self.session: CallSession | None = None
        self.begun = asyncio.Event()

    async def __aenter__(self) -> Home:
        await self.llm.start()
        await self.app.__aenter__()
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.app.__aexit__(*exc)
        await self.llm.stop()

    # -- the call ---------------------------------------------------------------------------------

    async def _carry(self, leg: Leg) -> None:
        spec = ProviderSpec(
            "elevenlabs", api_key=self.vendor.api_key, base_url=self.vendor.base_url, options=self.options
        )
        plan = CallPlan("call_1", mode="convai", speech=spec, **{"record": False, **self.plan})
        token = CALL_TOKEN if plan.reply_by == "handler" else ""
        settings = settings_of(spec, call_token=token)
        performers = Performers(
            speech=lambda: ConvaiSocket(spec, self.line, self.deadlines), handler=self, tools=self
        )
        machine = CallMachine(plan, lambda parts: ConvaiMachine(parts, settings), loop_time())
        session = self.session = CallSession(machine, control=self, performers=performers, log=self)
        port = _LegPort(leg)
        session.attach(port)
        self.begun.set()
        async with asyncio.TaskGroup() as tasks:
            reading = tasks.create_task(self._read(leg, session))
            writing = tasks.create_task(port.write())
            await session.run()
            reading.cancel()
            writing.cancel()

    async def _read(self, leg: Leg, session: CallSession) -> None:
        while (event := await leg.next()) is not None:
            session.feed(event)

    async def hang_up(self, carrier_call_id: str) -> None:
        async with TwilioRest(SID, TOKEN, self.carrier_url, timeout_s=2.0) as rest:
            await rest.hang_up(carrier_call_id)

    async def say_and_hang_up(self, carrier_call_id: str, text: str, language: str) -> None:
        self.spoken_by_carrier.append(text)
        async with TwilioRest(SID, TOKEN, self.carrier_url, timeout_s=2.0) as rest:
            await rest.say_and_hang_up(carrier_call_id, text, language)

    def write(self, entry: Any) -> None:
        self.entries.append(entry)

    # -- handler and tools ------------------------------------------------------------------------

    async def ask(self, command: HandlerAsk, emit: Any) -> None:
        self.asked.append(command)
        await asyncio.sleep(self.reply_late_s)
        reply = self.reply(command.text)
        if isinstance(reply, Exception):
            emit(HandlerFailed(command.turn_id, "handler_error", str(reply)))
            return
        for piece in reply or ():
            emit(HandlerDelta(command.turn_id, piece))
            await asyncio.sleep(0)
        emit(HandlerDone(command.turn_id))

    def cancel(self, turn_id: str, heard: str) -> None:
        self.cancelled.append((turn_id, heard))

    async def run(self, command: ToolRun, emit: Any) -> None:
        self.tools_run.append(command)
        emit(ToolDone(command.run_id, self.tool(command)))

    async def _llm(self, request: Request) -> Response:
        key, call = bearer_of(request.headers.get("authorization", "")), request.headers.get(CALL_HEADER)
        if (key, call) != (KEY, CALL_TOKEN):
            return JSONResponse(refusal("unauthorized", "wrong key"), 401)
        completion = read_request(await request.body())
        try:
            pieces = await open_reply(self.line, completion)
        except AskRefusedError as refused:
            return JSONResponse(refusal(refused.code, "no such call"), 404)
        stream = CompletionStream("chatcmpl-1", completion, 0)
        return StreamingResponse(events_of(pieces, stream), media_type="text/event-stream")

    # -- what happened ----------------------------------------------------------------------------

    @property
    def ended(self) -> CallEnded:
        [ended] = [entry for entry in self.entries if isinstance(entry, CallEnded)]
        return ended

    @property
    def turns(self) -> list[tuple[str, str]]:
        return [(row["role"], row["text"]) for row in self.ended.transcript]

    def noted(self, kind: str) -> list[dict[str, Any]]:
        return [dict(e.data) for e in self.entries if isinstance(e, Noted) and e.kind == kind]


class _LegPort:
    def __init__(self, leg: Leg) -> None:
        self._leg = leg
        self._queue: asyncio.Queue[Play | Mark | Clear] = asyncio.Queue()

    def send(self, command: Play | Mark | Clear) -> None:
        self._queue.put_nowait(command)

    async def write(self) -> None:
        with contextlib.suppress(Exception):
            while True:
                await self._leg.send(await self._queue.get())

    async def close(self) -> None:
        with contextlib.suppress(Exception):
            await self._leg.close()


def loop_time() -> float:
    return asyncio.get_running_loop().time()


@contextlib.asynccontextmanager
async def home_of(sim: Any) -> AsyncIterator[Home]:
    async with ElevenLabsServer() as vendor, Home(vendor, sim.base_url) as home:
        sim.world.numbers[OUR].voice_url = home.app.voice_url
        yield home


EVENTS = [
    "agent_response",
    "agent_response_complete",
    "agent_response_correction",
    "audio",
    "client_tool_call",
    "conversation_initiation_metadata",
    "interruption",
    "ping",
    "tentative_user_transcript",
    "user_transcript",
]
MAY_OVERRIDE = {
    "conversation_config_override": {
        "agent": {"first_message": True, "prompt": {"prompt": True}},
        "tts": {"voice_id": True},
    }
}


def agent_of(home: Home, reply_by: str, *, caller: str = "ulaw_8000", agent: str = "ulaw_8000") -> str:
    """An ElevenLabs agent that is set up as Patter needs it; gives its id."""
    convai = home.vendor.convai
    prompt: dict[str, Any] = {}
    if reply_by == "handler":
        convai.secrets["secret_1"] = {"name": "patter", "value": KEY}
        headers = {CALL_HEADER: {"variable_name": "secret__patter_call"}}
        llm = {"url": f"{home.llm.base_url}/llm/v1/agt_1", "api_key": {"secret_id": "secret_1"}}
        prompt = {"llm": "custom-llm", "custom_llm": {**llm, "request_headers": headers}}
        prompt["built_in_tools"] = {"skip_turn": {"name": "skip_turn"}}
    config = {
        "asr": {"user_input_audio_format": caller},
        "tts": {"agent_output_audio_format": agent},
        "turn": {"turn_timeout": -1},
        "conversation": {"client_events": EVENTS},
        "agent": {"prompt": prompt},
    }
    return convai.add_agent(
        {
            "conversation_config": config,
            "platform_settings": {"overrides": MAY_OVERRIDE, "auth": {"enable_auth": True}},
        }
    )
