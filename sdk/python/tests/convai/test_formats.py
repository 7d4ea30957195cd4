"""A tone that goes in comes out the same, in every format that an agent may have."""

from __future__ import annotations

import numpy as np
import pytest

from patter.audio.mulaw import to_pcm16
from patter.engines.convai.formats import FORMATS, from_phone, to_phone
from patter.simulators.script import HangUp, Say
from patter.simulators.sound import is_audible, tone

from .home import ADA, OUR, agent_of

RATES = {name: 8000 if name == "ulaw_8000" else int(name.removeprefix("pcm_")) for name in FORMATS}


def pitch_and_level(pcm: bytes, rate: int) -> tuple[float, float]:
    """The loudest frequency in Hz, and the RMS in dB of full scale, of the middle of a sound."""
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float64)
    middle = samples[len(samples) // 4 : -len(samples) // 4]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle))))
    hz = float(np.argmax(spectrum)) * rate / len(middle)
    return hz, float(20 * np.log10(np.sqrt(np.mean(middle**2)) / 32768))


def heard(sound: bytes, name: str) -> tuple[float, float]:
    return pitch_and_level(to_pcm16(sound) if name == "ulaw_8000" else sound, RATES[name])


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("size", [160, 147], ids=["frames", "odd pieces"])
def test_a_tone_keeps_its_pitch_and_its_level(name, size):
    sound = tone(1000, hz=440, dbfs=-12)
    there, back = from_phone(name), to_phone(name)
    pieces = [there(sound[at : at + size]) for at in range(0, len(sound), size)]
    vendor = b"".join(pieces)
    hz, dbfs = heard(vendor, name)
    assert abs(hz - 440) < 3 and abs(dbfs + 12) < 0.5
    # What comes back is cut anywhere, also through a sample.
    returned = b"".join(back(vendor[at : at + 777]) for at in range(0, len(vendor), 777))
    hz, dbfs = pitch_and_level(to_pcm16(returned), 8000)
    assert abs(hz - 440) < 3 and abs(dbfs + 12) < 0.5
    assert abs(len(returned) - len(sound)) < 160


def test_another_format_is_refused():
    with pytest.raises(ValueError, match="opus"):
        from_phone("opus_48000")


PAIRS = [("pcm_16000", "pcm_16000"), ("ulaw_8000", "pcm_24000"), ("pcm_48000", "ulaw_8000")]


@pytest.mark.parametrize(("caller", "agent"), PAIRS)
async def test_formats_are_taken_from_the_metadata_of_the_call(sim, home, caller, agent):
    """The voice that the caller hears, and the one that the agent hears, are the ones that were sent."""
    home.options = {"agent_id": agent_of(home, "model", caller=caller, agent=agent)}
    home.plan = {"reply_by": "model", "first_message": "Hello and welcome to Acme."}
    home.vendor.convai.ways.utterances = ["hm"]
    carried = await sim.dial_in(OUR, ADA, [Say("a long word or two"), HangUp()])
    await carried.ended()
    [conversation] = home.vendor.convai.conversations
    for sound in (bytes(carried.media.agent), bytes(conversation.heard)):
        hz, dbfs = pitch_and_level(to_pcm16(_voiced(sound)), 8000)
        assert abs(hz - 440) < 12 and abs(dbfs + 12) < 1


def _voiced(sound: bytes) -> bytes:
    """Seven tenths of a second from within the first stretch that can be heard."""
    frames = [sound[at : at + 160] for at in range(0, len(sound) - 159, 160)]
    return b"".join([frame for frame in frames if is_audible(frame)][5:40])
