"""How the simulated transcription comes to its words."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable

from patter.audio.frames import FRAME_BYTES, SAMPLE_RATE_HZ, silence
from patter.audio.mulaw import from_pcm16
from patter.audio.resample import resample
from patter.bridge.events import Event, SttFailed, SttHeard, SttOpened
from patter.bridge.plan import ProviderSpec
from patter.engines.stt.offline.link import OfflineStt
from patter.simulators.openai.transcription_rules import Recording

HearFn = Callable[[Recording], Awaitable[str]]


class Scripted:
    """One text after the other, whatever the sound; then how long the sound was."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self.texts = deque(texts)

    async def __call__(self, recording: Recording) -> str:
        return self.texts.popleft() if self.texts else f"{recording.duration_ms} ms of speech"


class OfflineHearing:
    """The recogniser that needs no account, on a closed list of phrases."""

    def __init__(self, phrases: Iterable[str]) -> None:
        self._phrases = list(phrases)

    async def __call__(self, recording: Recording) -> str:
        stt = OfflineStt(ProviderSpec("offline", options={"phrases": self._phrases}))
        news: asyncio.Queue[Event] = asyncio.Queue()
        task = asyncio.create_task(stt.run("hearing", news.put_nowait))
        try:
            return await self._listen(stt, news, recording)
        finally:
            task.cancel()
            await asyncio.wait([task])

    async def _listen(self, stt: OfflineStt, news: asyncio.Queue[Event], recording: Recording) -> str:
        pcm = resample(recording.wav.channel(0), recording.wav.sample_rate_hz, SAMPLE_RATE_HZ)
        sound = silence(300) + from_pcm16(pcm) + silence(1000)
        heard = ""
        while True:
            match await news.get():
                case SttOpened():
                    for at in range(0, len(sound), FRAME_BYTES):
                        stt.send(sound[at : at + FRAME_BYTES])
                        if at % (50 * FRAME_BYTES) == 0:
                            await asyncio.sleep(0.01)  # its inbox holds two seconds
                case SttHeard(_, text, True, end_of_turn):
                    heard = f"{heard} {text}".strip()
                    if end_of_turn:
                        return heard
                case SttFailed():
                    return heard
