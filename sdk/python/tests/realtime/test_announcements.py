"""An announcement comes before anything else in a realtime call, and nothing interrupts it."""

import pytest

from patter.bridge.answering import AnsweringPlan
from patter.bridge.commands import Clear, HandlerAsk, HangUp, TransferStart
from patter.bridge.events import DigitPressed, MachineHeard, SpeechClosed, TransferAsked
from patter.bridge.plan import Phrases
from patter.bridge.transfers import TransferPolicy, TransferTarget
from patter.engines.realtime.wire import SessionUpdated, SpeechStarted, Trouble
from patter.testing.realtime_scene import Scene

NOTICE, GREETING = "This call is recorded for training.", "Hello, this is Acme."
BOTH = pytest.mark.parametrize("reply_by", ["model", "handler"])


def read_aloud(call: Scene) -> str:
    return call.of_type("response.create")[-1]["response"].get("instructions", "").rpartition("\n\n")[2]


def announced(**plan) -> Scene:
    call = Scene(announcement=NOTICE, **plan)
    assert read_aloud(call) == NOTICE and call.automatic is False
    call.reads(NOTICE)
    return call


@BOTH
def test_the_greeting_comes_after_it_and_the_call_goes_on(reply_by):
    call = announced(reply_by=reply_by, first_message=GREETING)
    call.pass_ms(1000)
    assert len(call.of_type("response.create")) == 1
    call.pass_ms(1500)
    assert read_aloud(call) == GREETING
    call.reads(GREETING)
    call.pass_ms(2000)
    assert call.turns == [("assistant", NOTICE), ("assistant", GREETING)]
    assert call.automatic is (reply_by == "model")


@BOTH
def test_a_voice_and_a_key_do_not_stop_it_and_have_their_turn_after_it(reply_by):
    call = announced(reply_by=reply_by)
    call.pass_ms(400)
    call.provider(SpeechStarted("u1", call.media_ms))
    call.says("hello", item="u1")
    call.pass_ms(400)
    assert not call.all(Clear) and not call.all(HandlerAsk)
    call.pass_ms(2000)
    if reply_by == "handler":
        assert call.last(HandlerAsk).text == "hello"
    else:
        call.reads("Hi.")
        call.pass_ms(1000)
        assert call.turns == [("assistant", NOTICE), ("user", "hello"), ("assistant", "Hi.")]


@BOTH
def test_what_is_said_over_it_is_answered_with_the_greeting(reply_by):
    call = announced(reply_by=reply_by, first_message=GREETING)
    call.pass_ms(400)
    call.says("hello")
    call.pass_ms(2000)
    assert not call.all(HandlerAsk) and read_aloud(call) == GREETING
    call.reads(GREETING)
    call.pass_ms(2000)
    assert call.turns == [("assistant", NOTICE), ("user", "hello"), ("assistant", GREETING)]


def test_a_key_over_it_is_asked_about_after_it():
    call = announced(first_message=GREETING)
    call.feed(DigitPressed("1"))
    assert not call.items
    call.pass_ms(2500)
    assert call.items[-1]["content"][0]["text"] == "[DTMF: 1]"


def test_a_session_that_breaks_within_it_does_not_cost_a_word_of_it():
    call = Scene(announcement=NOTICE, first_message=GREETING)
    call.feed(SpeechClosed(call.speech_id, 1006, ""))
    call.pass_ms(400)
    call.provider(SessionUpdated())
    assert read_aloud(call) == NOTICE
    call.reads(NOTICE)
    call.pass_ms(2500)
    assert call.turns == [("assistant", NOTICE)] and read_aloud(call) == GREETING


def test_where_it_cannot_be_said_there_is_no_call():
    call = Scene(announcement=NOTICE, first_message=GREETING)
    call.provider(Trouble("insufficient_quota", ""))
    call.pass_ms(500)
    assert call.last(HangUp).say == Phrases().apology
    assert GREETING not in str(call.sent)


def test_nobody_is_greeted_who_is_a_machine_or_gone_meanwhile():
    plan = AnsweringPlan(detect=True, on_machine="hang_up")
    call = Scene(announcement=NOTICE, first_message=GREETING, direction="outbound", answering=plan)
    call.feed(MachineHeard("machine"))
    call.pass_ms(3000)
    assert GREETING not in str(call.sent)
    desk = TransferPolicy((TransferTarget("desk", "+15550009999"),))
    call = announced(first_message=GREETING, transfers=desk)
    call.feed(TransferAsked("desk"))
    call.pass_ms(3000)
    assert call.all(TransferStart) and GREETING not in str(call.sent)
