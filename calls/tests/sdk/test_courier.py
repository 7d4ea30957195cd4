"""Who answers for a call, and that each turn is asked once or reported lost."""

from __future__ import annotations

from calls.tests.sdk.machine import Road, peer
from patter.bridge.events import HandlerDelta, HandlerDone, HandlerFailed
from patter.bridge.records import CallConnected, CallEnded, KeyPressed, TurnSettled


def test_the_nearest_connection_gets_the_call():
    road = Road().start(("anybody", 3), ("agent", 2), ("number", 1))
    assert road.bound == ["number"]
    assert road.kinds() == ["call_start"]


def test_an_outbound_call_belongs_to_its_placer_and_to_others_only_when_that_is_gone():
    road = Road(reply_to="sdk.conn.org_1.con_me").start(("me", 0))
    assert road.offers[0][0] == "sdk.conn.org_1.con_me"
    assert road.bound == ["me"]
    alone = Road(reply_to="sdk.conn.org_1.con_me").start()
    assert alone.offers[1][0] == "sdk.doors.org_1"
    alone.bid(("other", 3))
    assert alone.bound == ["other"]


def test_a_turn_is_asked_and_its_pieces_come_in_order():
    road = Road().start(("a", 3))
    road.ask("t1", "what is on the menu")
    message = road.frames()[-1]
    assert (message["type"], message["text"], message["turn_id"]) == ("message", "what is on the menu", "t1")
    road.say("a", "received", turn_id="t1")
    for index, text in ((1, "two"), (0, "one "), (0, "one ")):
        road.say("a", "response_delta", turn_id="t1", index=index, text=text)
    road.say("a", "response_end", turn_id="t1", index=2)
    assert road.told == [HandlerDelta("t1", "one "), HandlerDelta("t1", "two"), HandlerDone("t1")]


def test_an_answer_to_another_turn_or_of_another_connection_is_dropped():
    road = Road().start(("a", 3))
    road.ask("t1")
    road.say("b", "response", turn_id="t1", text="from somewhere else")
    road.say("a", "response", turn_id="t0", text="too late")
    assert road.told == []
    road.say("a", "response", text="an old client names no turn")
    assert road.told == [HandlerDelta("t1", "an old client names no turn"), HandlerDone("t1")]
    road.say("a", "response", turn_id="t1", text="twice")
    assert len(road.told) == 2


def test_nobody_is_connected():
    road = Road().start()
    road.ask("t1")
    road.bid()
    assert road.told == [HandlerFailed("t1", "handler_lost", "Nothing is connected that answers.")]


def test_somebody_connects_in_the_middle_of_a_call():
    road = Road().start()
    road.hear({"type": "sdk.joined"})
    road.bid(("a", 3))
    road.ask("t1")
    assert road.kinds() == ["call_start", "message"]


def test_a_frame_that_nobody_acknowledges_is_sent_once_more_and_then_another_is_asked():
    road = Road()
    road.deaf.add("web!dead")
    road.start(("dead", 1))
    road.wait(0.7)
    road.bid(("dead", 1), ("b", 3))
    assert road.kinds("web!dead") == ["call_start", "call_start"]
    road.ask("t1")
    assert road.kinds("web!b") == ["call_start", "message"]
    assert road.bound == ["dead", "b"]


def test_a_turn_that_a_handler_runs_waits_for_its_connection_and_is_not_asked_elsewhere():
    road = Road().start(("a", 3))
    road.ask("t1")
    road.say("a", "received", turn_id="t1")
    road.lose("a")
    road.hear({"type": "sdk.joined"})
    assert len(road.offers) == 1
    road.resume("a", last_seq=2)
    again = [frame for frame in road.frames("web!a+again") if frame["type"] == "message"]
    assert [frame["turn_id"] for frame in again] == ["t1"]
    road.say("a", "response", turn_id="t1", text="here it is")
    assert road.told == [HandlerDelta("t1", "here it is"), HandlerDone("t1")]


