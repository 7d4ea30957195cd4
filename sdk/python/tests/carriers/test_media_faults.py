"""What goes wrong on a media socket, at both carriers alike: each fault, as the application sees it."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from websockets.asyncio.server import serve

from patter.simulators.carrier.faults import CarrierFaults
from patter.simulators.carrier.network import QUIET_FRAMES, Network
from patter.simulators.script import Digits, HangUp, Listen, Wait
from patter.simulators.sound import SILENT_FRAME, tone

SHORT = HangUp(at_ms=300)
BROKEN = 1005
"""How the application's server calls a connection that broke without a word."""
KEY = (Wait(600), Digits("7", patience_ms=0), HangUp(at_ms=900))


async def test_without_faults_everything_comes_in_order(line):
    call = await line.ring(*KEY)
    assert line.socket.kinds[:3] == ["connected", "start", "media"]
    assert line.socket.kinds[-1] == "stop"
    assert [event["dtmf"]["digit"] for event in line.socket.events("dtmf")] == ["7"]
    assert (line.socket.code, call.cause) == (1000, "caller_hung_up")


async def test_a_start_that_never_comes(line):
    await line.ring(SHORT, no_start=True)
    assert line.socket.kinds == ["connected", "stop"]


async def test_counts_that_begin_anew(line):
    await line.ring(HangUp(at_ms=400), counts_anew_at_ms=200)
    media = [event["media"] for event in line.socket.events("media")]
    chunks = [int(one["chunk"]) for one in media]
    again = chunks.index(1, 1)
    assert chunks == [*range(1, again + 1), *range(1, len(chunks) - again + 1)]
    assert again > 5 and media[again]["timestamp"] == "0"


async def test_a_start_that_comes_late_and_media_with_it(line):
    await line.ring(HangUp(at_ms=600), late_start_ms=250)
    assert line.socket.kinds[:3] == ["connected", "start", "media"]
    connected_at, start_at = line.socket.at_ms[:2]
    assert start_at - connected_at >= 200
    first = line.socket.events("media")[0]
    assert int(first["media"]["timestamp"]) < 40, "the stream's own time begins with it"


@pytest.mark.parametrize(
    ("fault", "frame"),
    [
        ("garbage_text", "\x00{not json"),
        ("binary_frame", b"\x01\x02\x03"),
        ("huge_frame", '{"event":"media","x":"' + "A" * 1_000_000 + '"}'),
    ],
)
async def test_frames_that_mean_nothing(line, fault, frame):
    await line.ring(SHORT, **{fault: True})
    assert line.socket.texts[2] == frame


async def test_media_before_start(line):
    await line.ring(SHORT, media_before_start=True)
    assert [event["event"] for event in line.socket.events()][:3] == ["connected", "media", "start"]


async def test_a_close_without_stop(line):
    await line.ring(SHORT, close_without_stop=True)
    assert (line.socket.events("stop"), line.socket.code) == ([], 1000)


async def test_a_stop_without_close(line):
    line.leaves_on_stop = False
    call = await line.dial(SHORT, stop_without_close=True)
    await call.reached("stream_stopped")
    await asyncio.sleep(0.3)  # that nothing happens can only be seen by waiting
    assert line.socket.events("stop") and not line.socket.over.is_set()
    await line.socket.leave()


async def test_a_socket_that_breaks_at_the_end(line):
    await line.ring(SHORT, close_abnormally=True)
    assert (line.socket.events("stop"), line.socket.code) == ([], BROKEN)


async def test_a_socket_that_breaks_in_the_middle(line):
    call = await line.dial(Listen(), lose_socket_at_ms=100)
    await call.reached("stream_started")
    await asyncio.wait_for(line.socket.over.wait(), 10)
    assert line.socket.code == BROKEN


async def test_a_socket_that_is_half_open(line):
    call = await line.ring(HangUp(at_ms=800), half_open_at_ms=200)
    assert len(line.socket.events("media")) <= 11
    assert (line.socket.events("stop"), line.socket.code, call.cause) == ([], BROKEN, "caller_hung_up")


async def test_a_socket_that_is_half_open_answers_no_ping(line):
    sockets = []

    async def take(socket):
        sockets.append(socket)
        await socket.wait_closed()

    async with serve(take, "127.0.0.1", 0, ping_interval=None, compression=None) as server:
        line.media_url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        call = await line.dial(Listen(), half_open_at_ms=100)
        await call.reached("half_open")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(await sockets[0].ping(), 0.3)
        call.end("caller_hung_up")
        await call.ended()


async def test_a_second_socket(line):
    """At Twilio somebody else's, with the same token; Telnyx itself moves the stream to a new one."""
    call = await line.ring(HangUp(at_ms=600), second_socket_at_ms=150)
    first, second = line.sockets
    if line.carrier == "twilio":
        assert (second.code, first.kinds[-1]) == (1008, "stop")
        assert call.of_kind("second_socket")[0].data["code"] == 1008
    else:
        assert (first.kinds[-1], second.kinds) == ("media", ["connected", "start", "media", "stop"])


async def test_long_frames_and_frames_without_sound(line):
    await line.ring(HangUp(at_ms=500), frame_ms=100, empty_payloads=True)
    sizes = [len(event["media"]["payload"]) for event in line.socket.events("media")]
    assert sizes and set(sizes[0::2]) == {0} and set(sizes[1::2]) == {1068}


async def test_nothing_for_a_while_and_then_everything_at_once(line):
    await line.ring(HangUp(at_ms=900), gap_at_ms=200, gap_ms=400)
    times = [int(event["media"]["timestamp"]) for event in line.socket.events("media")]
    assert {b - a for a, b in pairwise(times[1:])} == {20}, "nothing is missing"
    arrived = [at for at, text in zip(line.socket.at_ms, line.socket.texts, strict=True) if "media" in text]
    assert max(b - a for a, b in pairwise(arrived)) > 300


def test_a_network_that_sends_no_silence():
    network = Network(CarrierFaults(goes_silent_after_voice=True))
    frames = [SILENT_FRAME] * 5 + [tone(20)] * 10 + [SILENT_FRAME] * 50
    sent = [packet for at, frame in enumerate(frames) for packet in network.take(frame, at * 20)]
    assert len(sent) == 5 + 10 + QUIET_FRAMES - 1, "nothing comes once the voice is over"


async def test_a_clock_that_runs_ahead(line):
    await line.ring(HangUp(at_ms=600), clock_drift_ppm=500_000)
    times = [int(event["media"]["timestamp"]) for event in line.socket.events("media")]
    assert {b - a for a, b in pairwise(times[1:])} == {30}


async def test_a_key_that_is_told_twice(line):
    await line.ring(*KEY, repeated_digits=True)
    assert [event["dtmf"]["digit"] for event in line.socket.events("dtmf")] == ["7", "7"]
