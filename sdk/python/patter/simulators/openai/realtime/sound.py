"""The formats of a session's audio, from and to what the simulator works with: µ-law at 8 kHz. Pure."""

from __future__ import annotations

from patter.audio.frames import SAMPLE_RATE_HZ, ms_of
from patter.audio.mulaw import from_pcm16, to_pcm16
from patter.audio.resample import resample
from patter.audio.wav import PCM, header, read
from patter.simulators.openai.realtime.shapes import RealtimeError
from patter.simulators.openai.transcription_rules import Recording

PCM_HZ = 24_000


def from_wire(payload: bytes, kind: str) -> bytes:
    """Raises RealtimeError for what is not simulated."""
    match kind:
        case "audio/pcmu":
            return payload
        case "audio/pcm":
            return from_pcm16(resample(payload, PCM_HZ, SAMPLE_RATE_HZ))
    raise RealtimeError("invalid_value", f"The simulated session does not hear {kind}.", "audio")


def to_wire(sound: bytes, kind: str) -> bytes:
    return sound if kind == "audio/pcmu" else resample(to_pcm16(sound), SAMPLE_RATE_HZ, PCM_HZ)


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
