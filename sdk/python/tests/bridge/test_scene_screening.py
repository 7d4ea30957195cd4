"""A service answers and asks who is calling: it is told, whatever is done with machines; a human is one."""

from __future__ import annotations

import pytest

from patter.bridge.commands import HandlerAsk, HandlerStop, HangUp
from patter.bridge.events import MachineHeard
from patter.testing.scene import VOICE

from .answered_call import (
    BEEP,
    FIRST,
    GOOGLE,
    GREETING,
    HUMAN,
    IOS,
    MACHINE,
    MACHINE_END,
    MACHINE_START,
    MAILBOX,
    MESSAGE,
    POLICIES,
    SCREENING,
    WHO,
    assert_human_is_talked_with,
    ours,
)

HEARD_HUMAN = MachineHeard("human", False, "human")
SERVICES = pytest.mark.parametrize("words", [IOS, GOOGLE], ids=["ios", "google"])


@pytest.mark.parametrize("on_machine", POLICIES)
@pytest.mark.parametrize(
    ("before", "after"),
    [((), ()), ((), (MACHINE_START,)), ((), (MACHINE_END,)), ((MACHINE_START,), ()), ((MACHINE,), ())],
    ids=["no verdict", "twilio later", "twilio at the end", "twilio first", "telnyx first"],
)
@SERVICES
def test_it_is_told_who_calls_and_why(words, before, after, on_machine):
    """To the carrier it sounds like a machine, before its question is understood or after."""
    call = ours(on_machine)
    call.pass_ms(400)
    call.feed(*before)
    call.pass_ms(1500)
    call.says(words)
    call.feed(*after)
    call.pass_ms(4000)
    assert call.turns[-1] == ("assistant", WHO)
    assert_human_is_talked_with(call)


@SERVICES
def test_a_question_that_is_recognised_word_by_word(words):
    """The first words give it away; what follows is the same question, and no turn for whoever replies."""
    call = ours()
    call.pass_ms(3000)
    parts = words.split()
    for count in range(4, len(parts) + 1, 2):
        call.pass_ms(300, VOICE)
        call.hears(" ".join(parts[:count]), final=False, end_of_turn=False)
    call.hears(words)
    call.pass_ms(4000)
    assert call.turns[-1] == ("assistant", WHO)
    assert ("user", words) not in call.turns
    assert {ask.turn_id for ask in call.all(HandlerAsk)} <= {stop.turn_id for stop in call.all(HandlerStop)}
    assert_human_is_talked_with(call)


@pytest.mark.parametrize("on_machine", POLICIES)
@pytest.mark.parametrize("heard", [(MACHINE, SCREENING), (SCREENING, SCREENING), (SCREENING, MACHINE)])
@pytest.mark.parametrize("words", ["", IOS])
def test_the_carrier_tells_of_it(heard, words, on_machine):
    """Also where its question cuts the answer short, and where the first verdict comes late."""
    call = ours(on_machine)
    call.pass_ms(400)
    call.feed(heard[0])
    call.pass_ms(3000)
    call.feed(heard[1])
    if words:
        call.says(words)
    call.pass_ms(4000)
    assert call.turns[-1] == ("assistant", WHO)
    call.feed(HUMAN)
    assert_human_is_talked_with(call)


@pytest.mark.parametrize(
    ("on_machine", "reason"), [("hang_up", "machine"), ("leave_message", "voicemail"), ("continue", None)]
)
def test_a_mailbox_behind_the_service_is_a_machine(on_machine, reason):
    """Telnyx judges anew whoever comes behind Apple's service, and tells it in the same words as before."""
    call = ours(on_machine)
    call.pass_ms(400)
    call.feed(MACHINE, SCREENING)
    call.pass_ms(4000)
    call.feed(MAILBOX, MAILBOX, MACHINE)
    if on_machine == "leave_message":
        call.feed(BEEP)
        call.pass_ms(4000)
        assert call.turns[-1] == ("assistant", MESSAGE)
    assert (call.end and call.end.reason) == reason
    call.check()


@pytest.mark.parametrize(("on_machine", "reason"), [("hang_up", "machine"), ("leave_message", "voicemail")])
def test_a_mailbox_that_comes_after_the_question_is_known_by_its_words_or_its_late_beep(on_machine, reason):
    by_words, by_beep = ours(on_machine), ours(on_machine)
    for call in (by_words, by_beep):
        call.pass_ms(400)
        call.says(IOS)
        call.pass_ms(9000)
        assert not call.all(HangUp)
    by_words.says(GREETING)
    by_beep.feed(MACHINE_END)
    for call in (by_words, by_beep):
        call.pass_ms(35_000)
        assert call.end is not None and call.end.reason == reason
        call.check()


def test_a_verdict_on_the_service_is_no_verdict_on_who_comes_behind_it():
    """As late as it may be, and whether the service sounds like a machine or like a human."""
    for early, late in ((), (MACHINE_START,)), ((HEARD_HUMAN,), ()), ((), (HEARD_HUMAN,)):
        call = ours("hang_up")
        call.pass_ms(400)
        call.feed(*early)
        call.says(IOS)
        call.pass_ms(9000)
        call.feed(*late)
        assert_human_is_talked_with(call)
        call.says(GREETING)
        assert call.end is not None and call.end.reason == "machine"


def test_a_human_whom_the_carrier_heard_behind_the_service_may_say_what_a_mailbox_says():
    call = ours("hang_up")
    call.pass_ms(400)
    call.feed(MACHINE, SCREENING)
    call.pass_ms(4000)
    call.feed(HUMAN)
    call.says("can you leave a message for me")
    call.pass_ms(7000)
    assert call.end is None


def test_the_beep_of_a_mailbox_behind_the_service_is_waited_for_anew():
    call = ours()
    call.pass_ms(400)
    call.feed(MACHINE, MachineHeard("greeting_over", False, "prompt_ended", 1.5), SCREENING)
    call.pass_ms(4000)
    call.feed(MAILBOX)
    call.pass_ms(20_000)
    assert "machine.leave" not in call.kinds
    call.feed(BEEP)
    assert "machine.leave" in call.kinds


def test_without_a_name_to_tell_whoever_replies_answers_the_question():
    call = ours("hang_up", first="", who="")
    call.says(IOS)
    call.handler_says("It is Acme, about the order.")
    call.pass_ms(3000)
    assert call.turns[-2:] == [("user", IOS), ("assistant", "It is Acme, about the order.")]
    call.feed(MACHINE_START)
    assert_human_is_talked_with(call)


def test_without_a_name_to_tell_a_service_that_was_met_with_silence_is_spoken_to():
    call = ours("hang_up", first="", who="")
    call.pass_ms(400)
    call.feed(MACHINE, SCREENING)
    call.pass_ms(4000)
    assert call.turns[-1][0] == "assistant"
    assert_human_is_talked_with(call)


def test_the_first_message_says_who_calls_where_nothing_else_does():
    call = ours(who="")
    call.pass_ms(400)
    call.feed(MACHINE, SCREENING)
    call.pass_ms(3000)
    assert call.turns[-1] == ("assistant", FIRST)
    call.check()
