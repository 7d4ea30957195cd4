"""A human who is called for nobody any more is let go, also where the carrier fails the first time."""

from __future__ import annotations

import json

import httpx
import pytest

from patter.bridge.commands import TransferStart
from patter.carriers.telnyx.control import TelnyxControl
from patter.carriers.telnyx.rest import TelnyxRest
from patter.carriers.twilio.control import TwilioControl
from patter.carriers.twilio.rest import TwilioRest
from patter.errors import CarrierError

CALLER, HUMAN = "caller-leg", "human-leg"
ORDER = TransferStart("x1", "+15550170000", kind="warm", summary="Ada wants a price.", caller_id="+15550100")


class Carrier(httpx.AsyncBaseTransport):
    """Takes every request, but for the first that is about the human's leg."""

    def __init__(self) -> None:
        self.of_human = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if HUMAN in request.url.path:
            self.of_human += 1
            if self.of_human == 1:
                return httpx.Response(500, text="{}")
        answer = {"sid": HUMAN, "status": "queued", "data": {"call_control_id": HUMAN, "result": "ok"}}
        created = request.url.path.endswith(("/Calls.json", "/calls"))
        return httpx.Response(201 if created else 200, text=json.dumps(answer))


def twilio(carrier: Carrier) -> TwilioControl:
    return TwilioControl(
        lambda _s: TwilioRest("AC1", "token", transport=carrier),
        lambda door, **_: f"https://us.example/{door}",
    )


def telnyx(carrier: Carrier) -> TelnyxControl:
    async def nothing(*_given: object) -> None:
        pass

    return TelnyxControl(
        lambda _s: TelnyxRest("KEY1", "1", transport=carrier),
        call_id="call_1",
        own_number="+15550100",
        reopen=nothing,
        end_later=nothing,
    )


@pytest.mark.parametrize("control", [twilio, telnyx])
async def test_a_hang_up_that_failed_is_asked_for_again_and_one_that_worked_is_not(control):
    carrier = Carrier()
    line = control(carrier)
    await line.start(CALLER, ORDER)
    with pytest.raises(CarrierError):
        await line.stop(CALLER, "x1", recall=False)
    for _ in range(2):
        await line.stop(CALLER, "x1", recall=False)
    assert carrier.of_human == 2
