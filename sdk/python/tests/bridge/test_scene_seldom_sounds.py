"""A voice's answer without sound, or of nobody's, and a caller who begins again before there is an answer."""

from __future__ import annotations

from patter.bridge.commands import Play, TtsSay
from patter.bridge.events import TtsAudio, TtsDone
from patter.testing.scene import VOICE, Scene


def test_sound_of_no_length_and_the_end_of_an_unknown_chunk_change_nothing() -> None:
    call = Scene(speaks=False, first_message="Hello.").open()
    say_id = call.last(TtsSay).say_id
    call.feed(TtsAudio(say_id, b""), TtsDone("unknown"))
    assert not call.all(Play) and call.end is None
    call.feed(TtsAudio(say_id, VOICE * 10), TtsDone(say_id))
    call.pass_ms(1500)
    assert call.turns == [("assistant", "Hello.")]
    call.check()


def test_a_caller_who_begins_again_is_waited_for_as_before() -> None:
    call = Scene().open()
    call.says("I want a table.")
    call.pass_ms(300)
    for _ in range(2):
        call.pass_ms(300, VOICE)
        call.pass_ms(400)
    call.pass_ms(200, VOICE)
    call.handler_says("For when?")
    assert not call.all(Play), "it is not said over them"
    call.pass_ms(4000)
    assert ("assistant", "For when?") in call.turns
    call.check()
