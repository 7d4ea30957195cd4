"""The formats of a session's audio, from and to what the simulator works with: µ-law at 8 kHz. Pure."""

from __future__ import annotations

from patter.audio.codecs import Converter, decoder, encoder
from patter.audio.frames import SAMPLE_RATE_HZ, ms_of
from patter.audio.mulaw import to_pcm16
from patter.audio.wav import PCM, header, read
from patter.simulators.openai.transcription_rules import Recording

CODECS = {"audio/pcmu": ("PCMU", 8000), "audio/pcma": ("PCMA", 8000), "audio/pcm": ("L16", 24_000)}


class Heard:
    """The caller's side of a session: one stream, whatever pieces it comes in. µ-law out."""

    def __init__(self) -> None:
        self._kind = ""
        self._converter: Converter = decoder("PCMU", 8000)

    def feed(self, payload: bytes, kind: str) -> bytes:
        """``kind`` is the format that the session has now."""
        if kind != self._kind:
            codec, rate_hz = CODECS[kind]
            self._kind, self._converter = kind, decoder(codec, rate_hz, "little")
        return self._converter.feed(payload)


def made(kind: str) -> Converter:
    """For the audio of one item: from µ-law to the session's format."""
    return encoder(*CODECS[kind])


def recording_of(sound: bytes) -> Recording:
    """An utterance in the shape that the simulated transcription hears."""
    pcm = to_pcm16(sound)
    wav = read(header(len(pcm), channels=1, encoding=PCM, rate_hz=SAMPLE_RATE_HZ) + pcm)
    return Recording(
        model="",
        wav=wav,
        duration_ms=ms_of(len(sound)),
        language="",
        prompt="",
        keywords=(),
        response_format="json",
        stream=False,
    )
