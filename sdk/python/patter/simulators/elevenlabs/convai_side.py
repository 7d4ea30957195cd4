"""One conversation with a simulated agent: hears, answers, is interrupted, and insists on the protocol."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping
from itertools import chain, count, repeat
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from patter.simulators.deepgram.hearing import ScriptedRecogniser, Sound, VoiceBegan, Words
from patter.simulators.elevenlabs.convai_brain import Answer, CustomLlm
from patter.simulators.elevenlabs.convai_formats import Reader, Writer
from patter.simulators.elevenlabs.convai_rules import ConversationError, check_initiation, check_message
from patter.simulators.elevenlabs.convai_socket import AgentSocket
from patter.simulators.elevenlabs.convai_speech import AgentSpeech
from patter.simulators.elevenlabs.convai_ways import Ways
from patter.simulators.fault_plan import CutError, Fault, FaultPlan
from patter.simulators.voice import Voice

ENDPOINTING_MS = 300
UNSCRIPTED = "something"
"""What is understood where nothing is written down."""


class Conversation:
    """``run`` it until it is over. What happened is kept for whoever asks."""

    def __init__(
        self,
        socket: WebSocket,
        agent: Mapping[str, Any],
        ways: Ways,
        voice: Voice,
        faults: FaultPlan,
        key: str,
    ) -> None:
        self._agent, self._ways, self._faults, self._key = agent, ways, faults, key
        self._socket = AgentSocket(socket)
        self._ids = count(1)
        self._pings: dict[int, float] = {}
        self._answers = count(1)
        self._answering: asyncio.Task[None] | None = None
        self._tools: dict[str, asyncio.Future[Mapping[str, Any]]] = {}
        self._heard_at = 0.0
        self._begun = asyncio.Event()
        self.agent_id = str(agent["agent_id"])
        self.initiation: dict[str, Any] = {}
        self.variables: dict[str, Any] = {}
        self.messages: list[dict[str, Any]] = []
        """The history, as the vendor's model would be given it."""
        self.contexts: list[str] = []
        self.tool_results: list[Mapping[str, Any]] = []
        self.heard = bytearray()
        """The caller's audio, µ-law 8 kHz."""
        self.llm: CustomLlm | None = None
        self.close_code: int | None = None
        self.closed = asyncio.Event()
        self._speech = AgentSpeech(self._socket, ways, voice, self._ids, self.messages)

    # -- its course -------------------------------------------------------------------------------

    async def run(self, fault: Fault) -> None:
        over = asyncio.create_task(self._socket.over.wait())
        reading = asyncio.create_task(self._guarded(self._read(fault)))
        watching = asyncio.create_task(self._guarded(self._watch()))
        try:
            await asyncio.wait([over, reading], return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._stop_answering()
            for task in (over, reading, watching):
                task.cancel()
            await asyncio.gather(over, reading, watching, return_exceptions=True)
            await self._socket.close()
            self.close_code = self.close_code if self.close_code is not None else self._socket.code
            self.closed.set()

    async def _read(self, fault: Fault) -> None:
        first = await self._socket.receive()
        if not isinstance(first, dict) or first.get("type") != "conversation_initiation_client_data":
            raise ConversationError(1008, "missing_fields", "The first message begins the conversation.")
        while fault.silent:
            await self._socket.receive()
        if fault.code:
            raise ConversationError(fault.status or 1008, fault.code)
        await self._begin(first)
        if fault.garbage:
            await self._socket.send_raw('{"type": "audio", oops')
        while True:
            await self._take(*check_message(await self._socket.receive()))

    async def _begin(self, message: dict[str, Any]) -> None:
        self.initiation = message
        begun = check_initiation(message, self._agent)
        config, self.variables = begun["config"], begun["variables"]
        self._config = config
        self._socket.events = frozenset(config["conversation"]["client_events"])
        formats = {
            "agent_output_audio_format": config["tts"]["agent_output_audio_format"],
            "user_input_audio_format": config["asr"]["user_input_audio_format"],
        }
        self._hears = Reader(formats["user_input_audio_format"])
        self._speech.writer = Writer(formats["agent_output_audio_format"])
        known = self._ways.hears(self.variables) if self._ways.hears else self._ways.utterances
        self._ears = ScriptedRecogniser(chain(known, repeat(UNSCRIPTED)))
        self._ears.start(self._sound, ENDPOINTING_MS)
        self._heard_at = _now()
        prompt = config["agent"]["prompt"]
        if prompt["prompt"]:
            self.messages.append({"role": "system", "content": prompt["prompt"]})
        if prompt["llm"] == "custom-llm":
            patience = (self._ways.llm_timeout_s, self._ways.llm_again_after_s)
            self.llm = CustomLlm(prompt["custom_llm"], self._key, self.variables, *patience)
        await self._socket.send(
            "conversation_initiation_metadata",
            "conversation_initiation_metadata_event",
            conversation_id="conv_simulated",
            **{**formats, **self._ways.told_formats},
        )
        self._begun.set()
        if config["agent"]["first_message"]:
            self._begin_answer(self._say_script(Answer(config["agent"]["first_message"])))

    async def _watch(self) -> None:
        """Pings, and what has taken too long. Raises ConversationError."""
        await self._begun.wait()
        turn_timeout_s = float(self._config["turn"]["turn_timeout"])
        limit_s = float(self._config["conversation"]["max_duration_seconds"])
        begun_at = _now()
        while True:
            await asyncio.sleep(min(self._ways.ping_s, 0.2))
            now = _now()
            if any(now - at > self._ways.pong_within_s for at in self._pings.values()):
                raise ConversationError(1002, "websocket_disconnect", "No pong.")
            if now - self._heard_at > self._ways.no_audio_s:
                raise ConversationError(1002, "transport_receive_timeout")
            if now - begun_at > limit_s:
                raise ConversationError(1000, "max_duration_exceeded")
            if not self._pings and self._ways.pings:
                await self._ping(now)
            idle = now > self._speech.until and not self._busy
            if 0 < turn_timeout_s < now - max(self._speech.until, begun_at) and idle:
                self._speech.until = now
                self._begin_answer(self._answer(None))

    async def _ping(self, now: float) -> None:
        """The first of them cannot say yet how long the last one took."""
        event_id = next(self._ids)
        self._pings[event_id] = now
        ping_ms = 40 if event_id > 1 else None
        await self._socket.send("ping", "ping_event", event_id=event_id, ping_ms=ping_ms)

    async def _take(self, kind: str, value: Any) -> None:
        match kind:
            case "audio":
                self._heard_at = _now()
                frame = self._hears.read(value)
                self.heard += frame
                self._ears.feed(frame)
            case "pong":
                if self._pings.pop(value, None) is None:
                    raise ConversationError(1008, "invalid_message", "A pong to no ping.")
            case "text":
                self._interrupt()
                self._begin_answer(self._answer(value))
            case "context":
                self.contexts.append(value)
            case "tool_result":
                self._tool_answered(value)
            case _:
                pass

    # -- hearing ----------------------------------------------------------------------------------

    def _sound(self, sound: Sound) -> None:
        match sound:
            case VoiceBegan():
                self._interrupt()
            case Words(text, final, ended) if text:
                kind = "user_transcript" if final and ended else "tentative_user_transcript"
                event = "user_transcription_event"
                name = event if kind == "user_transcript" else f"tentative_{event}"
                told = {"user_transcript": text, "event_id": next(self._ids)}
                self._socket.later(self._socket.send(kind, name, **told))
                if final and ended:
                    self._begin_answer(self._answer(text))
            case _:
                pass

    def _interrupt(self) -> None:
        """The caller speaks: whatever the agent is saying, or is about to say, is void."""
        going_on = self._busy
        self._stop_answering()
        if _now() < self._speech.until or going_on:
            self._speech.cut()

    # -- answering --------------------------------------------------------------------------------

    @property
    def _busy(self) -> bool:
        return self._answering is not None and not self._answering.done()

    def _begin_answer(self, work: Coroutine[Any, Any, None]) -> None:
        self._stop_answering()
        self._answering = asyncio.create_task(self._guarded(work))

    def _stop_answering(self) -> None:
        if self._answering is not None:
            self._answering.cancel()

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except WebSocketDisconnect as gone:
            self.close_code = gone.code
            self._socket.over.set()
        except ConversationError as error:
            await self._socket.fail(error)
        except CutError:
            # The real one tears the connection down; a close code nobody planned for comes nearest.
            self._socket.end(1011)

    async def _answer(self, said: str | None) -> None:
        """The agent's turn; None: the caller said nothing for too long."""
        if said is not None:
            self.messages.append({"role": "user", "content": said})
        if self.llm is not None:
            tools = [name for name, tool in self._config["agent"]["prompt"]["built_in_tools"].items() if tool]
            await self._say(self.llm.answer(list(self.messages), tools), whole=None)
        else:
            await self._say_script(self._ways.script(said or ""))

    async def _say_script(self, answer: Answer) -> None:
        while True:
            await asyncio.sleep(answer.late_s)
            if answer.text:
                await self._say(_at_once(answer.text), whole=answer.text)
            if answer.tool is None:
                break
            result = await self._call_tool(*answer.tool)
            if result is None:
                break
            answer = self._ways.script(f"tool:{result}")
        if answer.ends:
            await asyncio.sleep(max(0.0, self._speech.until - _now()))
            self._socket.end(1000)

    async def _say(self, pieces: AsyncIterator[str], whole: str | None) -> None:
        number = next(self._answers)
        asked = self._ways.answer_fault
        fault = asked(self.variables, number) if asked is not None else None
        await self._speech.say(pieces, whole, fault or self._faults.take("answer"))

    # -- tools ------------------------------------------------------------------------------------

    async def _call_tool(self, name: str, arguments: dict[str, Any]) -> str | None:
        """Its result; None where the tool is not waited for."""
        call_id = f"call_{next(self._ids)}"
        waiting = self._tools[call_id] = asyncio.get_running_loop().create_future()
        called = {"tool_name": name, "tool_call_id": call_id, "parameters": arguments}
        await self._socket.send("client_tool_call", "client_tool_call", **called, event_id=next(self._ids))
        if name == "end_call":
            return None
        result = await waiting
        return str(result["result"])

    def _tool_answered(self, result: Mapping[str, Any]) -> None:
        self.tool_results.append(result)
        if (waiting := self._tools.pop(result["tool_call_id"], None)) and not waiting.done():
            waiting.set_result(result)


async def _at_once(text: str) -> AsyncIterator[str]:
    yield text


def _now() -> float:
    return asyncio.get_running_loop().time()