def test_a_turn_whose_handler_never_comes_back_is_lost_and_reported():
    road = Road().start(("a", 3))
    road.ask("t1")
    road.say("a", "received", turn_id="t1")
    road.lose("a")
    road.wait(9)
    assert [type(event) for event in road.told] == [HandlerFailed]
    assert road.told[0].code == "handler_lost"
    road.bid(("b", 3))
    road.resume("a", last_seq=2)
    assert road.kinds("web!a+again") == ["turn_lost"]


def test_a_turn_that_was_delivered_but_perhaps_not_begun_is_asked_elsewhere_after_a_moment():
    road = Road().start(("a", 3))
    road.ask("t1")
    road.lose("a")
    road.wait(1.6)
    road.bid(("b", 3))
    assert road.kinds("web!b") == ["call_start", "message"]
    assert road.frames("web!b")[-1]["turn_id"] == "t1"
    road.say("b", "response", turn_id="t1", text="taken over")
    assert road.told[-1] == HandlerDone("t1")


def test_whoever_comes_back_gets_what_was_missed_and_nothing_twice():
    road = Road().start(("a", 3))
    for index in range(3):
        road.perform(road.courier.write(_turn(index), road.now))
    assert road.seq == 4
    road.lose("a")
    road.perform(road.courier.write(KeyPressed("1", 0), road.now))
    road.resume("a", last_seq=3)
    missed = road.frames("web!a+again")
    assert [(frame["type"], frame.get("text"), frame.get("digit")) for frame in missed] == [
        ("transcript", "turn 2", None),
        ("dtmf", None, "1"),
    ]


def test_what_was_cut_is_told_and_a_question_that_was_not_sent_is_forgotten():
    road = Road().start(("a", 3))
    road.ask("t1")
    road.perform(road.courier.cancel("t1", "We have", road.now))
    assert road.frames()[-1] == {"type": "cancel", "call_id": "call_1", "turn_id": "t1", "heard": "We have"}
    road.say("a", "response", turn_id="t1", text="too late")
    assert road.told == []
    alone = Road().start()
    alone.ask("t1")
    alone.perform(alone.courier.cancel("t1", "", alone.now))
    alone.bid(("a", 3))
    assert alone.kinds() == ["call_start"]


def test_the_end_is_told_also_to_whoever_comes_only_then():
    road = Road().start()
    road.perform(road.courier.write(_turn(0), road.now))
    road.perform(road.courier.write(CallEnded("caller_hung_up", 1500, [], []), road.now))
    road.hear({"type": "sdk.joined"})
    road.bid(("a", 3))
    assert road.kinds() == ["call_end"]
    assert (road.frames()[0]["reason"], road.frames()[0]["duration"]) == ("caller_hung_up", 1.5)
    assert road.courier.is_told
    assert road.courier.over_at == 5.0 + 0.31


def test_the_one_that_is_with_the_call_keeps_it_when_others_join():
    road = Road().start(("a", 3))
    road.hear({"type": "sdk.joined"})
    road.resume("b", 0)
    road.ask("t1")
    assert len(road.offers) == 1
    assert road.kinds("web!a") == ["call_start", "message"]


def test_an_old_client_is_asked_once_since_it_says_nothing_before_it_answers():
    road = Road()
    road.perform(road.courier.start(0))
    old = {**peer("old"), "legacy": True}
    road.hear({"type": "sdk.bid", "search": 1, "connection": old, "rank": 3, "load": 0})
    road.wait(0.06)
    road.ask("t1")
    road.lose("old")
    road.wait(9)
    assert [type(event) for event in road.told] == [HandlerFailed]
    assert [group for group, _ in road.offers] == ["sdk.doors.org_1"]


def test_an_old_client_that_means_to_say_nothing_sends_an_empty_answer():
    road = Road()
    road.perform(road.courier.start(0))
    old = {**peer("old"), "legacy": True}
    road.hear({"type": "sdk.bid", "search": 1, "connection": old, "rank": 3, "load": 0})
    road.wait(0.06)
    road.ask("t1")
    road.say("old", "response", text="")  # its frames name no turn
    assert road.told == [HandlerDone("t1")]


