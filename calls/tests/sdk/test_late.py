"""An old client whose caller went on before it had answered: its frames do not say what they answer."""

from __future__ import annotations

from calls.tests.sdk.machine import Road, peer
from patter.bridge.events import HandlerDelta, HandlerDone


def old_road() -> Road:
    road = Road()
    road.perform(road.courier.start(0))
    old = {**peer("old"), "legacy": True}
    road.hear({"type": "sdk.bid", "search": 1, "connection": old, "rank": 3, "load": 0})
    road.wait(0.06)
    return road


def asked_anew() -> Road:
    """The caller added something a second after the first question; it is asked as one."""
    road = old_road()
    road.ask("t1", "I want a table")
    road.wait(1)
    road.perform(road.courier.cancel("t1", "", road.now))
    road.ask("t2", "I want a table for two")
    return road


def test_the_answer_to_the_question_before_is_not_taken_for_the_newer_one():
    road = asked_anew()
    road.say("old", "response", text="For when?")
    road.wait(1)
    assert road.told == []
    road.say("old", "response", text="For two, at eight.")
    assert road.told == [HandlerDelta("t2", "For two, at eight."), HandlerDone("t2")]
    road.wait(5)
    assert len(road.told) == 2


def test_a_client_that_had_nothing_to_say_to_the_first_is_heard_a_moment_later():
    road = asked_anew()
    road.say("old", "response", text="For two, at eight.")
    road.wait(2.4)
    assert road.told == []
    road.wait(0.2)
    assert road.told == [HandlerDelta("t2", "For two, at eight."), HandlerDone("t2")]
    road.ask("t3")
    road.say("old", "response", text="Fine.")
    assert road.told[2:] == [HandlerDelta("t3", "Fine."), HandlerDone("t3")]


def test_an_answer_that_comes_before_the_next_question_is_gone():
    road = old_road()
    road.ask("t1")
    road.perform(road.courier.cancel("t1", "", road.now))
    road.say("old", "response", text="Too late.")
    road.wait(1)
    road.ask("t2")
    road.say("old", "response", text="In time.")
    assert road.told == [HandlerDelta("t2", "In time."), HandlerDone("t2")]
    road.wait(3)
    assert len(road.told) == 2


def test_a_question_of_long_ago_is_not_waited_for():
    road = old_road()
    road.ask("t1")
    road.wait(6)
    road.ask("t2")
    road.say("old", "response", text="Here.")
    assert road.told == [HandlerDelta("t2", "Here."), HandlerDone("t2")]


def test_a_caller_who_adds_two_things_is_answered_to_the_last():
    road = asked_anew()
    road.say("old", "response", text="For when?")
    road.wait(1)
    road.ask("t3", "I want a table for two at eight")
    for text in ("For two, when?", "Done."):
        road.say("old", "response", text=text)
    assert road.told == [HandlerDelta("t3", "Done."), HandlerDone("t3")]
