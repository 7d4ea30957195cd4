"""How long a convai call waits for its vendor, and what the vendor must not wait for."""

from __future__ import annotations

import pytest

from patter.bridge.commands import SpeechOpen
from patter.bridge.events import SpeechOpened
from patter.bridge.plan import ToolTraits, TurnTaking
from patter.engines.convai.wire import CallerChunk, Ping, ToolCall, ToolResult

from .scene import ConvaiScene, greeted

PATIENT = TurnTaking(idle_prompt_s=120)


@pytest.mark.parametrize("opened", [False, True])
def test_a_conversation_that_does_not_begin_is_given_up_after_6_s(opened: bool) -> None:
    call = ConvaiScene(begins=False).open()
    if opened:
        call.feed(SpeechOpened(call.speech_id))
    call.pass_ms(5900)
    assert len(call.all(SpeechOpen)) == 1
    call.pass_ms(600)
    assert len(call.all(SpeechOpen)) == 2 and "speech.ended" in call.kinds


def test_a_line_on_which_nothing_comes_is_left_after_25_s_and_a_ping_keeps_it() -> None:
    call = greeted(reply_by="model", turn_taking=PATIENT)
    call.pass_ms(20_000)
    call.gets(Ping(7))
    call.pass_ms(24_900)
    assert len(call.all(SpeechOpen)) == 1
    call.pass_ms(600)
    assert len(call.all(SpeechOpen)) == 2


def test_a_vendor_that_gets_no_audio_gets_silence_each_10_s_long_before_its_minute_is_over() -> None:
    call = greeted(reply_by="model", turn_taking=PATIENT)
    given = len(call.sent(CallerChunk))
    for _ in range(240):  # 12 s without a frame of the carrier
        call.now += 0.05
        call.tick()
    [silence] = call.sent(CallerChunk)[given:]
    assert set(silence.payload) == {0xFF}


def test_a_tool_is_pending_before_the_vendor_s_agent_gives_it_up() -> None:
    call = greeted(reply_by="model", tool_traits={"check": ToolTraits(wait_s=60)}, turn_taking=PATIENT)
    call.gets(ToolCall("c1", "check", {}))
    call.pass_ms(14_900)
    assert not call.sent(ToolResult)
    call.pass_ms(200)
    assert call.sent(ToolResult) == [ToolResult("c1", '{"status": "pending"}', is_error=False)]
