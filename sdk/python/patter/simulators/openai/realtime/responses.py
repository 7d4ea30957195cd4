"""What the simulated model says: responses, one at a time in the conversation, as messages of the wire."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from patter.audio.codecs import Converter
from patter.audio.frames import ms_of
from patter.simulators.openai.realtime.answering import Response, message_item, tool_events
from patter.simulators.openai.realtime.channel import Channel
from patter.simulators.openai.realtime.conversation import Conversation, Item
from patter.simulators.openai.realtime.shapes import RealtimeError
from patter.simulators.openai.realtime.sound import made
from patter.simulators.openai.script import Answer, Question

if TYPE_CHECKING:
    from patter.simulators.openai.realtime.door import House, RealtimeDoor

PIECE_BYTES = 1600
INPUT_MS_PER_TOKEN = 100
LATE_SOUND = b"\x90" * PIECE_BYTES
Config = Mapping[str, Any]
StartTask = Callable[[Any], "asyncio.Task[Any]"]


class Responses:
    """Of one session. ``config`` gives its settings as they are now; ``start`` runs a task of it."""

    def __init__(
        self,
        house: House,
        door: RealtimeDoor,
        channel: Channel,
        conversation: Conversation,
        config: Callable[[], Config],
        start: StartTask,
    ) -> None:
        self._house, self._door, self._channel = house, door, channel
        self._conversation, self._config, self._start = conversation, config, start
        self._making: dict[str, tuple[Response, asyncio.Task[None]]] = {}
        self.questions: list[Question] = []

    # -- beginnings and ends ----------------------------------------------------------------------

    async def begin(self, asked: Mapping[str, Any]) -> None:
        """Make one. Raises RealtimeError while another is made in the conversation."""
        in_conversation = asked.get("conversation", "auto") == "auto"
        if in_conversation and any(response.in_conversation for response, _ in self._making.values()):
            raise RealtimeError(
                "conversation_already_has_active_response",
                "Conversation already has an active response in progress. Wait until it is finished.",
            )
        config = self._config()
        body = {
            "id": self._channel.new_id("resp"),
            "object": "realtime.response",
            "status": "in_progress",
            "status_details": None,
            "output": [],
            "conversation_id": "conv_1" if in_conversation else None,
            "output_modalities": asked.get("output_modalities", config["output_modalities"]),
            "metadata": asked.get("metadata"),
            "usage": None,
        }
        instructions = asked.get("instructions", config["instructions"])
        response = Response(body, in_conversation, instructions)
        question = self._question(asked, instructions, config)
        self.questions.append(question)
        task = self._start(self._respond(response, question, reads=asked.get("input") == []))
        self._making[response.id] = (response, task)

    def _question(self, asked: Mapping[str, Any], instructions: str, config: Config) -> Question:
        given = asked.get("input")
        messages = self._conversation.messages() if given is None else list(given)
        told: list[Mapping[str, Any]] = [{"role": "system", "content": instructions}, *messages]
        tools = asked.get("tools", config["tools"])
        return Question(config["model"], told, tools, {"instructions": instructions})

    async def cancel(self, response_id: str | None) -> None:
        """Raises RealtimeError where there is none to cancel."""
        wanted = [
            task
            for response, task in self._making.values()
            if response.id == response_id or (response_id is None and response.in_conversation)
        ]
        if not wanted:
            raise RealtimeError("response_cancel_not_active", "Cancellation failed: no active response found")
        await _end(wanted[0], "client_cancelled")

    async def interrupt(self) -> None:
        """The caller speaks: the conversation's response ends."""
        for response, task in list(self._making.values()):
            if response.in_conversation:
                await _end(task, "turn_detected")

    # -- one response -----------------------------------------------------------------------------

    async def _respond(self, response: Response, question: Question, *, reads: bool) -> None:
        status, details = "completed", None
        try:
            await self._channel.say({"type": "response.created", "response": dict(response.body)})
            limits = [{"name": "tokens", "limit": 40_000, "remaining": 39_000, "reset_seconds": 1.5}]
            await self._channel.say({"type": "rate_limits.updated", "rate_limits": limits})
            answer = _read_aloud(response) if reads else self._answer(question)
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
        tokens = self._conversation.heard_ms // INPUT_MS_PER_TOKEN if response.in_conversation else 0
        await self._channel.say(response.finish(status, details, tokens))

    def _answer(self, question: Question) -> Answer:
        answered = self._house.answer(question)
        return Answer(answered) if isinstance(answered, str) else answered

    # -- its sound --------------------------------------------------------------------------------

    async def _speak(self, response: Response, text: str) -> None:
        say = self._channel.say
        item = Item(message_item(self._channel.new_id("item")))
        response.output.append(item)
        ids = {"response_id": response.id, "output_index": len(response.output) - 1}
        part = {**ids, "item_id": item.id, "content_index": 0}
        await say({"type": "response.output_item.added", **ids, "item": dict(item.body)})
        if response.in_conversation:
            before = self._conversation.add(item)
            told = {"item": dict(item.body), "previous_item_id": before}
            await say({"type": "conversation.item.added", **told})
        begun = {"type": "audio", "transcript": ""}
        await say({"type": "response.content_part.added", **part, "part": begun})
        await self._stream(item, part, text, await self._house.voice.speak(text))
        await self._end_item(response, item, part, "completed")

    async def _stream(self, item: Item, part: Mapping[str, Any], text: str, sound: bytes) -> None:
        """Words and audio, piece by piece, faster than they are played."""
        pieces = [sound[at : at + PIECE_BYTES] for at in range(0, len(sound), PIECE_BYTES)]
        words, converter = text.split(" "), self._converter()
        for at, piece in enumerate(pieces):
            said = words[len(words) * at // len(pieces) : len(words) * (at + 1) // len(pieces)]
            if said:
                delta = " ".join(said) + (" " if at + 1 < len(pieces) else "")
                item.text += delta
                told = {"type": "response.output_audio_transcript.delta", **part, "delta": delta}
                await self._channel.say(told)
            item.audio_ms += ms_of(len(piece))
            await self._sound(part, converter.feed(piece))
            await asyncio.sleep(ms_of(len(piece)) / 1000 / self._door.speed)
        item.text = text

    def _converter(self) -> Converter:
        return made(self._config()["audio"]["output"]["format"]["type"])

    async def _sound(self, part: Mapping[str, Any], payload: bytes) -> None:
        delta = b64encode(payload).decode()
        await self._channel.say({"type": "response.output_audio.delta", **part, "delta": delta})

    async def _end_item(self, response: Response, item: Item, part: Mapping[str, Any], status: str) -> None:
        say = self._channel.say
        content = {"type": "output_audio", "transcript": item.text.strip()}
        item.body |= {"status": status, "content": [content]}
        await say({"type": "response.output_audio.done", **part})
        spoken = {"transcript": content["transcript"]}
        await say({"type": "response.output_audio_transcript.done", **part, **spoken})
        ended = {"type": "audio", **spoken}
        await say({"type": "response.content_part.done", **part, "part": ended})
        ids = {name: part[name] for name in ("response_id", "output_index")}
        await say({"type": "response.output_item.done", **ids, "item": item.body})
        if response.in_conversation:
            at = self._conversation.items.index(item)
            before = self._conversation.items[at - 1].id if at else None
            await say({"type": "conversation.item.done", "item": item.body, "previous_item_id": before})

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
        converter = self._converter()
        for _ in range(self._door.late_deltas):
            await self._sound(part, converter.feed(LATE_SOUND))
        await self._end_item(response, last, part, "incomplete")

    async def _call_tool(self, response: Response, name: str, arguments: str) -> None:
        body = {
            "id": self._channel.new_id("item"),
            "object": "realtime.item",
            "type": "function_call",
            "status": "completed",
            "call_id": self._channel.new_id("call"),
            "name": name,
            "arguments": arguments,
        }
        item = Item(body)
        response.output.append(item)
        if response.in_conversation:
            self._conversation.add(item)
        for event in tool_events(response, len(response.output) - 1, item, self._channel.new_id):
            await self._channel.say(event)


def _read_aloud(response: Response) -> Answer:
    """Without any input there is only what the instructions say: the text is their last paragraph."""
    return Answer(response.instructions.rpartition("\n\n")[2])


async def _end(task: asyncio.Task[None], reason: str) -> None:
    task.cancel(reason)
    with suppress(asyncio.CancelledError):
        await task
