"""One connection: whom it answers for, in which order it is sent frames, and how a reply is put together."""

from __future__ import annotations

import json

import pytest

from calls.sdk.client_frames import reply_of
from calls.sdk.door import MOST_WAITING, Door, Names, Overflow
from calls.sdk.facts import call_end
from calls.sdk.turn import MOST_AHEAD, MOST_CHARS, OpenTurn
from patter.bridge.events import HandlerDelta, HandlerDone, HandlerFailed

OFFER = {"number": "+15550002222", "agent_id": "agt_1"}


def door(**more) -> Door:
    return Door("org_1", "con_1", "web!1", **more)


@pytest.mark.parametrize(
    ("names", "rank"),
    [
        (Names(), 3),
        (Names(agents=frozenset(["agt_1"])), 2),
        (Names(numbers=frozenset(["+15550002222"]), agents=frozenset(["agt_2"])), 1),
        (Names(numbers=frozenset(["+15550003333"])), None),
    ],
)
def test_how_near_a_connection_is_to_a_call(names, rank):
    assert door(names=names).rank(OFFER) == rank


def test_who_placed_a_call_is_nearest_and_who_leaves_takes_none():
    assert door(names=Names(agents=frozenset(["agt_2"]))).rank({**OFFER, "placed": True}) == 0
    assert door(closing=True).rank({**OFFER, "placed": True}) is None


def test_a_frame_that_comes_twice_is_sent_once_under_its_seq():
    here = door()
    assert [here.deliver("call_1", 7, "calls!1", {"type": "message"}) for _ in range(2)] == [1, 1]
    assert here.deliver("call_1", 8, "calls!1", {"type": "transcript"}) == 2
    assert here.deliver("call_1", 7, "calls!other", {"type": "message"}) == 3, (
        "another process, another frame"
    )
    assert here.calls == {"call_1": "calls!other"}
    here.deliver("call_1", 9, "calls!other", {"type": "call_end"})
    assert here.calls == {}
    assert [json.loads(here.next() or "")["seq"] for _ in range(4)] == [1, 2, 3, 4]
    assert here.next() is None


def test_a_client_that_does_not_read_has_a_bound():
    here = door()
    for _ in range(MOST_WAITING):
        here.send({"type": "call_status"})
    with pytest.raises(Overflow):
        here.send({"type": "call_status"})


def test_an_old_client_is_sent_no_frame_that_it_does_not_know():
    here = door(legacy=True)
    assert (here.send({"type": "transcript"}), here.send({"type": "message"})) == (0, 1)
    assert here.describe() == {"id": "con_1", "channel": "web!1", "legacy": True}


def test_the_end_names_a_recording_and_a_status_only_where_there_is_one():
    bare = call_end("call_1", reason="idle", duration_s=1.0, history=(), transcript=())
    assert not {"recording_url", "status"} & set(bare) and bare["cost"] is None
    told = {"recording_url": "https://x", "status": "failed"}
    full = call_end("call_1", reason="idle", duration_s=1.0, history=(), transcript=(), **told)
    assert {name: full[name] for name in told} == told


# -- a reply ----------------------------------------------------------------------------------------


def turn() -> OpenTurn:
    return OpenTurn("t1", asked={"con_1"})


def says(open_turn: OpenTurn, kind: str, **fields) -> list:
    return open_turn.take("con_1", {"type": kind, "turn_id": "t1", **fields})


def test_the_last_piece_may_come_with_the_end():
    reply = turn()
    assert says(reply, "response_delta", index=0, text="One. ") == [HandlerDelta("t1", "One. ")]
    assert says(reply, "response_end", index=1, text="Two.") == [
        HandlerDelta("t1", "Two."),
        HandlerDone("t1"),
    ]


def test_an_end_that_overtook_a_piece_waits_for_it():
    reply = turn()
    assert says(reply, "response_end", index=2) == []
    assert says(reply, "response_delta", index=1, text="b") == []
    assert says(reply, "response_delta", index=0, text="a") == [
        HandlerDelta("t1", "a"),
        HandlerDelta("t1", "b"),
        HandlerDone("t1"),
    ]
    assert says(reply, "response", text="again") == []


def test_pieces_without_a_number_are_the_next():
    reply = turn()
    assert says(reply, "response_delta", text="One. ") == [HandlerDelta("t1", "One. ")]
    assert says(reply, "response_delta", text="Two. ") == [HandlerDelta("t1", "Two. ")]
    assert says(reply, "response_end", text="Three.") == [HandlerDelta("t1", "Three."), HandlerDone("t1")]
    silent = turn()
    assert says(silent, "response_end") == [HandlerDone("t1")]


def test_pieces_that_are_counted_from_one_are_spoken_at_the_end():
    reply = turn()
    assert says(reply, "response_delta", index=2, text="Two.") == []
    assert says(reply, "response_delta", index=1, text="One. ") == []
    assert says(reply, "response_end", index=2) == [
        HandlerDelta("t1", "One. "),
        HandlerDelta("t1", "Two."),
        HandlerDone("t1"),
    ]


def test_an_end_that_repeats_the_last_piece_ends_it():
    reply = turn()
    says(reply, "response_delta", index=0, text="One.")
    assert says(reply, "response_end", index=0, text="One.") == [HandlerDone("t1")]


def test_a_whole_reply_after_pieces_only_ends_it():
    reply = turn()
    says(reply, "response_delta", index=0, text="a")
    assert says(reply, "response", text="a") == [HandlerDone("t1")]


@pytest.mark.parametrize(
    ("code", "told"),
    [("handler_timeout", "handler_timeout"), ("anything", "handler_error"), (None, "handler_error")],
)
def test_a_handler_that_failed_says_how(code, told):
    assert says(turn(), "response_error", code=code, message="why") == [HandlerFailed("t1", told, "why")]


def test_nonsense_in_a_frame_is_no_reply():
    reply = turn()
    assert says(reply, "response_delta", index="x", text="") == []
    assert says(reply, "somewhere else") == []
    assert says(reply, "response", text="") == [HandlerDone("t1")]


def test_a_reply_that_never_ends_is_ended():
    reply = turn()
    assert [type(event) for event in says(reply, "response", text="x" * (MOST_CHARS + 1))] == [HandlerFailed]
    ahead = turn()
    for index in range(1, MOST_AHEAD + 5):
        says(ahead, "response_delta", index=index, text="x")
    assert len(ahead._ahead) == MOST_AHEAD


def test_only_known_fields_of_a_reply_travel_on():
    frame = {
        "type": "response",
        "call_id": "c",
        "turn_id": "t1",
        "text": "a\ud800\x00b",
        "more": [1],
        "index": True,
    }
    assert reply_of(frame) == {"type": "response", "turn_id": "t1", "text": "a?b"}
    long = reply_of({"type": "response_delta", "text": "x" * (MOST_CHARS + 50), "index": 3})
    assert (len(long["text"]), long["index"]) == (MOST_CHARS + 1, 3)
