"""What OpenAI's rules ask of a call: late sound, order, what is cancelled, what a session hears."""

from __future__ import annotations

import pytest

from patter.bridge.commands import Clear, HandlerAsk, Play, SpeechSend
from patter.bridge.events import DigitPressed, HandlerDelta, HandlerDone, SpeechClosed
from patter.bridge.keypad import Keypad
from patter.bridge.plan import TurnTaking
from patter.engines.realtime.wire import (
    AudioDelta,
    AudioDone,
    Committed,
    ResponseCreated,
    ResponseDone,
    SessionUpdated,
    SpeechStarted,
    TextDelta,
    TextDone,
    UserSaid,
)
from patter.testing.realtime_scene import Scene
from patter.testing.sound import played_ms

SOUND = b"\x90" * 8000


class Mute(Scene):
    """The session says nothing by itself: its settings are not in force yet."""

    def _begin(self) -> None: ...


def frames(call: Scene) -> list[SpeechSend]:
    """The caller's voice, as the present session was given it."""
    sent = call.all(SpeechSend)
    return [one for one in sent if isinstance(one.message, bytes) and one.speech_id == call.speech_id]


def test_sound_and_words_of_a_response_that_was_cut_are_no_part_of_the_next() -> None:
    call = Scene()
    call.says("what is there")
    call.provider(ResponseCreated("r1", ""), AudioDelta("r1", "a1", SOUND), TextDelta("r1", "a1", "Soup"))
    call.pass_ms(500)
    call.says("no, the fish")
    call.provider(ResponseDone("r1", "", "cancelled"), ResponseCreated("r2", ""))
    before = call.all(Play)
    call.provider(AudioDelta("r1", "a1", SOUND), TextDelta("r1", "a1", " and bread"), AudioDone("r1", "a1"))
    assert call.all(Play) == before
    call.provider(AudioDelta("r2", "a2", SOUND), TextDone("r2", "a2", "Trout."), AudioDone("r2", "a2"))
    call.provider(ResponseDone("r2", "", "completed"))
    call.pass_ms(1500)
    assert played_ms(call.all(Play)) == played_ms(before) + 1000
    assert call.turns[-1] == ("assistant", "Trout.")


@pytest.mark.parametrize("order", ["in order", "words first", "items first", "all turned round"])
def test_turns_stand_in_the_order_of_their_items_however_they_are_told(order: str) -> None:
    call = Scene(reply_by="handler")
    items = [Committed("u1", ""), Committed("u2", "u1")]
    words = [UserSaid("u1", "a table"), UserSaid("u2", "for two")]
    if order in ("items first", "all turned round"):
        items.reverse()
    if order in ("words first", "all turned round"):
        words.reverse()
    call.provider(*items, *words)
    assert call.last(HandlerAsk).text == "a table for two"


def test_a_sentence_of_ours_is_cancelled_by_us_where_the_server_stops_only_its_own() -> None:
    call = Scene(turn_taking=TurnTaking(idle_prompt_s=3))
    call.pass_ms(3100)
    tag = call.of_type("response.create")[-1]["event_id"]
    assert call.automatic
    call.provider(ResponseCreated("r1", tag), AudioDelta("r1", "a1", SOUND))
    call.pass_ms(400)
    call.provider(SpeechStarted("u1", call.media_ms))
    assert [cancel["response_id"] for cancel in call.of_type("response.cancel")] == ["r1"]


def test_a_reply_that_nobody_allowed_the_server_to_make_is_cancelled_and_not_heard() -> None:
    call = Scene(reply_by="handler")
    call.says("hello")
    call.provider(ResponseCreated("auto", ""), AudioDelta("auto", "a1", SOUND))
    assert [cancel["response_id"] for cancel in call.of_type("response.cancel")] == ["auto"]
    assert not call.all(Play)
    turn_id = call.last(HandlerAsk).turn_id
    call.feed(HandlerDelta(turn_id, "Good day."), HandlerDone(turn_id))
    assert not call.of_type("response.create"), "one response at a time"
    call.provider(ResponseDone("auto", "", "cancelled"))
    call.reads("Good day.")
    assert call.all(Play)


def test_the_session_hears_nothing_before_its_settings_and_then_the_last_two_seconds() -> None:
    call = Mute()
    call.pass_ms(1000)
    assert frames(call) == []
    call.provider(SessionUpdated())
    assert len(frames(call)) == 50
    call.pass_ms(200)
    assert len(frames(call)) == 60


@pytest.mark.parametrize(("spoken_ms", "given"), [(1200, 80), (5000, 100)])
def test_the_next_session_hears_what_was_not_an_utterance_yet(spoken_ms: int, given: int) -> None:
    call = Scene()
    call.says("hello")
    call.pass_ms(spoken_ms)
    call.feed(SpeechClosed(call.speech_id, 1006, ""))
    call.pass_ms(400)
    call.provider(SessionUpdated())
    assert call.speech_id == "speech2" and len(frames(call)) == given


def test_the_first_key_of_an_entry_stops_the_voice_at_once() -> None:
    call = Scene(keypad=Keypad(collect=True, max_digits=4))
    call.says("hello")
    call.replies("Please enter your number now, and then the hash key.")
    call.pass_ms(500)
    call.feed(DigitPressed("1"))
    assert call.all(Clear) and not call.of_type("response.create")


def test_a_reading_that_was_cancelled_and_never_says_so_is_not_waited_for() -> None:
    call = Scene(reply_by="handler")
    call.says("hello")
    for text in ("Good day to you.", "As you like."):
        turn_id = call.last(HandlerAsk).turn_id
        call.feed(HandlerDelta(turn_id, text), HandlerDone(turn_id))
        if text == "Good day to you.":
            tag = call.of_type("response.create")[-1]["event_id"]
            call.provider(ResponseCreated("r1", tag), AudioDelta("r1", "a1", SOUND))
            call.pass_ms(500)
            call.says("no, wait")
    assert len(call.of_type("response.create")) == 1
    call.pass_ms(3100)
    call.reads("As you like.")
    call.pass_ms(1000)
    assert call.turns[-1] == ("assistant", "As you like.") and "speech.failed" not in call.kinds
