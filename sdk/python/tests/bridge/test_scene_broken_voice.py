"""A voice breaks off within a chunk: what is missing is said by the next one, and nothing is said twice."""

from __future__ import annotations

import pytest

from patter.bridge.commands import Play, TtsSay
from patter.bridge.events import TtsAudio, TtsDone, TtsFailed, WordTime
from patter.testing.scene import Scene

TEXT = "One is here. Two is there now."
MS = 8
"""Bytes of a millisecond."""


def answered(text: str = TEXT) -> Scene:
    call = Scene(speaks=False).open()
    call.says("hello there")
    call.handler_says(text)
    return call


def breaks(call: Scene, at_ms: int, words: tuple[WordTime, ...] = ()) -> TtsSay:
    """The first chunk's audio ends here. Gives what is asked for then."""
    first = call.all(TtsSay)[0]
    call.feed(TtsAudio(first.say_id, b"\x90" * MS * at_ms, words), TtsFailed(first.say_id, "cut", tried=True))
    said = call.last(TtsSay)
    assert isinstance(said, TtsSay)
    return said


def speaks(call: Scene, *says: TtsSay) -> None:
    for say in says:
        call.speak(say.say_id, say.text)


def test_the_rest_is_said_from_the_word_within_which_it_broke() -> None:
    call = answered()
    rest = breaks(call, 400)
    assert rest.text == "here."
    speaks(call, rest, call.all(TtsSay)[1])
    call.pass_ms(4000)
    assert call.turns == [("user", "hello there"), ("assistant", TEXT)]
    assert len(call.played) == MS * (400 + 50 * len("here.Two is there now."))
    assert "reply.failed" not in call.kinds
    call.check()


def test_times_of_words_tell_it_exactly() -> None:
    call = answered()
    assert breaks(call, 400, (WordTime(0, 3, 200),)).text == "is here."
    assert breaks(answered(), 400, (WordTime(0, 3, 500),)).text == "One is here."


def test_a_chunk_of_which_everything_was_said_is_not_said_again() -> None:
    call = answered()
    breaks(call, 900, (WordTime(0, 3, 200), WordTime(4, 6, 500), WordTime(7, 12, 900)))
    assert [say.text for say in call.all(TtsSay)] == ["One is here.", "Two is there now."]
    speaks(call, call.last(TtsSay))
    call.pass_ms(4000)
    assert call.turns[-1] == ("assistant", TEXT)


def test_a_chunk_that_was_not_played_yet_is_said_anew_by_one_voice() -> None:
    call = answered()
    first, second = call.all(TtsSay)
    call.feed(TtsAudio(second.say_id, b"\x22" * MS * 300), TtsFailed(second.say_id, "cut", tried=True))
    assert call.all(TtsSay)[2:] == [second]
    call.feed(TtsAudio(second.say_id, b"\x33" * MS * 300), TtsDone(second.say_id))
    call.feed(TtsAudio(first.say_id, b"\x11" * MS * 300), TtsDone(first.say_id))
    call.pass_ms(2000)
    assert bytes(call.played) == b"\x11" * MS * 300 + b"\x33" * MS * 300
    assert call.turns[-1] == ("assistant", TEXT)


def test_a_second_break_leaves_what_was_heard() -> None:
    call = answered()
    rest = breaks(call, 400)
    call.feed(TtsFailed(rest.say_id, "cut"))
    call.pass_ms(1000)
    assert call.turns[-1] == ("assistant", "One is")
    assert "Sorry, I did not get that." in [say.text for say in call.all(TtsSay)]
    call.check()


def test_a_voice_that_owes_the_rest_and_is_silent_is_stopped_and_asked_once_more() -> None:
    call = answered()
    first = call.all(TtsSay)[0]
    call.feed(TtsAudio(first.say_id, b"\x90" * MS * 400))
    call.pass_ms(8100)
    rest = call.last(TtsSay)
    assert rest.text == "here." and rest.say_id != first.say_id
    played = len(call.all(Play))
    call.feed(TtsAudio(first.say_id, b"\x90" * MS * 400))
    assert len(call.all(Play)) == played, "nothing of the one that was given up is heard"


@pytest.mark.parametrize("heard_ms", [500, 900])
def test_a_caller_who_speaks_over_the_rest_has_heard_so_much(heard_ms: int) -> None:
    call = answered("One is **here** now and stays there.")
    rest = breaks(call, 400)
    speaks(call, rest)
    call.pass_ms(heard_ms)
    call.hears("stop it please")
    [heard] = [text for role, text in call.turns if role == "assistant"]
    assert heard.startswith("One is") and not heard.endswith("there.")
    call.check()
