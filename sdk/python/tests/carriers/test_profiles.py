"""A bad line at both carriers: what the application hears is worse, and nothing is out of order."""

from __future__ import annotations

from base64 import b64decode
from itertools import pairwise

import pytest

from patter.simulators.line import PhoneLine, parse_profile
from patter.simulators.script import HangUp, Say, Wait
from patter.simulators.sound import SILENT_FRAME, is_audible, tone

VOICE = tone(20)


async def heard(line, profile, *steps):
    call = await line.sim.dial_in("+12025550111", "+12025550122", steps, profile=frozenset({profile}))
    await call.ended()
    return [b64decode(event["media"]["payload"]) for event in line.socket.events("media")]


async def test_noise_is_heard_where_nobody_speaks(line):
    frames = await heard(line, "noise", HangUp(at_ms=400))
    assert frames and all(frame != SILENT_FRAME for frame in frames)
    assert not is_audible(b"".join(frames)), "it is no voice"


async def test_the_agents_voice_comes_back(line):
    line.says = lambda stream: [line.media(stream, 200)]
    frames = await heard(line, "echo", HangUp(at_ms=700))
    loud = [index for index, frame in enumerate(frames) if frame != SILENT_FRAME]
    assert loud and 8 <= len(loud) <= 12


async def test_messages_come_in_bunches_and_in_order(line):
    await heard(line, "jitter", Wait(1200), HangUp(at_ms=1200))
    times = [int(event["media"]["timestamp"]) for event in line.socket.events("media")]
    assert {b - a for a, b in pairwise(times[1:])} == {20}
    at = [at for at, text in zip(line.socket.at_ms, line.socket.texts, strict=True) if "payload" in str(text)]
    assert max(b - a for a, b in pairwise(at)) > 35


async def test_packets_are_lost(line):
    frames = await heard(line, "loss", Say("x" * 40, patience_ms=0), HangUp(at_ms=2600))
    voice = [frame for frame in frames]
    first = next(index for index, frame in enumerate(voice) if frame != SILENT_FRAME)
    last = max(index for index, frame in enumerate(voice) if frame != SILENT_FRAME)
    assert SILENT_FRAME in voice[first:last]


def test_about_two_packets_of_a_hundred_are_lost_always_the_same():
    def lost():
        line = PhoneLine(frozenset({"loss"}))
        return [line.carry(VOICE, SILENT_FRAME) == SILENT_FRAME for _ in range(5000)]

    assert 50 <= sum(lost()) <= 200
    assert lost() == lost()


def test_a_profile_that_does_not_exist():
    assert parse_profile("noise, loss") == {"noise", "loss"}
    with pytest.raises(ValueError, match="fog"):
        parse_profile("fog")
