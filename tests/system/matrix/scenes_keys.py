"""Keys, in and out."""

from __future__ import annotations

from tests.system.matrix.stage import LISTEN, Stage, Up, press
from tests.system.matrix.voices import GREETING, REPLY

KEYS_OUT = "1w2#"


async def a_key_is_one_turn(stage: Stage) -> None:
    """Telnyx tells of it twice, over the socket and by webhook."""
    call = await stage.up([*press("4"), *LISTEN])
    await call.until_said("[DTMF: 4]", "user")
    await call.until_said(REPLY)
    row = await call.hung_up()
    assert (await call.said("user")).count("[DTMF: 4]") == 1
    assert row["outcome"] in ("human", None)


async def press_for_the_caller(call: Up) -> None:
    """Have the carrier press keys, and the agent say something after them."""
    await call.post("digits", digits=KEYS_OUT)
    pressed = await call.carrier_call.reached("carrier_pressed")
    assert pressed.data["digits"] == KEYS_OUT
    if call.stage.carrier == "twilio":
        await call.carrier_call.reached("stream_started", 2)
    await call.post("say", text="The keys were pressed.")
    await call.until_said("The keys were pressed.")


async def keys_are_pressed_and_the_call_goes_on(stage: Stage) -> None:
    """At Twilio this ends the stream: one call stays one record, and nobody is greeted twice."""
    call = await stage.up()
    await call.until_said(GREETING)
    await press_for_the_caller(call)
    await call.hung_up()
    assert (await call.said()).count(GREETING) == 1
    kinds = await call.kinds()
    assert kinds.count("digits.sent") == 1
    assert ("leg.replaced" in kinds) is (stage.carrier == "twilio")


SCENES = [
    (a_key_is_one_turn, ("greeting", "keys")),
    (keys_are_pressed_and_the_call_goes_on, ("keys out",)),
]
