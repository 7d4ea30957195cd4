"""A call of 65 minutes with long silences, on the test's own clock."""

from patter.bridge.commands import HandlerAsk
from patter.bridge.plan import TurnTaking
from patter.testing.scene import Scene

TEN_MINUTES_MS = 600_000


def test_a_call_of_65_minutes_with_long_silences_is_the_same_call() -> None:
    values = TurnTaking(idle_prompt_s=3000, max_duration_s=66 * 60)
    call = Scene(record=False, turn_taking=values).open()
    for turn in range(6):
        call.pass_ms(TEN_MINUTES_MS)
        call.says(f"are you there {turn}")
        call.handler_says(f"Yes, number {turn}.")
        call.pass_ms(3000)
    call.pass_ms(4 * 60_000)
    assert call.end is None
    assert len(call.all(HandlerAsk)) == 6
    history = call.last(HandlerAsk).history
    assert [row["text"] for row in history if row["role"] == "assistant"] == [
        f"Yes, number {turn}." for turn in range(5)
    ]
    call.pass_ms(3 * 60_000)
    assert call.end is not None and call.end.reason == "max_duration"
    call.check()
