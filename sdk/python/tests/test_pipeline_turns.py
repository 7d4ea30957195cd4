"""Turns in pipeline mode: who speaks, who is cut, what history holds. On the test's own clock."""

from __future__ import annotations

from patter.bridge.commands import (
    Clear,
    HandlerAsk,
    HandlerStop,
    HangUp,
    LlmAsk,
    SttAudio,
    SttOpen,
    ToolRun,
    TtsSay,
)
from patter.bridge.events import (
    CarrierEnded,
    DigitPressed,
    HandlerDone,
    HandlerFailed,
    HangUpAsked,
    LegLost,
    LegOpened,
    LegStopped,
    SttFailed,
    ToolDone,
    TtsFailed,
)
from patter.bridge.plan import TurnTaking
from patter.bridge.records import TurnSettled
from patter.testing.scene import VOICE, Scene


def test_the_first_message_is_spoken_and_enters_history_when_heard() -> None:
    call = Scene(first_message="Hello, this is Acme.").open()
    assert call.last(TtsSay).text == "Hello, this is Acme."
    assert call.turns == []
    call.pass_ms(1100)
    assert call.turns == [("assistant", "Hello, this is Acme.")]


def test_an_answer_goes_through_the_handler_with_history() -> None:
    call = Scene(first_message="Hi.").open()
    call.pass_ms(500)
    call.says("what are your hours")
    ask = call.last(HandlerAsk)
    assert ask.text == "what are your hours"
    assert list(ask.history) == [
        {"role": "assistant", "text": "Hi."},
        {"role": "user", "text": "what are your hours"},
    ]
    call.handler_says("Nine to five.")
    call.pass_ms(1000)
    assert call.turns[-2:] == [("user", "what are your hours"), ("assistant", "Nine to five.")]


def test_a_turn_ends_after_silence_when_the_recogniser_never_says_so() -> None:
    call = Scene().open()
    call.pass_ms(600, VOICE)
    call.pass_ms(300)
    call.hears("a table for two", end_of_turn=False)
    assert not call.all(HandlerAsk)
    call.pass_ms(700)
    assert call.last(HandlerAsk).text == "a table for two"


def test_words_before_anything_was_heard_merge_into_one_turn() -> None:
    call = Scene().open()
    call.says("I want a table")
    first = call.last(HandlerAsk)
    call.says("for four people")
    second = call.last(HandlerAsk)
    assert call.all(HandlerStop) == [HandlerStop(first.turn_id, "")]
    assert second.text == "I want a table for four people"
    assert second.turn_id != first.turn_id
    assert [turn["role"] for turn in second.history] == ["user"]


def test_barge_in_clears_at_once_and_history_holds_what_was_heard() -> None:
    call = Scene().open()
    call.says("tell me everything")
    call.handler_says("First we open at nine, then we serve lunch, and at night we dance until two.")
    call.pass_ms(1500)
    call.pass_ms(300, VOICE)
    assert call.all(Clear), "voice over the reply empties the carrier's buffer"
    call.hears("stop please", final=False, end_of_turn=False)
    role, text = call.turns[-1]
    assert role == "assistant"
    assert text.startswith("First we open at nine")
    assert "dance" not in text
    assert call.last(HandlerStop).heard == text


def test_a_cough_pauses_and_the_reply_resumes() -> None:
    call = Scene().open()
    call.says("tell me everything")
    call.handler_says("We open at nine in the morning and close at ten in the evening.")
    call.pass_ms(1200)
    call.pass_ms(260, VOICE)
    call.pass_ms(1600)
    assert "barge_in.suspected" in call.kinds
    assert "barge_in.denied" in call.kinds
    call.pass_ms(4000)
    assert call.turns[-1] == (
        "assistant",
        "We open at nine in the morning and close at ten in the evening.",
    )


def test_mhm_does_not_stop_the_agent() -> None:
    call = Scene().open()
    call.says("tell me everything")
    call.handler_says("We open at nine in the morning and close at ten in the evening.")
    call.pass_ms(1200)
    call.pass_ms(200, VOICE)
    call.hears("mhm")
    call.pass_ms(6000)
    assert call.turns[-1][1].endswith("in the evening.")
    assert len(call.all(HandlerAsk)) == 1


def test_a_key_is_a_turn_of_its_own_and_stops_the_reply() -> None:
    call = Scene().open()
    call.says("hello")
    call.handler_says("Press one for sales, or two for support, or stay on the line.")
    call.pass_ms(1000)
    call.feed(DigitPressed("1"))
    assert call.all(Clear)
    assert call.last(HandlerAsk).text == "[DTMF: 1]"
    assert call.last(HandlerAsk).history[-1] == {"role": "user", "text": "[DTMF: 1]"}


def test_end_call_hangs_up_only_after_the_goodbye_was_heard() -> None:
    call = Scene(reply_by="model").open(age_ms=2500)
    call.says("thanks bye")
    call.model_says("Thank you for calling, goodbye.", tool="end_call")
    assert not call.all(HangUp)
    call.pass_ms(1000, VOICE)  # speaking over the goodbye does not cut it
    assert not call.all(HangUp)
    call.pass_ms(1000)
    assert call.end is not None
    assert call.end.reason == "agent_ended"
    assert call.turns[-1] == ("assistant", "Thank you for calling, goodbye.")


def test_a_carrier_that_never_echoes_marks_still_ends_the_call() -> None:
    call = Scene(reply_by="model", echoes_marks=False).open(age_ms=2500)
    call.says("bye")
    call.model_says("Goodbye.", tool="end_call")
    call.pass_ms(3500)
    assert call.end is not None
    assert call.end.reason == "agent_ended"