def _turn(index: int) -> TurnSettled:
    return TurnSettled(index, f"t{index}", "user", f"turn {index}", None, 0, 0, False)


def test_a_machine_that_answered_is_told_and_what_nobody_knows_is_ignored():
    road = Road().start(("a", 3))
    note = {"type": "machine_detection", "call_id": "call_1", "result": "machine"}
    road.hear({"type": "sdk.note", "call_id": "call_1", "frame": note})
    assert road.frames()[-1] == note
    road.hear({"type": "from the future"})
    road.hear({"type": "sdk.ack", "number": 99, "connection_id": "a", "seq": 1})
    road.hear({"type": "sdk.bid", "search": 99, "connection": peer("late"), "rank": 0, "load": 0})
    road.hear({"type": "sdk.lost", "connection_id": "other", "channel": "web!other"})
    assert road.bound == ["a"]
    road.perform(road.courier.write(CallConnected("CA1", "MZ1"), road.now))
    assert road.kinds() == ["call_start", "machine_detection"]


def test_what_waits_is_delivered_when_the_lost_connection_does_not_come_back():
    road = Road().start(("a", 3))
    road.lose("a")
    road.perform(road.courier.write(_turn(0), road.now))
    road.wait(1.6)
    road.bid(("b", 3))
    assert road.kinds("web!b") == ["call_start", "transcript"]


def test_a_new_question_while_a_lost_connection_is_waited_for_is_asked_elsewhere():
    road = Road().start(("a", 3))
    road.ask("t1")
    road.say("a", "received", turn_id="t1")
    road.lose("a")
    road.perform(road.courier.cancel("t1", "", road.now))
    road.ask("t2")
    road.wait(1.6)
    road.bid(("b", 3))
    assert [frame.get("turn_id") for frame in road.frames("web!b")] == [None, "t1", "t2"]
    assert road.kinds("web!b") == ["call_start", "cancel", "message"]


def test_nobody_comes_back_and_nobody_else_is_there():
    road = Road().start(("a", 3))
    road.ask("t1")
    road.lose("a")
    road.wait(1.6)
    road.bid()
    road.wait(20)
    assert [type(event) for event in road.told] == [HandlerFailed]


def test_a_question_that_was_never_delivered_is_asked_elsewhere_at_once():
    road = Road().start(("a", 3))
    road.deaf.add("web!a")
    road.ask("t1")
    road.lose("a")
    road.bid(("b", 3))
    assert road.kinds("web!b") == ["call_start", "message"]


def test_a_minute_is_kept_and_no_more():
    road = Road().start()
    for index in range(3):
        road.perform(road.courier.write(_turn(index), road.now))
        road.now += 40
    road.hear({"type": "sdk.joined"})
    road.bid(("a", 3))
    told = [frame.get("text") for frame in road.frames("web!a")]
    assert told == [None, "turn 2"], "the call's start, and what is younger than a minute"


def test_a_program_that_says_goodbye_is_not_waited_for():
    road = Road().start(("a", 3))
    road.ask("t1")
    road.lose("a", gone=True)
    road.bid(("b", 3))
    assert road.kinds("web!b") == ["call_start", "message"], "nobody had begun it"
    road.say("b", "received", turn_id="t1")
    road.lose("b", gone=True)
    assert [(type(event), event.code) for event in road.told] == [(HandlerFailed, "handler_lost")]
    road.bid(("c", 3))
    road.ask("t2")
    assert road.kinds("web!c") == ["call_start", "message"]


def test_nobody_is_waited_for_at_the_end_of_a_call_that_no_program_had():
    road = Road().start()
    road.perform(road.courier.write(CallEnded("idle", 0, [], []), road.now))
    assert road.courier.is_told
    had = Road().start(("a", 3))
    had.lose("a")
    had.perform(had.courier.write(CallEnded("idle", 0, [], []), had.now))
    assert not had.courier.is_told
    assert had.courier.over_at == had.now + 60
