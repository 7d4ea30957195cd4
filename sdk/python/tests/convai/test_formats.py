"""A tone that goes in comes out the same, in every format that an agent may have."""

from __future__ import annotations

import numpy as np
import pytest

from patter.audio.mulaw import to_pcm16
from patter.engines.convai.formats import FORMATS, from_phone, to_phone
from patter.simulators.sound import tone

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
