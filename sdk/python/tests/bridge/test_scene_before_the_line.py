"""What comes before the carrier has opened a line: there is nobody yet to speak to."""

from __future__ import annotations

import pytest

from patter.bridge.commands import TtsSay
from patter.bridge.events import DigitPressed, Event, MarkPlayed, SayAsked, SttHeard
from patter.bridge.plan import TurnTaking
from patter.testing.scene import Scene


@pytest.mark.parametrize(
    "event",
    [MarkPlayed("unknown"), SttHeard("unknown", "", False, False), DigitPressed("1"), SayAsked("Hello?")],
    ids=lambda event: type(event).__name__,
)
def test_nothing_is_said_before_there_is_a_line(event: Event) -> None:
    call = Scene(first_message="Hello.", turn_taking=TurnTaking(idle_prompt_s=3))
    call.feed(event)
    call.pass_ms(4000)
    assert not call.all(TtsSay)
    call.open()
    call.pass_ms(3000)
    assert [say.text for say in call.all(TtsSay)] == ["Hello."]
    call.feed(SayAsked("Goodbye."))
    call.pass_ms(100)
    call.check()