def test_a_model_that_calls_a_tool_is_asked_again_with_its_result() -> None:
    call = Scene(reply_by="model", system_prompt="Be kind.").open()
    call.says("is it there")
    call.model_says("Let me look.", tool="check")
    run = call.last(ToolRun)
    call.feed(ToolDone(run.run_id, {"stock": 3}))
    ask = call.last(LlmAsk)
    assert [m["role"] for m in ask.messages] == ["system", "user", "assistant", "tool"]
    call.model_says("Three are left.")
    call.pass_ms(3000)
    assert call.turns[-1] == ("assistant", "Let me look. Three are left.")


def test_none_from_a_handler_is_silence_then_an_idle_prompt() -> None:
    call = Scene(turn_taking=TurnTaking(idle_prompt_s=2, idle_prompts=1)).open()
    call.says("hm well")
    call.feed(HandlerDone(call.last(HandlerAsk).turn_id))
    call.pass_ms(1500)
    assert not call.all(TtsSay)
    call.pass_ms(1000)
    assert call.last(TtsSay).text == "Are you still there?"
    call.pass_ms(6000)
    assert call.end is not None
    assert call.end.reason == "idle"


def test_three_failures_running_end_the_call_with_an_apology() -> None:
    call = Scene().open()
    for text in ("one two", "three four", "five six"):
        call.says(text)
        call.feed(HandlerFailed(call.last(HandlerAsk).turn_id, "handler_error", "boom"))
        call.pass_ms(4000)
    assert "Sorry, something went wrong" in call.all(TtsSay)[-3].text + call.all(TtsSay)[-2].text
    call.pass_ms(5000)
    assert call.end is not None
    assert call.end.reason == "handler_lost"


def test_a_handler_that_never_answers_is_given_up() -> None:
    call = Scene(turn_taking=TurnTaking(handler_timeout_s=3)).open()
    call.says("hello there")
    call.pass_ms(3100)
    assert [say.text for say in call.all(TtsSay)] == [
        "One moment, please.",
        "Sorry, I did not get that.",
        "Could you say it again?",
    ]
    assert call.all(HandlerStop)


def test_a_recogniser_that_dies_is_opened_again_and_gets_the_kept_audio() -> None:
    call = Scene().open()
    call.pass_ms(400, VOICE)
    call.feed(SttFailed(call.stt_id, "socket closed"))
    call.pass_ms(400, VOICE)
    assert [opened.stt_id for opened in call.all(SttOpen)] == ["stt1", "stt2"]
    assert sum(len(sent.payload) for sent in call.all(SttAudio) if sent.stt_id == "stt2") >= 400 * 8


def test_a_dead_recogniser_ends_the_call_with_a_typed_reason() -> None:
    call = Scene().open()
    call.feed(SttFailed(call.stt_id, "401", permanent=True))
    call.pass_ms(6000)
    assert call.end is not None
    assert call.end.reason == "provider_error"


def test_a_dead_voice_ends_the_call_with_a_typed_reason() -> None:
    call = Scene(speaks=False, first_message="Hello.").open()
    for _ in range(6):
        if call.end is None:
            for said in call.all(TtsSay)[-2:]:
                call.feed(TtsFailed(said.say_id, "401", permanent=True))
            call.says("are you there")
            asks = call.all(HandlerAsk)
            if asks and call.end is None:
                call.handler_says("Yes.")
    call.pass_ms(3000)
    assert call.end is not None
    assert call.end.reason == "provider_error"


def test_hang_ups_from_every_side_end_a_call_once() -> None:
    for event, reason in [
        (LegStopped(), "caller_hung_up"),
        (CarrierEnded("caller_hung_up"), "caller_hung_up"),
        (HangUpAsked("api_hung_up"), "api_hung_up"),
    ]:
        call = Scene(first_message="Hello and welcome to the show.").open()
        call.pass_ms(700)
        call.feed(event, LegStopped(), LegLost(), CarrierEnded(), HangUpAsked("balance"))
        assert call.end is not None
        assert call.end.reason == reason
        assert call.turns[-1][1].startswith("Hello")


def test_a_lost_socket_waits_for_another_and_goes_on() -> None:
    call = Scene(first_message="Hi.").open()
    call.pass_ms(500)
    call.feed(LegLost("1006"))
    call.feed(LegOpened("MZ2", "CA1", "AC1"))
    call.media_ms = 0
    call.says("still here")
    assert call.last(HandlerAsk).text == "still here"


def test_a_lost_socket_that_stays_lost_is_a_carrier_error() -> None:
    call = Scene(first_message="Hi.").open()
    call.feed(LegLost("1006"))
    call.now += 11
    call.feed(DigitPressed("?"))
    assert call.end is not None
    assert call.end.reason == "carrier_error"


def test_no_media_at_all_is_given_up_after_ten_seconds() -> None:
    call = Scene()
    call.now += 10.1
    call.tick()
    assert call.end is not None
    assert call.end.reason == "carrier_error"


def test_the_longest_duration_ends_with_a_goodbye() -> None:
    call = Scene(turn_taking=TurnTaking(max_duration_s=5)).open()
    call.pass_ms(5100)
    assert call.last(TtsSay).text == "Goodbye."
    call.pass_ms(1000)
    assert call.end is not None
    assert call.end.reason == "max_duration"


def test_the_latency_of_a_turn_is_told_by_stage() -> None:
    call = Scene().open()
    call.says("quick question")
    call.pass_ms(100)
    call.handler_says("Yes.")
    call.pass_ms(500)
    latency = call.notes(TurnSettled)[-1].latency
    assert latency is not None
    assert latency["reply_ms"] == 100
    assert latency["total_ms"] == sum(
        latency[k] for k in ("end_of_turn_ms", "reply_ms", "speech_ms", "line_ms")
    )
