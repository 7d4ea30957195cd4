"""The carrier's verdicts in every order, late, twice and missing: what is waited for, and for how long."""

from __future__ import annotations

from itertools import permutations

import pytest

from patter.bridge.commands import HangUp
from patter.bridge.events import MachineHeard

from .answered_call import (
    BEEP,
    FIRST,
    GREETING,
    HUMAN,
    MACHINE,
    MACHINE_START,
    MESSAGE,
    POLICIES,
    PROMPT_ENDED,
    SCREENING,
    WHO,
    assert_human_is_talked_with,
    ours,
)

AWAY = "bob is not available right now"
CLOCKED = [MACHINE, SCREENING, HUMAN]


@pytest.mark.parametrize("on_machine", POLICIES)
@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_human_behind_a_service_is_a_human_in_whatever_order_it_is_told(order, on_machine):
    """Every verdict comes twice."""
    call = ours(on_machine)
    call.pass_ms(400)
    for index in order:
        call.feed(CLOCKED[index], CLOCKED[index])
        call.pass_ms(1500)
    call.pass_ms(2000)
    assert_human_is_talked_with(call)
    assert call.kinds.count("machine.heard") == 3


@pytest.mark.parametrize("on_machine", ["leave_message", "hang_up", "ask"])
def test_a_human_who_was_met_with_silence_is_spoken_to(on_machine):
    """Telnyx's word of the service was lost; its word of the human behind it was not."""
    call = ours(on_machine)
    call.pass_ms(400)
    call.feed(MACHINE)
    call.pass_ms(3000)
    call.feed(HUMAN)
    call.pass_ms(3000)
    assert "machine.greet" in call.kinds
    assert call.turns[-1] == ("assistant", WHO)
    assert_human_is_talked_with(call)


@pytest.mark.parametrize("told", [(), (MACHINE_START,)])
def test_nobody_is_hung_up_on_before_a_service_could_be_told_of(told):
    call = ours("hang_up")
    call.pass_ms(400)
    call.feed(MACHINE_START)
    call.pass_ms(3000)
    call.feed(*told)
    call.pass_ms(2900)
    assert not call.all(HangUp)
    assert "machine.hush" in call.kinds
    call.pass_ms(200)
    assert call.end is not None and call.end.reason == "machine"
    call.check()


@pytest.mark.parametrize(
    ("told", "within_ms"),
    [(BEEP, 0), (PROMPT_ENDED, 2600), (MachineHeard("machine", False, "fax_detected"), 0)],
)
@pytest.mark.parametrize("first", [True, False], ids=["verdict first", "verdict later"])
def test_what_cannot_be_a_service_is_hung_up_on_at_once(told, within_ms, first):
    call = ours("hang_up")
    call.pass_ms(400)
    call.feed(*(MACHINE, told) if first else (told, MACHINE))
    call.pass_ms(within_ms)
    assert call.end is not None and call.end.reason == "machine"
    call.check()


def test_the_words_of_a_mailbox_end_the_wait():
    call = ours("hang_up")
    call.pass_ms(400)
    call.feed(MACHINE_START)
    call.says(GREETING)
    assert call.end is not None and call.end.reason == "machine"


def test_the_wait_can_be_done_without():
    call = ours("hang_up", wait_s=0)
    call.pass_ms(400)
    call.feed(MACHINE_START)
    assert call.end is not None and call.end.reason == "machine"


def test_the_message_is_left_when_the_greeting_ended_without_a_beep():
    call = ours()
    call.pass_ms(400)
    call.feed(MACHINE, PROMPT_ENDED)
    call.pass_ms(2400)
    assert MESSAGE not in dict(call.turns).values()
    call.pass_ms(5000)
    assert call.end is not None and call.end.reason == "voicemail"
    assert call.turns[-1] == ("assistant", MESSAGE)
    call.check()


def test_a_greeting_that_only_paused_is_heard_to_its_end():
    call = ours()
    call.pass_ms(400)
    call.feed(MACHINE, PROMPT_ENDED)
    for words in ("you have reached the office of", "bob and sons", "we are open from nine"):
        call.pass_ms(1500)
        call.says(words)
    call.pass_ms(2000)
    assert call.end is None and "machine.leave" not in call.kinds
    call.pass_ms(5000)
    assert call.turns[-1] == ("assistant", MESSAGE)
    call.check()


def test_what_never_ends_is_not_waited_for_longer_than_the_beep():
    call = ours()
    call.feed(MACHINE, PROMPT_ENDED)
    for _ in range(16):
        call.says("and another word", ms=1700)
    assert "machine.leave" in call.kinds
    call.pass_ms(4000)
    assert call.end is not None and call.end.reason == "voicemail"
    call.check()


@pytest.mark.parametrize("on_machine", ["leave_message", "hang_up", "ask"])
def test_a_human_who_speaks_for_somebody_else_is_talked_with(on_machine):
    """A mailbox says that, too; the carrier's ear decides."""
    call = ours(on_machine)
    call.pass_ms(3000)
    call.says(AWAY)
    assert not call.all(HangUp)
    call.feed(MachineHeard("human", False, "human"))
    call.pass_ms(3000)
    assert call.turns[-1] == ("assistant", WHO)
    assert_human_is_talked_with(call)


def test_who_says_what_a_mailbox_says_is_one_even_where_the_carrier_hears_a_human():
    call = ours()
    call.pass_ms(400)
    call.says(GREETING)
    call.feed(MachineHeard("human", False, "human"), BEEP)
    call.pass_ms(4000)
    assert call.end is not None and call.end.reason == "voicemail"
    assert ("assistant", FIRST) not in call.turns and "machine.greet" not in call.kinds
    call.check()


def test_an_agent_that_talks_to_a_machine_is_not_disturbed_by_its_beep():
    call = ours("continue")
    call.pass_ms(400)
    call.feed(MACHINE)
    call.pass_ms(3000)
    call.feed(BEEP)
    assert not call.all(HangUp) and call.turns == [("assistant", FIRST)]
    assert_human_is_talked_with(call)


@pytest.mark.parametrize("late", [MACHINE, SCREENING, PROMPT_ENDED, HUMAN, BEEP])
def test_a_verdict_after_the_end_changes_nothing(late):
    call = ours("hang_up", wait_s=0)
    call.feed(MACHINE_START)
    assert call.end is not None
    assert call.feed(late) == []
