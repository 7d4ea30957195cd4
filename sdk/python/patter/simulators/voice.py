"""Where the caller's voice comes from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from patter.bridge.events import Event, TtsAudio, TtsFailed
from patter.bridge.plan import ProviderSpec
from patter.engines.tts.offline.link import OfflineTts
from patter.simulators.caller import Clip
from patter.simulators.script import Audio, Over, Say, Step
from patter.simulators.sound import from_wav, tone

MS_PER_CHARACTER = 65


class Voice(Protocol):
    """Text in, the whole utterance out: µ-law 8 kHz."""

    async def speak(self, text: str) -> bytes:
        """The sound of a text."""


class ToneVoice:
    """A voice without words: a tone as long as the text would take to say."""

    async def speak(self, text: str) -> bytes:
        return tone(max(200, MS_PER_CHARACTER * len(text)))


class OfflineVoice:
    """The voice that needs no account (``patter.engines.tts.offline``). The same text is spoken once."""

    def __init__(self, voice: str = "en-us") -> None:
        self._tts = OfflineTts(ProviderSpec("offline", voice=voice))
        self._spoken: dict[str, bytes] = {}

    async def speak(self, text: str) -> bytes:
        if text not in self._spoken:
            self._spoken[text] = await self._say(text)
        return self._spoken[text]

    async def _say(self, text: str) -> bytes:
        heard: list[Event] = []
        await self._tts.say("caller", text, heard.append)
        for event in heard:
            if isinstance(event, TtsFailed):
                raise ValueError(f"the caller has no voice: {event.error}")
        return b"".join(event.payload for event in heard if isinstance(event, TtsAudio))


async def prepare(steps: Sequence[Step], voice: Voice) -> list[Clip]:
    """The steps with their sound. Done before the call, so that a slow voice does not distort it."""
    clips = []
    for step in steps:
        match step:
            case Say(text=text) | Over(text=text):
                clips.append(Clip(step, await voice.speak(text)))
            case Audio(source=source):
                clips.append(Clip(step, _recording(source)))
            case _:
                clips.append(Clip(step))
    return clips


def _recording(source: str | bytes) -> bytes:
    if isinstance(source, bytes):
        return source
    data = Path(source).read_bytes()
    return from_wav(data) if data[:4] == b"RIFF" else data
