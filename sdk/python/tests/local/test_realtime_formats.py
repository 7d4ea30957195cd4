"""A tone that goes in comes out the same: what the carrier speaks, with each format of a session."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from patter import LlmConfig
from patter.audio.mulaw import to_pcm16
from patter.engines.realtime.formats import FORMATS
from patter.simulators.script import HangUp, Say, Wait
from patter.simulators.sound import is_audible, tone
from patter.simulators.telnyx.faults import Faults
from patter.simulators.telnyx.world import Phone

from .at_telnyx import phone_of

CODECS = ("PCMU", "PCMA", "L16")
PAIRS = [(codec, name) for codec in CODECS for name in FORMATS]


def pitch_and_level(sound: bytes) -> tuple[float, float]:
    """The loudest frequency in Hz and the RMS in dB of full scale of a sound, µ-law at 8 kHz."""
    samples = np.frombuffer(to_pcm16(sound), dtype="<i2").astype(np.float64)
    middle = samples[len(samples) // 4 : -len(samples) // 4]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(len(middle)), 1 << 16))
    hz = float(np.argmax(spectrum)) * 8000 / (1 << 16)
    return hz, float(20 * np.log10(np.sqrt(np.mean(middle**2)) / 32768))


def is_the_tone(sound: bytes) -> None:
    hz, dbfs = pitch_and_level(sound)
    assert abs(hz - 440) < 3 and abs(dbfs + 12) < 0.7, (hz, dbfs)


def voiced(sound: bytes) -> bytes:
    """Most of a second from within the first stretch that can be heard."""
    frames = [sound[at : at + 160] for at in range(0, len(sound) - 159, 160)]
    return b"".join([frame for frame in frames if is_audible(frame)][5:45])


@pytest.mark.parametrize("name", FORMATS)
def test_a_tone_keeps_its_pitch_and_its_level(name):
    sound = tone(1000, hz=440, dbfs=-12)
    there = FORMATS[name].from_phone() or bytes
    back = FORMATS[name].to_phone() or bytes
    vendor = b"".join(there(sound[at : at + 160]) for at in range(0, len(sound), 160))
    # What comes back is cut anywhere, also through a sample.
    returned = b"".join(back(vendor[at : at + 777]) for at in range(0, len(vendor), 777))
    is_the_tone(returned)
    assert abs(len(returned) - len(sound)) < 40
    assert len(vendor) == len(sound) * (6 if name == "pcm" else 1)


async def test_every_codec_of_a_carrier_meets_every_format_of_a_session(world, telnyx):
    """Nine calls at once, each to a phone network of its own."""
    phone = phone_of(world)
    await world.serve(phone, phone.agent(voice="alloy"))
    numbers = {f"{codec} {name}": f"+1415555{at:04}" for at, (codec, name) in enumerate(PAIRS)}

    async def call(codec, name):
        about = f"{codec} {name}"
        spoken = Faults(leg_codec=codec, keeps_codec=True)
        steps = (Say("a long word or two", patience_ms=20_000), Wait(500), HangUp())
        telnyx.add_phone(Phone(numbers[about], steps=steps, faults=spoken))
        agent = phone.agent(
            system_prompt=about,
            first_message="Hello and welcome to Acme.",
            llm=LlmConfig("openai", options={"audio_format": name}),
        )
        return await phone.call(numbers[about], agent=agent)

    calls = [await call(codec, name) for codec, name in PAIRS]
    legs = {leg.order.to: leg for leg in telnyx.calls.values()}
    async with asyncio.timeout(60):
        await asyncio.gather(*(call.ended for call in calls))
    await phone.disconnect()
    await world.close()
    begun = [session for session in world.model.realtime.sessions if session.received]
    sessions = {session.received[0]["session"]["instructions"]: session for session in begun}
    for (_, name), (about, number) in zip(PAIRS, numbers.items(), strict=True):
        audio = sessions[about].received[0]["session"]["audio"]
        assert audio["input"]["format"] == audio["output"]["format"] == FORMATS[name].wire
        assert sessions[about].errors == []
        is_the_tone(voiced(bytes(sessions[about].audio)))
        is_the_tone(voiced(bytes(legs[number].media.agent)))
