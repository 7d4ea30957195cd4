"""Who may stop the agent, and what happens to what was being said."""

from __future__ import annotations

from patter.bridge.commands import Clear, HandlerAsk, HandlerStop, LlmAsk, LlmStop, Play, TtsSay
from patter.bridge.events import (
    DigitPressed,
    HandlerDelta,
    HandlerDone,
    HandlerFailed,
    LegLost,
    LegOpened,
    LlmDelta,
    SayAsked,
)
from patter.bridge.plan import TurnTaking
from patter.testing.scene import VOICE, Scene

LONG = "We open at nine in the morning and close at ten in the evening, every day but Sunday."


def speaking(**plan: object) -> Scene:
    call = Scene(**plan).open()  # type: ignore[arg-type]
    call.says("tell me everything")
    call.handler_says(LONG)
    call.pass_ms(1500)
    return call


def test_one_uncertain_word_does_not_stop_the_agent_and_a_final_one_does() -> None:
    call = speaking()
    call.hears("uhm what", final=False, end_of_turn=False)
    assert "reply.cut" in call.kinds
    call = speaking()
    call.hears("stop", final=False, end_of_turn=False)
    assert "reply.cut" not in call.kinds
    call.hears("stop")
    assert call.last(HandlerAsk).text == "stop"
    call.check()


def test_its_own_words_do_not_stop_the_agent() -> None:
    call = speaking()
    call.hears("nine in the morning")
    call.pass_ms(6000)
    assert "backchannel.ignored" in call.kinds
    assert call.turns[-1][1] == LONG


def test_a_long_voice_of_which_nothing_is_understood_is_asked_about() -> None:
    call = speaking()
    call.pass_ms(1000, VOICE)
    assert "reply.cut" in call.kinds
    call.pass_ms(3400)
    assert call.all(TtsSay)[-2].text == "Sorry, I did not get that."
    call.pass_ms(20_000)
    assert [say.text for say in call.all(TtsSay)].count("Sorry, I did not get that.") == 1
    call.check()


def test_words_that_cut_and_never_end_are_ended_by_the_ceiling() -> None:
    call = speaking()
    call.hears("stop please", final=False, end_of_turn=False)
    call.pass_ms(3200)
    assert call.last(HandlerAsk).text == "stop please"
    call.check()


def test_late_pieces_of_a_reply_that_was_cut_are_dropped() -> None:
    call = Scene().open()
    call.says("hello there")
    first = call.last(HandlerAsk).turn_id
    call.feed(HandlerDelta(first, "This is the first sentence. "))
    call.pass_ms(1000)
    call.hears("wait a second")
    said = len(call.all(TtsSay))
    call.feed(HandlerDelta(first, "And this the second one. "), HandlerDone(first), HandlerFailed(first, "x"))
    assert len(call.all(TtsSay)) == said
    assert call.last(HandlerStop).turn_id == first


def test_late_pieces_of_a_model_that_was_stopped_are_dropped() -> None:
    call = Scene(reply_by="model").open()
    call.says("hello there")
    ask = call.last(LlmAsk).ask_id
    call.feed(LlmDelta(ask, "This is the first sentence. "))
    call.pass_ms(1000)
    call.hears("wait a second")
    assert call.last(LlmStop).ask_id == ask
    said = len(call.all(TtsSay))
    call.feed(LlmDelta(ask, "And this the second one. "))
    assert len(call.all(TtsSay)) == said


def test_a_failure_after_the_end_of_an_answer_says_nothing() -> None:
    call = speaking()
    call.feed(HandlerFailed(call.last(HandlerAsk).turn_id, "handler_error"))
    call.pass_ms(6000)
    assert call.turns[-1] == ("assistant", LONG)
    assert "reply.failed" not in call.kinds


def test_a_text_from_outside_cuts_and_is_said() -> None:
    call = speaking()
    call.feed(SayAsked("The office closes now."))
    assert call.all(Clear)
    call.pass_ms(2000)
    assert call.turns[-1] == ("assistant", "The office closes now.")


def test_a_new_line_in_mid_reply_goes_on_from_what_was_heard() -> None:
    call = speaking()
    call.feed(LegLost("1006"))
    call._buffer.clear()
    call.now += 3
    assert not [command for command in call.feed(DigitPressed("?")) if isinstance(command, Play)]
    call.media_ms = 0
    call.feed(LegOpened("MZ2", "CA1", "AC1"))
    call.pass_ms(6000)
    assert call.turns[-1] == ("assistant", LONG)
    call.check()


def test_an_announcement_is_heard_in_full_and_what_came_meanwhile_after_it() -> None:
    text = "This call is recorded for training. How can we help you?"
    call = Scene(first_message=text, turn_taking=TurnTaking(first_message_interruptible=False)).open()
    call.pass_ms(800)
    call.says("I want a table")
    call.feed(DigitPressed("1"), SayAsked("Now."))
    assert not call.all(HandlerAsk)
    call.pass_ms(3000)
    assert call.turns[0] == ("assistant", text)
    assert [ask.text for ask in call.all(HandlerAsk)] == ["I want a table", "[DTMF: 1]"]
    assert call.turns[-1] == ("assistant", "Now.")
    call.check()


def test_the_first_message_waits_for_a_caller_who_speaks() -> None:
    call = Scene(first_message="Hi, Acme.", turn_taking=TurnTaking(first_message_delay_ms=500)).open()
    call.pass_ms(900, VOICE)
    assert not call.all(TtsSay)
    call.hears("hello")
    assert call.last(TtsSay).text == "Hi, Acme."
    call.pass_ms(1000)
    assert call.turns == [("user", "hello"), ("assistant", "Hi, Acme.")]
    assert not call.all(HandlerAsk)


def test_the_first_message_does_not_wait_for_ever() -> None:
    call = Scene(first_message="Hi, Acme.", turn_taking=TurnTaking(first_message_delay_ms=500)).open()
    call.pass_ms(4000, VOICE)
    assert call.last(TtsSay).text == "Hi, Acme."


def test_a_second_wish_of_a_caller_who_got_deliberate_silence_is_a_turn_of_its_own() -> None:
    call = Scene().open()
    call.says("hm well")
    call.feed(HandlerDone(call.last(HandlerAsk).turn_id))
    call.says("what time is it")
    assert call.last(HandlerAsk).text == "what time is it"


def test_silence_after_any_end_brings_a_prompt() -> None:
    for disturb in (
        lambda call: call.pass_ms(260, VOICE),
        lambda call: call.hears("mhm"),
        lambda call: call.pass_ms(900, VOICE),
        lambda call: call.feed(DigitPressed("1"), HandlerDone(call.last(HandlerAsk).turn_id)),
    ):
        call = speaking()
        disturb(call)
        for turn in call.all(HandlerAsk)[1:]:
            call.feed(HandlerDone(turn.turn_id))
        call.pass_ms(22_000)
        assert "Are you still there?" in [say.text for say in call.all(TtsSay)]
        call.check()
