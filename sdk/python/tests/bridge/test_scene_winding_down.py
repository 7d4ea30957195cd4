"""The process stops: whoever can hear it is told goodbye, everybody else is hung up at once."""

from __future__ import annotations

from patter.bridge.commands import HangUp
from patter.bridge.events import HangUpAsked, LegLost
from patter.bridge.plan import Phrases, TurnTaking
from patter.testing.scene import Scene

STOPS = HangUpAsked("worker_lost", goodbye=True)


def texts(call: Scene) -> list[str]:
    assert call.end is not None
    return [row["text"] for row in call.end.transcript]


def test_a_caller_is_told_goodbye_over_whatever_is_being_said() -> None:
    call = Scene(first_message="word " * 200).open()
    call.pass_ms(2000)
    call.feed(STOPS)
    call.pass_ms(4000)
    assert call.end is not None and call.end.reason == "worker_lost"
    assert texts(call)[-1] == "Goodbye." and texts(call)[0].startswith("word word")
    call.check()


def test_who_cannot_hear_it_is_hung_up_at_once() -> None:
    call = Scene().open()
    call.feed(LegLost("gone"))
    call.feed(STOPS)
    assert len(call.all(HangUp)) == 1
    assert call.end is not None and call.end.reason == "worker_lost"


def test_a_goodbye_is_said_once_however_often_it_is_asked_for() -> None:
    goodbye = Phrases(goodbye="word " * 20)
    call = Scene(phrases=goodbye, turn_taking=TurnTaking(max_duration_s=5)).open()
    call.pass_ms(5500)  # the longest duration is over, and it is being said
    call.feed(STOPS, STOPS)
    call.pass_ms(20_000)
    assert call.end is not None and call.end.reason == "max_duration"
    assert texts(call) == [goodbye.goodbye.strip()]
    call.check()


def test_the_agents_own_last_words_are_not_cut_for_it() -> None:
    call = Scene(reply_by="model").open(age_ms=2500)
    call.says("that is all")
    call.model_says("Thank you, and goodbye!", tool="end_call")
    call.pass_ms(300)
    call.feed(STOPS)
    call.pass_ms(5000)
    assert call.end is not None and call.end.reason == "agent_ended"
    assert texts(call) == ["that is all", "Thank you, and goodbye!"]
    call.check()


def test_a_hang_up_does_not_wait_for_the_goodbye() -> None:
    call = Scene(phrases=Phrases(goodbye="word " * 200)).open()
    call.feed(STOPS)
    call.pass_ms(2000)
    call.feed(HangUpAsked("worker_lost"))
    assert call.end is not None and call.end.reason == "worker_lost"
    call.check()
