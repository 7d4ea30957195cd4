"""What is said when no session can: another voice where there is one, and what it may not spoil."""

import pytest

from patter.bridge.commands import Clear, HandlerAsk, HangUp, Play, TtsSay
from patter.bridge.events import HandlerDelta, HandlerDone, HangUpDone, TtsAudio, TtsDone, TtsFailed
from patter.bridge.plan import Phrases, ProviderSpec
from patter.engines.realtime.wire import Trouble
from patter.testing.realtime_scene import Scene

OTHER = ProviderSpec("offline")


def without_sessions(*, fails: bool) -> Scene:
    """The last session is over; the other voice is asked for the apology, and speaks or fails."""
    call = Scene(tts=OTHER)
    call.says("a table please")
    call.replies("For which day?")
    call.pass_ms(1500)
    call.provider(Trouble("insufficient_quota", "no money"))
    done = 0
    while done < len(call.all(TtsSay)):
        say_id = call.all(TtsSay)[done].say_id
        done += 1
        if fails:
            call.feed(TtsFailed(say_id, "gone"))
        else:
            call.feed(TtsAudio(say_id, b"\x90" * 8000), TtsDone(say_id))
    return call


def test_the_apology_comes_in_the_other_voice_and_is_heard_before_the_end():
    call = without_sessions(fails=False)
    assert " ".join(say.text.strip() for say in call.all(TtsSay)) == Phrases().apology
    assert not call.all(HangUp)
    call.pass_ms(8000)
    assert call.turns[-1] == ("assistant", Phrases().apology)
    call.feed(HangUpDone())
    assert call.end is not None and call.end.reason == "provider_error"


def test_where_the_other_voice_fails_too_the_carrier_speaks():
    call = without_sessions(fails=True)
    played = len(call.all(Play))
    call.pass_ms(8000)
    assert len(call.all(Play)) == played
    assert Phrases().apology in call.last(HangUp).say


@pytest.mark.parametrize("words", ["", "wait"])
def test_a_voice_that_stopped_a_handlers_reply_is_answered_with_or_without_words(words):
    call = Scene(reply_by="handler")
    call.says("when are you open")
    turn_id = call.last(HandlerAsk).turn_id
    text = "We open at nine in the morning."
    call.feed(HandlerDelta(turn_id, text), HandlerDone(turn_id))
    call.reads(text)
    call.pass_ms(700)
    call.says(words)
    assert call.all(Clear)
    if words:
        assert call.last(HandlerAsk).text == words
    else:
        read = call.of_type("response.create")[-1]["response"]["instructions"]
        assert "I did not get that" in read
