"""A tone that goes in comes out the same, through whole calls: every format of an agent, every codec.

The calls of one codec are carried at once.
"""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from patter.audio.mulaw import to_pcm16
from patter.engines.convai.formats import FORMATS
from patter.engines.convai.wanted_agent import Wanted, wanted_settings
from patter.simulators.script import HangUp, Say
from patter.simulators.sound import is_audible
from patter.simulators.telnyx.faults import Faults

from .convai_line import GREETING, line_of

CODECS = [("twilio", "PCMU"), ("telnyx", "PCMU"), ("telnyx", "PCMA"), ("telnyx", "L16")]


def agent_with(format, vendor):
    """An ElevenLabs agent as calls need it, but for its format both ways."""
    settings = wanted_settings(Wanted("Tones"))
    settings["conversation_config"]["asr"]["user_input_audio_format"] = format
    settings["conversation_config"]["tts"]["agent_output_audio_format"] = format
    return vendor.convai.add_agent(settings)


def pitch_and_level(mulaw):
    """The loudest frequency in Hz and the RMS in dB of full scale, of 0.7 s of what can be heard."""
    frames = [mulaw[at : at + 160] for at in range(0, len(mulaw) - 159, 160)]
    voiced = b"".join([frame for frame in frames if is_audible(frame)][5:40])
    samples = np.frombuffer(to_pcm16(voiced), dtype="<i2").astype(np.float64)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    level = float(20 * np.log10(np.sqrt(np.mean(samples**2)) / 32768))
    return float(np.argmax(spectrum)) * 8000 / len(samples), level


@pytest.mark.parametrize(("carrier", "codec"), CODECS)
async def test_a_tone_in_is_a_tone_out(tmp_path, carrier, codec):
    async with line_of(carrier, "model", tmp_path) as line:
        results = await asyncio.gather(*(one_call(line, codec, *pair) for pair in enumerate(FORMATS)))
    for format, sounds in zip(FORMATS, results, strict=True):
        for side, sound in zip(("agent", "caller"), sounds, strict=True):
            hz, dbfs = pitch_and_level(sound)
            assert abs(hz - 440) < 12 and abs(dbfs + 12) < 1, (format, side, hz, dbfs)


async def one_call(line, codec, at, format):
    """What the callee heard of the agent, and the agent of the callee."""
    callee = f"+1415555{at:04}"
    faults = {"faults": Faults(leg_codec=codec, keeps_codec=True)}
    line.add_phone(callee, telnyx=faults, steps=(Say("a long word or two", patience_ms=20_000), HangUp()))
    agent_id = agent_with(format, line.vendor)
    agent = line.phone.agent(convai_agent_id=agent_id, first_message=GREETING)
    call = await line.outbound(callee, agent=agent)
    await call.ended
    [leg] = [leg for leg in line.simulator.calls.values() if leg.order.to == callee]
    [conversation] = [one for one in line.vendor.convai.conversations if one.agent_id == agent_id]
    return bytes(leg.media.agent), bytes(conversation.heard)
