"""How a conversation begins, goes on where it broke, and ends. On the test's own clock."""

from __future__ import annotations

from patter.bridge.commands import SpeechOpen, TtsSay
from patter.bridge.events import (
    CarrierEnded,
    HangUpAsked,
    LegLost,
    LegStopped,
    SpeechClosed,
    SpeechFailed,
    SpeechMessage,
    SpeechOpened,
    TtsFailed,
)
from patter.bridge.plan import TurnTaking
from patter.engines.convai.wire import (
    CallerChunk,
    CallerText,
    Initiation,
    Metadata,
    Ping,
    Pong,
    UserMessage,
)
from patter.testing.scene import VOICE

from .scene import LONG, ConvaiScene, greeted


def test_audio_before_the_conversation_is_kept_for_two_seconds_and_comes_first() -> None:
    call = ConvaiScene(begins=False).open()
    call.pass_ms(3000)
    call.feed(SpeechOpened(call.speech_id))
    assert call.sent(CallerChunk) == []
    call.gets(Metadata("conv_1", "ulaw_8000", "ulaw_8000"))
    assert sum(len(chunk.payload) for chunk in call.sent(CallerChunk)) == 2000 * 8
    call.pass_ms(20, VOICE)
    assert call.sent(CallerChunk)[-1].payload == VOICE


def test_a_ping_is_answered_at_once() -> None:
    call = greeted()
    call.gets(Ping(7))
    assert call.sent(Pong) == [Pong(7)]


def test_a_conversation_is_told_what_the_call_is() -> None:
    call = ConvaiScene(
        first_message="Hi.",
        system_prompt="Be kind.",
        reply_by="model",
        caller="+1555",
        custom_params={"vip": "1"},
    ).open()
    [message] = call.sent(Initiation)
    assert message.overrides == {"agent": {"prompt": {"prompt": "Be kind."}, "first_message": "Hi."}}
    assert message.variables["vip"] == "1" and message.variables["patter_caller"] == "+1555"


def test_an_agent_that_is_told_nothing_keeps_its_own_prompt_and_greeting() -> None:
    call = ConvaiScene(reply_by="model").open()
    [message] = call.sent(Initiation)
    assert message.overrides == {}


def test_a_greeting_that_is_to_wait_waits() -> None:
    call = ConvaiScene(first_message="Hi.", turn_taking=TurnTaking(first_message_delay_ms=500)).open()
    call.pass_ms(480)
    assert call.sent(Initiation) == []
    call.pass_ms(40)
    assert len(call.sent(Initiation)) == 1


def test_a_caller_who_is_to_speak_first_and_does_not_is_greeted() -> None:
    call = ConvaiScene(
        first_message="Hi.", first_speaker="caller", turn_taking=TurnTaking(idle_prompt_s=2)
    ).open()
    assert call.sent(Initiation)[0].overrides == {"agent": {"first_message": ""}}
    call.pass_ms(2100)
    assert call.given(call.wants(call.sent(UserMessage)[0].text)) == "Hi."


def test_a_line_that_is_lost_is_opened_again_and_told_what_was_said() -> None:
    call = greeted(reply_by="model")
    call.feed(SpeechFailed(call.speech_id, "lost"))
    call.pass_ms(600)
    assert [opened.speech_id for opened in call.all(SpeechOpen)] == ["speech1", "speech2"]
    assert call.sent(Initiation)[-1].overrides == {"agent": {"first_message": ""}}
    call.feed(SpeechMessage("speech1", CallerText("from the dead", final=True)))
    assert ("user", "from the dead") not in call.turns


def test_a_format_that_is_not_known_is_refused() -> None:
    call = ConvaiScene(format="opus_48000", speaks=False).open()
    call.feed(*(TtsFailed(say.say_id, "none", permanent=True) for say in call.all(TtsSay)))
    call.pass_ms(3000)
    assert call.end is not None and call.end.reason == "provider_error"


def test_hang_ups_from_every_side_end_a_call_once() -> None:
    for event, reason in [
        (LegStopped(), "caller_hung_up"),
        (CarrierEnded("caller_hung_up"), "caller_hung_up"),
        (HangUpAsked("api_hung_up"), "api_hung_up"),
    ]:
        call = greeted()
        call.wants("tell me")
        call.handler_says(LONG)
        call.agent_says(LONG)
        call.pass_ms(1000)
        closed = SpeechClosed(call.speech_id, 1000)
        call.feed(event, LegStopped(), LegLost(), closed, CarrierEnded(), HangUpAsked("balance"))
        assert call.end is not None and call.end.reason == reason
        assert call.turns[-1][1].startswith("First we open")
        call.check()


def test_the_longest_duration_ends_with_a_goodbye() -> None:
    call = greeted(turn_taking=TurnTaking(max_duration_s=5))
    call.pass_ms(3600)
    assert call.given(call.wants(call.sent(UserMessage)[-1].text)) == "Goodbye."
    call.agent_says("Goodbye.")
    call.pass_ms(2500)
    assert call.end is not None and call.end.reason == "max_duration"
