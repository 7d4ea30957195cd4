"""One Realtime session of the simulated OpenAI: hears, transcribes, answers and is interrupted."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from patter.audio.frames import ms_of
from patter.simulators.openai.realtime.answering import Response, message_item, tool_events
from patter.simulators.openai.realtime.config import merged, usual_session
from patter.simulators.openai.realtime.conversation import Conversation, Item, text_of
from patter.simulators.openai.realtime.ears import Began, ServerEars, Stopped
from patter.simulators.openai.realtime.moments import Moment
from patter.simulators.openai.realtime.shapes import (
    RealtimeError,
    check_item,
    check_response,
    check_session,
    read_audio,
    read_event,
)
from patter.simulators.openai.realtime.sound import from_wire, recording_of, to_wire
from patter.simulators.openai.script import Answer, Question

if TYPE_CHECKING:
    from patter.simulators.openai.realtime.door import House, RealtimeDoor

PIECE_BYTES = 1600
INPUT_MS_PER_TOKEN = 100
GONE = (WebSocketDisconnect, RuntimeError)


class DroppedError(Exception):
    """The connection is to be torn down."""


class Session:
    """``received`` holds every message of the client but its audio, ``sent`` every type that was sent."""

    def __init__(
        self, house: House, door: RealtimeDoor, socket: WebSocket, model: str, *, silent: bool
    ) -> None:
        self._house, self._door, self._socket = house, door, socket
        self._silent = silent
        self._ears = ServerEars()
        self._conversation = Conversation()
        self._config = usual_session("sess_1", model)
        self._counts: dict[str, int] = {}
        self._speech_item = ""
        self._heard_ms = 0
        self._making: dict[str, tuple[Response, asyncio.Task[None]]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._broken: asyncio.Future[Moment] = asyncio.get_running_loop().create_future()
        self.received: list[dict[str, Any]] = []
        self.sent: list[str] = []
        self.errors: list[RealtimeError] = []
        self.audio = bytearray()
        """The caller's voice as it came, µ-law 8 kHz."""
        self.questions: list[Question] = []
        self.closed = asyncio.Event()

    # -- the connection -----------------------------------------------------------------------------

    async def run(self, over: asyncio.Event) -> None:
        """Returns when the client has gone, or was made to."""
        reader = asyncio.create_task(self._read())
        ends = [reader, asyncio.create_task(over.wait()), asyncio.create_task(self._lifetime())]
        try:
            waited: list[asyncio.Future[Any]] = [*ends, self._broken]
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            await self._leave(reader.done())
        finally:
            for task in [*ends, *self._tasks]:
                task.cancel()
            await asyncio.gather(*ends, *self._tasks, return_exceptions=True)
            self.closed.set()
        if reader.done() and not reader.cancelled() and (fault := reader.exception()):
            raise fault  # a fault of the simulator itself must be seen

    async def _leave(self, client_left: bool) -> None:
        if client_left:
            return
        moment = self._broken.result() if self._broken.done() else Moment("", close=1001)
        with suppress(*GONE):
            if moment.drop:
                # Starlette has no way to do without a closing handshake: an unclean code stands for it.
                await self._socket.close(1011, "")
            else:
                await self._socket.close(moment.close or 1001, moment.reason)

    async def _lifetime(self) -> None:
        if self._door.session_s is None:
            await asyncio.Event().wait()
        await asyncio.sleep(self._door.session_s or 0)
        error = RealtimeError("session_expired", "Your session hit the maximum duration of 60 minutes.")
        await self._say({"type": "error", "error": error.as_json()})

    async def _read(self) -> None:
        with suppress(*GONE):
            await self._say({"type": "session.created", "session": self._config})
            while True:
                await self._take(await self._socket.receive_text())

    async def _take(self, text: str) -> None:
        event_id = None
        try:
            event = read_event(text)
            event_id = event.get("event_id")
            if event["type"] != "input_audio_buffer.append":
                self.received.append(event)
            await self._act(event)
        except RealtimeError as error:
            error.event_id = event_id
            self.errors.append(error)
            await self._say({"type": "error", "error": error.as_json()})

    async def _say(self, event: dict[str, Any]) -> None:
        moment = self._door.moments.take(event["type"]) if self._door.moments else None
        if moment is not None and not await self._happen(moment, event):
            return
        if self._silent or self._broken.done():
            return
        self.sent.append(event["type"])
        event_id = self._new_id("event")
        with suppress(*GONE):
            await self._socket.send_text(json.dumps({**event, "event_id": event_id}))

    async def _happen(self, moment: Moment, event: dict[str, Any]) -> bool:
        """Let it go wrong. Whether the message is sent all the same."""
        if moment.late_s:
            await asyncio.sleep(moment.late_s)
        if (moment.drop or moment.close) and not self._broken.done():
            self._broken.set_result(moment)
        if moment.silent:
            self._silent = True
        if moment.error:
            error = RealtimeError(moment.error, moment.reason or "It was planned to go wrong.")
            await self._say({"type": "error", "error": error.as_json()})
        if moment.code:
            details = {"type": "failed", "error": {"code": moment.code, "message": "It was planned."}}
            event["response"] |= {"status": "failed", "status_details": details}
        return not (moment.lose or moment.drop or moment.close or moment.silent)

    def _new_id(self, kind: str) -> str:
        self._counts[kind] = count = self._counts.get(kind, 0) + 1
        return f"{kind}_{count}"

    def _start(self, work: Any) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # -- what the client asks -------------------------------------------------------------------------

    async def _act(self, event: Mapping[str, Any]) -> None:
        match event["type"]:
            case "session.update":
                changes = check_session(event["session"])
                self._config = merged(self._config, changes, has_spoken=self._has_spoken)
                await self._say({"type": "session.updated", "session": self._config})
            case "input_audio_buffer.append":
                await self._listen(read_audio(event["audio"]))
            case "input_audio_buffer.commit":
                if not self._ears.kept:
                    raise RealtimeError("input_audio_buffer_commit_empty", "The buffer is empty.")
                await self._utterance(self._ears.commit(), self._speech_item or self._new_id("item"))
            case "input_audio_buffer.clear":
                self._ears.clear()
                await self._say({"type": "input_audio_buffer.cleared"})
            case "conversation.item.create":
                body = check_item(event["item"])
                body = {"id": self._new_id("item"), "object": "realtime.item", "status": "completed", **body}
                await self._add(Item(body, text_of(body)), event.get("previous_item_id"))
            case "conversation.item.truncate":
                self._conversation.truncate(event["item_id"], event["audio_end_ms"])
                told = {name: event[name] for name in ("item_id", "content_index", "audio_end_ms")}
                await self._say({"type": "conversation.item.truncated", **told})
            case "conversation.item.delete":
                self._conversation.items.remove(self._conversation.find(event["item_id"]))
                await self._say({"type": "conversation.item.deleted", "item_id": event["item_id"]})
            case "conversation.item.retrieve":
                item = self._conversation.find(event["item_id"])
                await self._say({"type": "conversation.item.retrieved", "item": item.body})
            case "response.create":
                await self._begin(check_response(event.get("response") or {}))
            case "response.cancel":
                await self._cancel(event.get("response_id"))

    @property
    def _has_spoken(self) -> bool:
        return any(item.audio_ms for item in self._conversation.items)

    async def _add(self, item: Item, after: str | None = None) -> None:
        before = self._conversation.add(item, after)
        told = {"item": item.body, "previous_item_id": before}
        await self._say({"type": "conversation.item.added", **told})
        await self._say({"type": "conversation.item.done", **told})

    # -- the caller -----------------------------------------------------------------------------------

    async def _listen(self, payload: bytes) -> None:
        sound = from_wire(payload, self._config["audio"]["input"]["format"]["type"])
        self.audio += sound
        detection = self._config["audio"]["input"]["turn_detection"]
        for happened in self._ears.feed(sound, detection):
            if isinstance(happened, Began):
                await self._voice_began(happened, detection)
            else:
                item_id, self._speech_item = self._speech_item, ""
                ended = {"audio_end_ms": happened.at_ms, "item_id": item_id}
                await self._say({"type": "input_audio_buffer.speech_stopped", **ended})
                await self._utterance(happened, item_id)
                if detection["create_response"]:
                    with suppress(RealtimeError):
                        await self._begin({})

    async def _voice_began(self, began: Began, detection: Mapping[str, Any]) -> None:
        self._speech_item = self._new_id("item")
        told = {"audio_start_ms": began.at_ms, "item_id": self._speech_item}
        await self._say({"type": "input_audio_buffer.speech_started", **told})
        if detection["interrupt_response"]:
            for response, task in list(self._making.values()):
                if response.in_conversation:
                    await self._end_task(task, "turn_detected")

    async def _utterance(self, stopped: Stopped, item_id: str) -> None:
        before = self._conversation.items[-1].id if self._conversation.items else None
        committed = {"item_id": item_id, "previous_item_id": before}
        await self._say({"type": "input_audio_buffer.committed", **committed})
        duration_ms = ms_of(len(stopped.audio))
        self._heard_ms += duration_ms
        content = [{"type": "input_audio", "transcript": None}]
        body = {"id": item_id, "object": "realtime.item", "type": "message", "status": "completed"}
        item = Item({**body, "role": "user", "content": content})
        await self._add(item)
        item.text = await self._house.hear(recording_of(stopped.audio))
        if transcription := self._config["audio"]["input"]["transcription"]:
            self._start(self._transcribe(item, duration_ms, transcription))

    async def _transcribe(self, item: Item, duration_ms: int, transcription: Mapping[str, Any]) -> None:
        kind = "conversation.item.input_audio_transcription"
        told = {"item_id": item.id, "content_index": 0}
        for word in item.text.split():
            await self._say({"type": f"{kind}.delta", **told, "delta": f"{word} "})
        usage = {"type": "duration", "seconds": duration_ms / 1000}
        await self._say({"type": f"{kind}.completed", **told, "transcript": item.text, "usage": usage})

    # -- the model ------------------------------------------------------------------------------------

    async def _begin(self, asked: Mapping[str, Any]) -> None:
        in_conversation = asked.get("conversation", "auto") == "auto"
        if in_conversation and any(response.in_conversation for response, _ in self._making.values()):
            raise RealtimeError(
                "conversation_already_has_active_response",
                "Conversation already has an active response in progress. Wait until it is finished.",
            )
        body = {
            "id": self._new_id("resp"),
            "object": "realtime.response",
            "status": "in_progress",
            "status_details": None,
            "output": [],
            "conversation_id": "conv_1" if in_conversation else None,
            "output_modalities": asked.get("output_modalities", self._config["output_modalities"]),
            "metadata": asked.get("metadata"),
            "usage": None,
        }
        instructions = asked.get("instructions", self._config["instructions"])
        response = Response(body, in_conversation, instructions)
        messages = self._conversation.messages() if asked.get("input") is None else list(asked["input"])
        told: list[dict[str, Any]] = [{"role": "system", "content": instructions}]
        tools = asked.get("tools", self._config["tools"])
        question = Question(self._config["model"], [*told, *messages], tools, {"instructions": instructions})
        self.questions.append(question)
        task = self._start(self._respond(response, question, reads=asked.get("input") == []))
        self._making[response.id] = (response, task)

    async def _cancel(self, response_id: str | None) -> None:
        wanted = [
            task
            for response, task in self._making.values()
            if response.id == response_id or (response_id is None and response.in_conversation)
        ]
        if not wanted:
            raise RealtimeError("response_cancel_not_active", "Cancellation failed: no active response found")
        await self._end_task(wanted[0], "client_cancelled")

    async def _end_task(self, task: asyncio.Task[None], reason: str) -> None:
        task.cancel(reason)
        with suppress(asyncio.CancelledError):
            await task

    async def _respond(self, response: Response, question: Question, *, reads: bool) -> None:
        status, details = "completed", None
        try:
            await self._say({"type": "response.created", "response": dict(response.body)})
            limits = [{"name": "tokens", "limit": 40_000, "remaining": 39_000, "reset_seconds": 1.5}]
            await self._say({"type": "rate_limits.updated", "rate_limits": limits})
            answer = self._read_aloud(response) if reads else self._answer(question)
            if answer.text:
                await self._speak(response, answer.text)
            for use in answer.tools:
                await self._call_tool(response, use.name, use.arguments)
        except asyncio.CancelledError as cancelled:
            reason = str(cancelled.args[0]) if cancelled.args else ""
            if not reason:
                raise  # the session is over
            status, details = "cancelled", {"type": "cancelled", "reason": reason}
            await self._wind_down(response)
        finally:
            self._making.pop(response.id, None)
        tokens = self._heard_ms // INPUT_MS_PER_TOKEN if response.in_conversation else 0
        await self._say(response.finish(status, details, tokens))

    def _answer(self, question: Question) -> Answer:
        answered = self._house.answer(question)
        return Answer(answered) if isinstance(answered, str) else answered

    @staticmethod
    def _read_aloud(response: Response) -> Answer:
        """Without any input there is only what the instructions say: the text is their last paragraph."""
        return Answer(response.instructions.rpartition("\n\n")[2])

    async def _speak(self, response: Response, text: str) -> None:
        item = Item(message_item(self._new_id("item")))
        response.output.append(item)
        ids = {"response_id": response.id, "output_index": len(response.output) - 1}
        part = {**ids, "item_id": item.id, "content_index": 0}
        await self._say({"type": "response.output_item.added", **ids, "item": dict(item.body)})
        if response.in_conversation:
            before = self._conversation.add(item)
            told = {"item": dict(item.body), "previous_item_id": before}
            await self._say({"type": "conversation.item.added", **told})
        begun = {"type": "audio", "transcript": ""}
        await self._say({"type": "response.content_part.added", **part, "part": begun})
        sound = await self._house.voice.speak(text)
        pieces = [sound[at : at + PIECE_BYTES] for at in range(0, len(sound), PIECE_BYTES)]
        words = text.split(" ")
        for at, piece in enumerate(pieces):
            said = words[len(words) * at // len(pieces) : len(words) * (at + 1) // len(pieces)]
            if said:
                delta = " ".join(said) + (" " if at + 1 < len(pieces) else "")
                item.text += delta
                await self._say({"type": "response.output_audio_transcript.delta", **part, "delta": delta})
            item.audio_ms += ms_of(len(piece))
            await self._sound(part, piece)
            await asyncio.sleep(ms_of(len(piece)) / 1000 / self._door.speed)
        item.text = text
        await self._end_item(response, item, part, "completed")

    async def _sound(self, part: Mapping[str, Any], piece: bytes) -> None:
        payload = to_wire(piece, self._config["audio"]["output"]["format"]["type"])
        delta = b64encode(payload).decode()
        await self._say({"type": "response.output_audio.delta", **part, "delta": delta})

    async def _end_item(self, response: Response, item: Item, part: Mapping[str, Any], status: str) -> None:
        content = {"type": "output_audio", "transcript": item.text.strip()}
        item.body |= {"status": status, "content": [content]}
        await self._say({"type": "response.output_audio.done", **part})
        spoken = {"transcript": content["transcript"]}
        await self._say({"type": "response.output_audio_transcript.done", **part, **spoken})
        ended = {"type": "audio", **spoken}
        await self._say({"type": "response.content_part.done", **part, "part": ended})
        ids = {name: part[name] for name in ("response_id", "output_index")}
        await self._say({"type": "response.output_item.done", **ids, "item": item.body})
        if response.in_conversation:
            at = self._conversation.items.index(item)
            before = self._conversation.items[at - 1].id if at else None
            done = {"item": item.body, "previous_item_id": before}
            await self._say({"type": "conversation.item.done", **done})

    async def _wind_down(self, response: Response) -> None:
        """What still comes of a response that was cancelled."""
        last = response.output[-1] if response.output else None
        if last is None or last.body["status"] != "in_progress":
            return
        part = {
            "response_id": response.id,
            "output_index": len(response.output) - 1,
            "item_id": last.id,
            "content_index": 0,
        }
        for _ in range(self._door.late_deltas):
            await self._sound(part, b"\x90" * PIECE_BYTES)
        await self._end_item(response, last, part, "incomplete")

    async def _call_tool(self, response: Response, name: str, arguments: str) -> None:
        body = {
            "id": self._new_id("item"),
            "object": "realtime.item",
            "type": "function_call",
            "status": "completed",
            "call_id": self._new_id("call"),
            "name": name,
            "arguments": arguments,
        }
        item = Item(body)
        response.output.append(item)
        if response.in_conversation:
            self._conversation.add(item)
        for event in tool_events(response, len(response.output) - 1, item, self._new_id):
            await self._say(event)
