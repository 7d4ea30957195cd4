"""A caller at Telnyx hangs up at any moment, and its three words on that come in any order, or not at all."""

from __future__ import annotations

import json

import pytest

from patter.bridge.events import CarrierEnded, Event, LegLost
from patter.carriers.telnyx.wire import Wire
from patter.testing.scene import Scene
from sdk.python.tests.bridge.test_scene_ends import ten_seconds
from sdk.python.tests.telnyx.test_wire import STREAM, start

ENDINGS = [
    "stop",
    "hangup",
    "stop close",
    "stop hangup",
    "hangup stop",
    "close hangup",
    "hangup close",
    "stop close hangup",
    "stop hangup close",
    "hangup stop close",
]


def words(ending: str) -> list[Event]:
    """``stop`` over the media socket, the closed socket (told only where no stop came), the webhook."""
    wire = Wire()
    wire.decode(start())
    stopped, events = False, []
    for word in ending.split():
        if word == "stop":
            events += wire.decode(json.dumps({"event": "stop", "stream_id": STREAM, "stop": {}}))
            stopped = True
        elif word == "hangup":
            events.append(CarrierEnded("caller_hung_up"))
        elif not stopped:
            events.append(LegLost("code 1006"))
    return events


@pytest.mark.parametrize("ending", ENDINGS)
def test_it_is_one_end_with_one_reason(ending: str) -> None:
    for ms in range(0, 10_000, 100):
        call = Scene(reply_by="model", first_message="Hello, this is Acme.")
        ten_seconds(call, ms)
        ended_before = call.end is not None
        call.feed(*words(ending), *words(ending))
        assert call.end is not None
        assert call.end.reason == ("agent_ended" if ended_before else "caller_hung_up"), ms
        call.check()


def test_a_line_of_which_nobody_says_that_it_is_over_ends_by_its_deadline() -> None:
    call = Scene(reply_by="model", first_message="Hello, this is Acme.")
    ten_seconds(call, 3000)
    call.feed(LegLost("code 1006"))
    assert call.end is None
    call.now += 11
    call.tick()
    assert call.end is not None and call.end.reason == "carrier_error"
