"""What a courier holds of a long call: its frames carry the history, and hold it once."""

from __future__ import annotations

import tracemalloc

from calls.sdk.courier import Courier
from calls.sdk.orders import Send
from calls.tests.sdk.machine import FACTS
from patter.bridge.commands import HandlerAsk
from patter.bridge.records import TurnSettled

TURNS = 400
MOST_BYTES = 3_000_000
"""Every turn in each of four hundred frames, held anew each time, is 20 MB."""


def turn(number: int) -> TurnSettled:
    role = "assistant" if number % 2 else "user"
    return TurnSettled(number, f"t{number}", role, f"Turn {number}", None, 0, 900, False, None)


def test_a_minute_of_frames_of_a_long_call_holds_its_history_once():
    courier = Courier(FACTS, "calls!1")
    courier.start(0.0)
    history: list[dict[str, str]] = []
    tracemalloc.start()
    try:
        for number in range(TURNS):
            if number % 2:
                courier.ask(HandlerAsk(f"t{number}", "go on", [dict(each) for each in history]), 1.0)
            courier.write(turn(number), 1.0)
            history.append({"role": turn(number).role, "text": turn(number).text})
        grown, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert grown < MOST_BYTES
    told = courier.receive(
        {"type": "sdk.bid", "search": 1, "connection": {"id": "a", "channel": "web!a"}, "rank": 1, "load": 0},
        1.1,
    ) + courier.handle_timer(2.0)
    start = next(order.message["frame"] for order in told if isinstance(order, Send))
    assert (start["type"], start["history"]) == ("call_start", history)
