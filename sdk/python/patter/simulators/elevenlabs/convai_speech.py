"""What a simulated agent says: its text and audio, how far they were heard, and where they are cut."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping
from itertools import count
from typing import Any

from patter.audio.frames import ms_of
from patter.simulators.elevenlabs.convai_formats import Writer
from patter.simulators.elevenlabs.convai_rules import ConversationError
from patter.simulators.elevenlabs.convai_socket import AgentSocket
from patter.simulators.elevenlabs.convai_ways import Ways
from patter.simulators.elevenlabs.sound import pieces_of
from patter.simulators.fault_plan import CutError, Fault
from patter.simulators.voice import Voice

SENTENCE_ENDS = (".", "!", "?")


class AgentSpeech:
    """One answer at a time. ``messages`` is the conversation's history, which holds what was said."""

    def __init__(
        self,
        socket: AgentSocket,
        ways: Ways,
        voice: Voice,
        ids: count[int],
        messages: list[dict[str, Any]],
    ) -> None:
        self._socket, self._ways, self._voice = socket, ways, voice
        self._ids, self._messages = ids, messages
        self._event_id = 0
        self._from = 0.0
        self._saying = ""
        self.writer: Writer | None = None
        """The agent's format, once the conversation has begun."""
        self.until = 0.0
        """When everything so far has been heard."""

    async def say(self, pieces: AsyncIterator[str], whole: str | None, fault: Fault) -> None:
        """Speak as the text comes. A text that is known beforehand is told with its first audio."""
        await self._begin(fault)
        self._from = max(_now(), self.until)
        self._saying, told, sent = "", False, 0
        self._messages.append({"role": "assistant", "content": ""})
        async for sentence in _sentences(pieces):
            self._saying += sentence
            sound = b"" if fault.empty else await self._voice.speak(sentence.strip())
            if whole is not None and not told and not self._ways.text_late:
                told = True
                await self._send_text(whole)
            for payload, times in pieces_of(sentence.strip(), sound, fault.piece_bytes):
                await _break_off(fault, sent)
                sent += 1
                await self._send_audio(payload, times)
                await asyncio.sleep(self._ways.pace_s)
        self._messages[-1]["content"] = self._saying.strip()
        if not told and self._saying.strip():
            await self._send_text(self._saying.strip())
        await self._socket.send(
            "agent_response_complete", "agent_response_complete_event", event_id=self._event_id
        )

    async def _begin(self, fault: Fault) -> None:
        if fault.code:
            raise ConversationError(fault.status or 1002, fault.code)
        if fault.late_s:
            await asyncio.sleep(fault.late_s)
        if fault.silent:
            await asyncio.Event().wait()
        if fault.garbage:
            await self._socket.send_raw('{"type": "audio", oops')
            await self._socket.send_raw('{"type": "audio", "audio_event": {"audio_base_64": "%"}}')

    async def _send_text(self, text: str) -> None:
        event_id = self._event_id + 1
        await self._socket.send(
            "agent_response", "agent_response_event", agent_response=text, event_id=event_id
        )

    async def _send_audio(self, payload: bytes, times: Mapping[str, Any]) -> None:
        assert self.writer is not None
        self._event_id = next(self._ids)
        self.until = max(self.until, _now()) + ms_of(len(payload)) / 1000
        event: dict[str, Any] = {
            "audio_base_64": base64.b64encode(self.writer.write(payload)).decode(),
            "event_id": self._event_id,
        }
        if self._ways.alignment:
            event["alignment"] = {
                "chars": times["chars"],
                "char_start_times_ms": times["charStartTimesMs"],
                "char_durations_ms": times["charDurationsMs"],
            }
        await self._socket.send("audio", "audio_event", **event)

    def cut(self) -> None:
        """The caller speaks over it: the client is told, and how much the vendor believes was heard."""
        event_id, said = self._event_id, self._saying
        self._socket.later(self._socket.send("interruption", "interruption_event", event_id=event_id))
        heard = self._heard()
        self.until = _now()
        if self._messages and self._messages[-1]["role"] == "assistant":
            self._messages[-1]["content"] = f"{heard}..."
        corrected = {"corrected_agent_response": f"{heard}..." if heard else "", "event_id": event_id}
        self._socket.later(
            self._socket.send(
                "agent_response_correction",
                "agent_response_correction_event",
                original_agent_response=said,
                **corrected,
            )
        )

    def _heard(self) -> str:
        spoken_ms = max(1.0, (self.until - self._from) * 1000)
        share = min(1.0, max(0.0, (_now() - self._from) * 1000 / spoken_ms))
        return self._saying[: int(len(self._saying) * share)].rpartition(" ")[0]


async def _break_off(fault: Fault, sent: int) -> None:
    if fault.cut_after == sent:
        raise CutError
    if fault.stall_after == sent:
        await asyncio.Event().wait()


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


def _now() -> float:
    return asyncio.get_running_loop().time()
