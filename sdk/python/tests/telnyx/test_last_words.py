"""The carrier says the last words of a call: it is hung up once, whether Telnyx tells of their end or not."""

from __future__ import annotations

import asyncio
import json

import pytest

from patter.carriers.telnyx.commands import dial
from patter.carriers.telnyx.control import TelnyxControl
from patter.carriers.telnyx.rest import TelnyxRest
from patter.carriers.telnyx.voices import spoken_within_s
from patter.carriers.telnyx.webhooks import read_webhook
from patter.errors import CarrierError
from patter.local.last_words import LastWords
from patter.simulators.telnyx import TelnyxSimulator

from .conftest import ADA, API_KEY, CONNECTION, OUR


class Line:
    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.ended: list[str] = []
        self.down = asyncio.Event()

    async def hang_up(self, carrier_call_id: str) -> None:
        self.ended.append(carrier_call_id)
        self.down.set()
        if self.error is not None:
            raise self.error


async def test_telnyx_tells_that_they_were_said_and_tells_it_twice():
    line = Line()
    words = LastWords(line.hang_up)
    words.expect("v3:1", 60)
    await words.said("v3:1")
    await words.said("v3:1")
    await words.close()
    assert line.ended == ["v3:1"]


@pytest.mark.parametrize("error", [None, CarrierError("telnyx", "the call is over", permanent=True)])
async def test_telnyx_never_tells_it(error):
    line = Line(error)
    words = LastWords(line.hang_up)
    words.expect("v3:1", 0.01)
    words.expect("v3:1", 60)
    await asyncio.wait_for(line.down.wait(), 10)
    await words.said("v3:1")
    assert line.ended == ["v3:1"]


async def test_nobody_is_left_on_the_line_when_serving_ends():
    line = Line()
    words = LastWords(line.hang_up)
    words.expect("v3:1", 60)
    words.expect("v3:2", 60)
    await words.close()
    assert line.ended == ["v3:1", "v3:2"]


async def test_the_time_that_is_waited_follows_from_the_text(sim: TelnyxSimulator, rest: TelnyxRest):
    waits: list[float] = []

    async def end_later(within_s: float) -> None:
        waits.append(within_s)

    async def reopen() -> None:
        raise AssertionError("nothing is reopened")

    dialled = await rest.dial(dial(connection_id=CONNECTION, to=ADA, from_=OUR, command_id="d1"))
    leg = sim.calls[dialled.call_control_id]
    await asyncio.wait_for(leg.answered.wait(), 10)
    control = TelnyxControl(
        lambda timeout_s: TelnyxRest(API_KEY, CONNECTION, f"{sim.base_url}/v2", timeout_s=timeout_s),
        call_id="call_1",
        own_number=OUR,
        reopen=reopen,
        end_later=end_later,
    )
    await control.say_and_hang_up(leg.id, "Goodbye.", "en")
    assert leg.of_kind("carrier_said")[0].data["text"] == "Goodbye."
    assert waits == [spoken_within_s("Goodbye.")]
    told = read_webhook(
        json.dumps({"data": {"id": "e", "event_type": "x", "payload": leg.payload()}}).encode()
    )
    assert told.says_goodbye and told.call_id == "call_1", "whatever is told of this leg later is of the call"
    assert 5 < waits[0] < 7 and spoken_within_s("a" * 3000) > 3000 * 0.065
    leg.end("caller_hung_up")
