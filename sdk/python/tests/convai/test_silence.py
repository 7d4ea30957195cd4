"""Nobody speaks."""

from __future__ import annotations

from patter.bridge.plan import TurnTaking
from patter.engines.convai.wire import UserMessage

from .scene import ConvaiScene


def test_silence_is_asked_and_then_ends_the_call() -> None:
    call = ConvaiScene(first_message="Hello.", turn_taking=TurnTaking(idle_prompt_s=1, idle_prompts=1)).open()
    call.agent_says("Hello.")
    call.pass_ms(3000)
    [message] = call.sent(UserMessage)
    ask = call.wants(message.text)
    assert call.given(ask) == "Are you still there?"
    call.agent_says("Are you still there?")
    call.pass_ms(3600)
    ask = call.wants(call.sent(UserMessage)[-1].text, 2)
    assert call.given(ask) == "Goodbye."
    call.agent_says("Goodbye.")
    call.pass_ms(3000)
    assert [text for _, text in call.turns] == ["Hello.", "Are you still there?", "Goodbye."]
    assert call.end is not None and call.end.reason == "idle"
    call.check()
