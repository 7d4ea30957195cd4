"""One conversation with a simulated agent: hears, answers, is interrupted, and insists on the protocol."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from patter.audio.frames import ms_of
from patter.audio.mulaw import from_pcm16, to_pcm16
from patter.audio.resample import Resampler
from patter.simulators.deepgram.hearing import ScriptedRecogniser, Sound, VoiceBegan, Words
from patter.simulators.elevenlabs.convai_brain import Answer, CustomLlm, Script
from patter.simulators.elevenlabs.convai_rules import ConversationError, check_initiation, check_message
from patter.simulators.elevenlabs.sound import pieces_of
from patter.simulators.fault_plan import CutError, Fault, FaultPlan
from patter.simulators.voice import Voice

ENDPOINTING_MS = 300
NO_AUDIO_S = 60.0
PONG_WITHIN_S = 10.0
SENTENCE_ENDS = (".", "!", "?")


@dataclass(slots=True)
class Ways:
    """How the simulated agents behave. ``ping_s`` and the other times are for tests to shorten.

    Args:
        script: what an agent with a model of the vendor's answers.
        utterances: what is understood of each stretch of the caller's voice, in order.
        alignment: audio comes with the times of its characters.
        text_late: an answer's text comes after its audio.
    """

    script: Script
    utterances: list[str] = field(default_factory=list)
    ping_s: float = 2.0
    pong_within_s: float = PONG_WITHIN_S
    no_audio_s: float = NO_AUDIO_S
    llm_timeout_s: float = 20.0
    llm_again_after_s: float | None = None
    alignment: bool = True
    text_late: bool = False
    pace_s: float = 0.0


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
        self._socket, self._agent, self._ways, self._voice = socket, agent, ways, voice
        self._faults, self._key = faults, key
        self._ids = count(1)
        self._event_id = 0
        self._events: set[str] = set()
        self._pings: dict[int, float] = {}
        self._answering: asyncio.Task[None] | None = None
        self._tools: dict[str, asyncio.Future[Mapping[str, Any]]] = {}
        self._speaking_until = 0.0
        self._speaking_from = 0.0
        self._saying = ""
        self._heard_at = 0.0
        self._closing: tuple[int, str] | None = None
        self._over = asyncio.Event()
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

    # -- its course -------------------------------------------------------------------------------

    async def run(self, fault: Fault) -> None:
        tasks = [asyncio.create_task(self._read(fault)), asyncio.create_task(self._watch())]
        over = asyncio.create_task(self._over.wait())
        try:
            await asyncio.wait([*tasks, over], return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._stop_answering()
            for task in (*tasks, over):
                task.cancel()
            await asyncio.gather(*tasks, over, return_exceptions=True)
            code, reason = self._closing or (1000, "")
            with contextlib.suppress(RuntimeError, WebSocketDisconnect):
                await self._socket.close(code, reason)
            self.close_code = self.close_code if self.close_code is not None else code
            self.closed.set()

    async def _read(self, fault: Fault) -> None:
        try:
            first = json.loads(await self._socket.receive_text())
            if not isinstance(first, dict) or first.get("type") != "conversation_initiation_client_data":
                raise ConversationError(1008, "missing_fields", "The first message begins the conversation.")
            while fault.silent:
                await self._socket.receive_text()
            await self._begin(first)
            if fault.garbage:
                await self._socket.send_text('{"type": "audio", oops')
            while True:
                await self._take(*check_message(json.loads(await self._socket.receive_text())))
        except WebSocketDisconnect as gone:
            self.close_code = gone.code
            self._over.set()
        except ConversationError as error:
            await self._fail(error)
        except ValueError:
            await self._fail(ConversationError(1008, "invalid_message", "This is no JSON."))

    async def _begin(self, message: dict[str, Any]) -> None:
        self.initiation = message
        begun = check_initiation(message, self._agent)
        config, self.variables = begun["config"], begun["variables"]
        self._config = config
        self._events = set(config["conversation"]["client_events"])
        caller_format, agent_format = (
            config["asr"]["user_input_audio_format"],
            config["tts"]["agent_output_audio_format"],
        )
        self._hears = _Reader(caller_format)
        self._speaks = _Writer(agent_format)
        self._ears = ScriptedRecogniser(iter([*self._ways.utterances, *["something"] * 100]))
        self._ears.start(self._sound, ENDPOINTING_MS)
        self._heard_at = self._now()
        prompt = config["agent"]["prompt"]
        if prompt["prompt"]:
            self.messages.append({"role": "system", "content": prompt["prompt"]})
        if prompt["llm"] == "custom-llm":
            self.llm = CustomLlm(
                prompt["custom_llm"],
                self._key,
                self.variables,
                self._ways.llm_timeout_s,
                self._ways.llm_again_after_s,
            )
        await self._send(
            "conversation_initiation_metadata",
            "conversation_initiation_metadata_event",
            conversation_id="conv_simulated",
            agent_output_audio_format=agent_format,
            user_input_audio_format=caller_format,
        )
        if config["agent"]["first_message"]:
            self._begin_answer(self._say_script(Answer(config["agent"]["first_message"])))

    async def _watch(self) -> None:
        """Pings, and what has taken too long."""
        turn_timeout_s, limit_s = -1.0, float("inf")
        begun_at = self._now()
        while True:
            await asyncio.sleep(min(self._ways.ping_s, 0.2))
            if not self._events:
                continue
            now = self._now()
            limit_s = float(self._config["conversation"]["max_duration_seconds"])
            turn_timeout_s = float(self._config["turn"]["turn_timeout"])
            if any(now - at > self._ways.pong_within_s for at in self._pings.values()):
                await self._fail(ConversationError(1002, "websocket_disconnect", "No pong."))
            elif now - self._heard_at > self._ways.no_audio_s:
                await self._fail(ConversationError(1002, "transport_receive_timeout"))
            elif now - begun_at > limit_s:
                await self._fail(ConversationError(1000, "max_duration_exceeded"))
            elif not self._pings:
                event_id = next(self._ids)
                self._pings[event_id] = now
                await self._send("ping", "ping_event", event_id=event_id, ping_ms=None)
            idle = now > self._speaking_until and (self._answering is None or self._answering.done())
            if 0 < turn_timeout_s < now - max(self._speaking_until, begun_at) and idle:
                self._speaking_until = now
                self._begin_answer(self._answer(None))

    async def _take(self, kind: str, value: Any) -> None:
        match kind:
            case "audio":
                self._heard_at = self._now()
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
                self.tool_results.append(value)
                if (waiting := self._tools.pop(value["tool_call_id"], None)) and not waiting.done():
                    waiting.set_result(value)
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
                self._later(self._send(kind, name, user_transcript=text, event_id=next(self._ids)))
                if final and ended:
                    self._begin_answer(self._answer(text))
            case _:
                pass

    def _interrupt(self) -> None:
        """The caller speaks: whatever the agent is saying, or is about to say, is void."""
        now = self._now()
        going_on = self._answering is not None and not self._answering.done()
        self._stop_answering()
        if now >= self._speaking_until and not going_on:
            return
        self._later(self._send("interruption", "interruption_event", event_id=self._event_id))
        spoken_ms = max(1.0, (self._speaking_until - self._speaking_from) * 1000)
        share = min(1.0, max(0.0, (now - self._speaking_from) * 1000 / spoken_ms))
        said = self._saying
        heard = said[: int(len(said) * share)].rpartition(" ")[0]
        self._speaking_until = now
        if self.messages and self.messages[-1]["role"] == "assistant":
            self.messages[-1]["content"] = f"{heard}..."
        self._later(
            self._send(
                "agent_response_correction",
                "agent_response_correction_event",
                original_agent_response=said,
                corrected_agent_response=f"{heard}..." if heard else "",
                event_id=self._event_id,
            )
        )

    # -- answering --------------------------------------------------------------------------------

    def _begin_answer(self, work: Any) -> None:
        self._stop_answering()
        self._answering = asyncio.create_task(self._guarded(work))

    def _stop_answering(self) -> None:
        if self._answering is not None:
            self._answering.cancel()

    async def _guarded(self, work: Any) -> None:
        try:
            await work
        except ConversationError as error:
            await self._fail(error)
        except CutError:
            # The real one tears the connection down; a close code nobody planned for comes nearest.
            self._closing = (1011, "")
            self._over.set()

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
                await self._say(_pieces(answer.text), whole=answer.text)
            if answer.tool is None:
                break
            result = await self._call_tool(*answer.tool)
            if result is None:
                break
            answer = self._ways.script(f"tool:{result}")
        if answer.ends:
            await asyncio.sleep(max(0.0, self._speaking_until - self._now()))
            self._closing = (1000, "")
            self._over.set()

    async def _say(self, pieces: AsyncIterator[str], whole: str | None) -> None:
        """Speak as the text comes. A text that is known beforehand is told with its first audio."""
        fault = self._faults.take("answer")
        if fault.code:
            raise ConversationError(fault.status or 1002, fault.code)
        if fault.late_s:
            await asyncio.sleep(fault.late_s)
        if fault.silent:
            await asyncio.Event().wait()
        self._speaking_from = max(self._now(), self._speaking_until)
        self._saying, told, sent = "", False, 0
        self.messages.append({"role": "assistant", "content": ""})
        async for sentence in _sentences(pieces):
            self._saying += sentence
            sound = b"" if fault.empty else await self._voice.speak(sentence.strip())
            if whole is not None and not told and not self._ways.text_late:
                told = True
                await self._send_text(whole)
            for payload, times in pieces_of(sentence.strip(), sound, fault.piece_bytes):
                if fault.cut_after == sent:
                    raise CutError
                if fault.stall_after == sent:
                    await asyncio.Event().wait()
                sent += 1
                await self._send_audio(payload, times)
                await asyncio.sleep(self._ways.pace_s)
        self.messages[-1]["content"] = self._saying.strip()
        if not told and self._saying.strip():
            await self._send_text(self._saying.strip())
        await self._send("agent_response_complete", "agent_response_complete_event", event_id=self._event_id)

    async def _send_text(self, text: str) -> None:
        event_id = self._event_id + 1
        await self._send("agent_response", "agent_response_event", agent_response=text, event_id=event_id)

    async def _send_audio(self, payload: bytes, times: Mapping[str, Any]) -> None:
        self._event_id = next(self._ids)
        now = self._now()
        self._speaking_until = max(self._speaking_until, now) + ms_of(len(payload)) / 1000
        event: dict[str, Any] = {
            "audio_base_64": base64.b64encode(self._speaks.write(payload)).decode(),
            "event_id": self._event_id,
        }
        if self._ways.alignment:
            event["alignment"] = {
                "chars": times["chars"],
                "char_start_times_ms": times["charStartTimesMs"],
                "char_durations_ms": times["charDurationsMs"],
            }
        await self._send("audio", "audio_event", **event)

    async def _call_tool(self, name: str, arguments: dict[str, Any]) -> str | None:
        """Its result; None where the tool is not waited for."""
        call_id = f"call_{next(self._ids)}"
        waiting = self._tools[call_id] = asyncio.get_running_loop().create_future()
        called = {"tool_name": name, "tool_call_id": call_id, "parameters": arguments}
        await self._send("client_tool_call", "client_tool_call", **called, event_id=next(self._ids))
        if name == "end_call":
            return None
        result = await waiting
        return str(result["result"])

    # -- sending ----------------------------------------------------------------------------------

    async def _send(self, kind: str, name: str, **event: Any) -> None:
        """Only what the agent's ``client_events`` name is sent."""
        if kind not in self._events:
            return
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await self._socket.send_text(json.dumps({"type": kind, name: event}))

    async def _fail(self, error: ConversationError) -> None:
        told = {"code": error.code, "error_type": error.kind, "message": str(error), "reason": error.kind}
        with contextlib.suppress(RuntimeError, WebSocketDisconnect):
            await self._socket.send_text(json.dumps({"type": "error", "error_event": told}))
        self._closing = (error.code, error.kind)
        self._over.set()

    def _later(self, work: Any) -> None:
        """In order: the socket's own lock keeps it."""
        task = asyncio.ensure_future(work)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


class _Reader:
    """The caller's format as µ-law 8 kHz."""

    def __init__(self, name: str) -> None:
        self._resampler = None if name == "ulaw_8000" else Resampler(int(name.removeprefix("pcm_")), 8000)

    def read(self, payload: bytes) -> bytes:
        return payload if self._resampler is None else from_pcm16(self._resampler.feed(payload))


class _Writer:
    """µ-law 8 kHz as the agent's format."""

    def __init__(self, name: str) -> None:
        self._resampler = None if name == "ulaw_8000" else Resampler(8000, int(name.removeprefix("pcm_")))

    def write(self, payload: bytes) -> bytes:
        return payload if self._resampler is None else self._resampler.feed(to_pcm16(payload))


async def _pieces(text: str) -> AsyncIterator[str]:
    yield text


async def _sentences(pieces: AsyncIterator[str]) -> AsyncIterator[str]:
    """A text in sentences, as soon as each is whole."""
    waiting = ""
    async for piece in pieces:
        waiting += piece
        while ends := [waiting.find(f"{end} ") for end in SENTENCE_ENDS if f"{end} " in waiting]:
            cut = min(ends) + 2
            yield waiting[:cut]
            waiting = waiting[cut:]
    if waiting.strip():
        yield waiting
