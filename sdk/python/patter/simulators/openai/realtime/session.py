"""One Realtime session of the simulated OpenAI: hears, transcribes, answers and is interrupted."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from starlette.websockets import WebSocket

from patter.audio.frames import ms_of
from patter.simulators.openai.realtime.channel import GONE, Channel
from patter.simulators.openai.realtime.config import merged, usual_session
from patter.simulators.openai.realtime.conversation import Conversation, Item, text_of
from patter.simulators.openai.realtime.ears import Began, ServerEars, Stopped
from patter.simulators.openai.realtime.responses import Responses
from patter.simulators.openai.realtime.session_shapes import check_session
from patter.simulators.openai.realtime.shapes import (
    RealtimeError,
    check_event,
    check_item,
    check_response,
    read_audio,
    read_event,
)
from patter.simulators.openai.realtime.sound import Heard, recording_of

if TYPE_CHECKING:
    from patter.simulators.openai.realtime.door import House, RealtimeDoor


class Session:
    """``received`` holds every message of the client but its audio, ``sent`` every type that was sent."""

    def __init__(
        self, house: House, door: RealtimeDoor, socket: WebSocket, model: str, *, silent: bool
    ) -> None:
        self._house, self._door, self._socket = house, door, socket
        self._channel = Channel(socket, door.moments, silent=silent)
        self._ears, self._heard = ServerEars(), Heard()
        self._conversation = Conversation()
        self._config = usual_session("sess_1", model)
        self._responses = Responses(
            house, door, self._channel, self._conversation, lambda: self._config, self._start
        )
        self._speech_item = ""
        self._tasks: set[asyncio.Task[Any]] = set()
        self.received: list[dict[str, Any]] = []
        self.errors: list[RealtimeError] = []
        self.audio = bytearray()
        """The caller's voice, µ-law 8 kHz, whatever it came in."""
        self.sent = self._channel.sent
        self.questions = self._responses.questions
        self.closed = asyncio.Event()

    # -- the connection -----------------------------------------------------------------------------

    async def run(self, over: asyncio.Event) -> None:
        """Returns when the client has gone, or was made to."""
        reader = asyncio.create_task(self._read())
        ends = [reader, asyncio.create_task(over.wait()), asyncio.create_task(self._lifetime())]
        try:
            waited: list[asyncio.Future[Any]] = [*ends, self._channel.broken]
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            if not reader.done():
                await self._channel.leave()
        finally:
            for task in [*ends, *self._tasks]:
                task.cancel()
            await asyncio.gather(*ends, *self._tasks, return_exceptions=True)
            self.closed.set()
        if reader.done() and not reader.cancelled() and (fault := reader.exception()):
            raise fault  # a fault of the simulator itself must be seen

    async def _lifetime(self) -> None:
        if self._door.session_s is None:
            await asyncio.Event().wait()
        await asyncio.sleep(self._door.session_s or 0)
        hit = "Your session hit the maximum duration of 60 minutes."
        await self._channel.refuse(RealtimeError("session_expired", hit))

    async def _read(self) -> None:
        with suppress(*GONE):
            await self._channel.say({"type": "session.created", "session": self._config})
            while True:
                await self._take(await self._socket.receive_text())

    async def _take(self, text: str) -> None:
        event_id = None
        try:
            event = read_event(text)
            event_id = event.get("event_id")
            check_event(event)
            if event["type"] != "input_audio_buffer.append":
                self.received.append(event)
            await self._act(event)
        except RealtimeError as error:
            error.event_id = event_id
            self.errors.append(error)
            await self._channel.refuse(error)

    def _start(self, work: Any) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # -- what the client asks -------------------------------------------------------------------------

    async def _act(self, event: Mapping[str, Any]) -> None:
        say = self._channel.say
        match event["type"]:
            case "session.update":
                changes = check_session(event["session"], self._config["model"])
                self._config = merged(self._config, changes, has_spoken=self._has_spoken)
                await say({"type": "session.updated", "session": self._config})
            case "input_audio_buffer.append":
                await self._listen(read_audio(event["audio"]))
            case "input_audio_buffer.commit":
                if not self._ears.kept:
                    raise RealtimeError("input_audio_buffer_commit_empty", "The buffer is empty.")
                item_id = self._speech_item or self._channel.new_id("item")
                await self._utterance(self._ears.commit(), item_id)
            case "input_audio_buffer.clear":
                self._ears.clear()
                await say({"type": "input_audio_buffer.cleared"})
            case "response.create":
                await self._responses.begin(check_response(event.get("response") or {}))
            case "response.cancel":
                await self._responses.cancel(event.get("response_id"))
            case _:
                await self._act_on_item(event)

    async def _act_on_item(self, event: Mapping[str, Any]) -> None:
        say = self._channel.say
        match event["type"]:
            case "conversation.item.create":
                body = check_item(event["item"])
                usual = {"id": self._channel.new_id("item"), "object": "realtime.item", "status": "completed"}
                body = {**usual, **body}
                await self._add(Item(body, text_of(body)), event.get("previous_item_id"))
            case "conversation.item.truncate":
                self._conversation.truncate(event["item_id"], event["content_index"], event["audio_end_ms"])
                told = {name: event[name] for name in ("item_id", "content_index", "audio_end_ms")}
                await say({"type": "conversation.item.truncated", **told})
            case "conversation.item.delete":
                self._conversation.items.remove(self._conversation.find(event["item_id"]))
                await say({"type": "conversation.item.deleted", "item_id": event["item_id"]})
            case "conversation.item.retrieve":
                item = self._conversation.find(event["item_id"])
                await say({"type": "conversation.item.retrieved", "item": item.body})

    @property
    def _has_spoken(self) -> bool:
        return any(item.audio_ms for item in self._conversation.items)

    async def _add(self, item: Item, after: str | None = None) -> None:
        before = self._conversation.add(item, after)
        told = {"item": item.body, "previous_item_id": before}
        await self._channel.say({"type": "conversation.item.added", **told})
        await self._channel.say({"type": "conversation.item.done", **told})

    # -- the caller -----------------------------------------------------------------------------------

    async def _listen(self, payload: bytes) -> None:
        sound = self._heard.feed(payload, self._config["audio"]["input"]["format"]["type"])
        self.audio += sound
        detection = self._config["audio"]["input"]["turn_detection"]
        for happened in self._ears.feed(sound, detection):
            if isinstance(happened, Began):
                await self._voice_began(happened, detection)
            else:
                await self._voice_stopped(happened, detection)

    async def _voice_began(self, began: Began, detection: Mapping[str, Any]) -> None:
        self._speech_item = self._channel.new_id("item")
        told = {"audio_start_ms": began.at_ms, "item_id": self._speech_item}
        await self._channel.say({"type": "input_audio_buffer.speech_started", **told})
        if detection["interrupt_response"]:
            await self._responses.interrupt()

    async def _voice_stopped(self, stopped: Stopped, detection: Mapping[str, Any]) -> None:
        item_id, self._speech_item = self._speech_item, ""
        ended = {"audio_end_ms": stopped.at_ms, "item_id": item_id}
        await self._channel.say({"type": "input_audio_buffer.speech_stopped", **ended})
        await self._utterance(stopped, item_id)
        if detection["create_response"]:
            with suppress(RealtimeError):
                await self._responses.begin({})

    async def _utterance(self, stopped: Stopped, item_id: str) -> None:
        before = self._conversation.items[-1].id if self._conversation.items else None
        committed = {"item_id": item_id, "previous_item_id": before}
        await self._channel.say({"type": "input_audio_buffer.committed", **committed})
        duration_ms = ms_of(len(stopped.audio))
        self._conversation.heard_ms += duration_ms
        content = [{"type": "input_audio", "transcript": None}]
        body = {"id": item_id, "object": "realtime.item", "type": "message", "status": "completed"}
        item = Item({**body, "role": "user", "content": content})
        await self._add(item)
        item.text = await self._house.hear(recording_of(stopped.audio))
        if self._config["audio"]["input"]["transcription"]:
            self._start(self._transcribe(item, duration_ms))

    async def _transcribe(self, item: Item, duration_ms: int) -> None:
        kind = "conversation.item.input_audio_transcription"
        told = {"item_id": item.id, "content_index": 0}
        for word in item.text.split():
            await self._channel.say({"type": f"{kind}.delta", **told, "delta": f"{word} "})
        usage = {"type": "duration", "seconds": duration_ms / 1000}
        completed = {"transcript": item.text, "usage": usage}
        await self._channel.say({"type": f"{kind}.completed", **told, **completed})
