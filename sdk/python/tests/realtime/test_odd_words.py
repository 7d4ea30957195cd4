"""Halves of characters and control characters, from whoever: a session takes what it is given."""

from __future__ import annotations

from patter.bridge.commands import HandlerAsk, SpeechSend
from patter.bridge.events import HandlerDelta, HandlerDone, SayAsked
from patter.testing.realtime_scene import Scene


def asked_to_read(call: Scene) -> str:
    return str(call.of_type("response.create")[-1]["response"]["instructions"]).rpartition("\n\n")[2]


def test_what_a_handler_gives_in_two_halves_is_read_as_one() -> None:
    call = Scene(reply_by="handler")
    call.says("who are you")
    turn_id = call.last(HandlerAsk).turn_id
    call.feed(HandlerDelta(turn_id, "Hi \ud83d"), HandlerDelta(turn_id, "\ude42 there\x00.\ud83d"))
    call.feed(HandlerDone(turn_id))
    assert asked_to_read(call) == "Hi there."


def test_everything_that_a_session_is_sent_can_be_sent() -> None:
    call = Scene(system_prompt="Be \ud83d kind.", first_message="Hello \ud83d.")
    call.feed(SayAsked("One \udc00 moment."))
    texts = [sent.message for sent in call.all(SpeechSend) if isinstance(sent.message, str)]
    assert texts and [text.encode().decode() for text in texts] == texts
