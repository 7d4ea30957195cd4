"""How a response may end, and what the caller hears of it: whole, cancelled, incomplete, failed, refused."""

import pytest

from patter.bridge.commands import Clear, HandlerAsk, HandlerStop, HangUp, ToolRun, TtsSay
from patter.bridge.events import (
    DigitPressed,
    HandlerDelta,
    HandlerDone,
    HandlerFailed,
    SpeechClosed,
    TtsAudio,
    TtsDone,
    TtsFailed,
)
from patter.bridge.plan import Phrases, ProviderSpec, TurnTaking
from patter.engines.realtime.wire import (
    AudioDelta,
    AudioDone,
    Committed,
    ResponseCreated,
    ResponseDone,
    SessionUpdated,
    SpeechStarted,
    SpeechStopped,
    TextDelta,
    ToolCalled,
    Trouble,
    UserSaid,
)
from patter.testing.realtime_scene import Scene

SOUND = b"\x90" * 8000
LIMIT = Trouble("rate_limit_exceeded", "too fast")


def asked(**plan) -> Scene:
    """A caller who said something, and a response that has begun by itself."""
    call = Scene(**plan)
    call.says("what is there")
    call.provider(ResponseCreated("r9", ""))
    return call


def read_aloud(call: Scene) -> str:
    return call.of_type("response.create")[-1]["response"].get("instructions", "").rpartition("\n\n")[2]


def test_a_caller_who_goes_on_before_a_word_was_said_has_one_turn():
    call = asked()
    call.provider(SpeechStarted("u2", 0), ResponseDone("r9", "", "cancelled"))
    call.provider(SpeechStopped("u2", 0), Committed("u2", ""), UserSaid("u2", "for lunch"))
    call.replies("Soup.")
    call.pass_ms(1500)
    assert call.turns == [("user", "what is there for lunch"), ("assistant", "Soup.")]


def test_what_an_incomplete_response_said_is_heard_and_kept():
    call = asked()
    call.provider(AudioDelta("r9", "a9", SOUND), TextDelta("r9", "a9", "There is"), AudioDone("r9", "a9"))
    call.provider(ResponseDone("r9", "", "incomplete"))
    call.pass_ms(2000)
    assert call.turns[-1] == ("assistant", "There is") and "reply.incomplete" in call.kinds


def test_an_incomplete_response_without_a_word_is_no_silence():
    call = asked()
    call.provider(ResponseDone("r9", "", "incomplete"))
    assert Phrases().retry.startswith(read_aloud(call))


@pytest.mark.parametrize("error", [LIMIT, None])
def test_a_response_that_fails_three_times_is_apologised_for(error):
    call = asked()
    for at in range(3):
        tag = call.of_type("response.create")[-1]["event_id"] if at else ""
        if at:
            call.provider(ResponseCreated(f"r9{at}", tag))
        call.provider(ResponseDone(f"r9{at}" if at else "r9", tag, "failed", error))
        call.pass_ms(600)
    assert call.kinds.count("response.failed") == 3
    assert Phrases().retry.startswith(read_aloud(call))


def test_a_reading_that_fails_is_read_again_and_not_from_its_middle():
    call = Scene(first_message="Hello, this is Acme.")
    tag = call.of_type("response.create")[-1]["event_id"]
    call.provider(ResponseCreated("r1", tag), ResponseDone("r1", tag, "failed", LIMIT))
    call.pass_ms(600)
    assert read_aloud(call) == "Hello, this is Acme."
    call.reads("Hello, this is Acme.")
    call.pass_ms(2000)
    assert call.turns == [("assistant", "Hello, this is Acme.")]


@pytest.mark.parametrize("told", ["", "Hello, this", "Hello, this is Acme. What"])
def test_a_reading_that_breaks_within_a_word_goes_on_from_that_word(told):
    greeting = "Hello, this is Acme and nobody else"
    call = Scene(first_message=greeting)
    tag = call.of_type("response.create")[-1]["event_id"]
    call.provider(ResponseCreated("r9", tag), AudioDelta("r9", "a9", b"\x90" * 5600))
    if told:
        call.provider(TextDelta("r9", "a9", told))
    call.feed(SpeechClosed(call.speech_id, 1006, ""))
    call.pass_ms(400)
    call.provider(SessionUpdated())
    rest = read_aloud(call)
    assert greeting.endswith(rest) and rest.startswith("this")
    call.reads(rest)
    call.pass_ms(4000)
    assert call.turns == [("assistant", greeting)]


def test_a_reading_that_was_complete_is_not_read_again():
    call = Scene(first_message="Hello, this is Acme.")
    tag = call.of_type("response.create")[-1]["event_id"]
    call.provider(ResponseCreated("r1", tag), AudioDelta("r1", "a1", SOUND), AudioDone("r1", "a1"))
    call.provider(ResponseDone("r1", tag, "failed", LIMIT))
    call.pass_ms(3000)
    assert len(call.of_type("response.create")) == 1
    assert call.turns == [("assistant", "Hello, this is Acme.")]


def test_a_reading_that_is_refused_for_good_ends_the_call_in_the_carriers_voice():
    call = Scene(reply_by="handler")
    call.says("hello")
    call.feed(HandlerDelta(call.last(HandlerAsk).turn_id, "Hi."), HandlerDone(call.last(HandlerAsk).turn_id))
    for _ in range(3):
        call.provider(Trouble("invalid_value", "", call.of_type("response.create")[-1]["event_id"]))
        call.pass_ms(600)
    assert call.last(HangUp).say == Phrases().apology


def test_a_handler_that_breaks_after_its_first_words_is_heard_and_the_caller_is_asked_again():
    call = Scene(reply_by="handler")
    call.says("hello")
    turn_id = call.last(HandlerAsk).turn_id
    call.feed(HandlerDelta(turn_id, "We open at nine."), HandlerFailed(turn_id, "handler_error"))
    for text in ("We open at nine.", "Sorry, I did not get that.", "Could you say it again?"):
        call.reads(text)
    call.pass_ms(5000)
    assert call.turns[-1][1].startswith("We open at nine. Sorry")


def test_a_handler_that_is_late_is_stopped_and_the_caller_hears_a_filler_first():
    call = Scene(reply_by="handler", phrases=Phrases(filler="One moment please."))
    call.says("hello")
    call.pass_ms(1600)
    assert read_aloud(call) == "One moment please."
    call.reads("One moment please.")
    call.pass_ms(19_500)
    assert call.last(HandlerStop).heard == "" and "reply.failed" in call.kinds
    assert Phrases().retry.startswith(read_aloud(call))
    call.says("hello?")
    assert ("system", "One moment please.") in call.turns


def test_a_response_that_was_asked_for_and_is_not_wanted_any_more_is_cancelled_as_it_begins():
    call = Scene()
    call.feed(DigitPressed("1"))
    tag = call.of_type("response.create")[-1]["event_id"]
    call.feed(DigitPressed("2"))
    call.provider(ResponseCreated("r1", tag))
    assert call.of_type("response.cancel")[-1]["response_id"] == "r1"


def test_a_server_that_does_not_reply_by_itself_is_asked_to():
    call = Scene()
    call.says("hello")
    assert not call.of_type("response.create")
    call.pass_ms(3100)
    call.reads("Hi.")
    call.pass_ms(1000)
    assert call.turns == [("user", "hello"), ("assistant", "Hi.")]


def test_a_reply_that_was_expected_when_the_session_broke_is_made_by_the_next():
    call = Scene()
    call.says("what is there")
    call.feed(SpeechClosed(call.speech_id, 1006, ""))
    call.pass_ms(400)
    call.provider(SessionUpdated())
    assert call.items[-1]["content"][0]["text"] == "what is there"
    call.reads("Soup.")
    call.pass_ms(1500)
    assert call.turns == [("user", "what is there"), ("assistant", "Soup.")]


def test_a_reply_that_broke_off_goes_on_where_the_caller_heard_it_end():
    call = asked()
    call.provider(AudioDelta("r9", "a9", SOUND), TextDelta("r9", "a9", "There is soup"))
    call.feed(SpeechClosed(call.speech_id, 1006, ""))
    call.pass_ms(400)
    call.provider(SessionUpdated())
    told = call.items[-1]
    assert told["role"] == "system" and "'There is soup'" in told["content"][0]["text"]
    call.reads("and bread.")
    call.pass_ms(4000)
    assert call.turns[-1] == ("assistant", "There is soup and bread.")


def test_tools_of_a_reply_whose_session_broke_are_known_to_the_next():
    call = Scene()
    call.says("book it")
    call.replies("", ToolCalled("", "call_1", "book", ""))
    run = call.last(ToolRun)
    call.feed(SpeechClosed(call.speech_id, 1006, ""))
    call.pass_ms(400)
    call.provider(SessionUpdated())
    assert (call.items[-1]["type"], call.items[-1]["arguments"]) == ("function_call", "{}")
    call.tool({"done": True})
    assert call.items[-1]["call_id"] == call.items[-2]["call_id"] == "call_1"
    assert call.of_type("response.create") and run.name == "book"


def test_a_spare_voice_that_never_begins_gives_way_to_the_carriers():
    call = Scene(tts=ProviderSpec("offline"))
    call.provider(Trouble("insufficient_quota", ""))
    assert call.all(TtsSay)
    call.pass_ms(7000)
    assert call.last(HangUp).say == Phrases().apology


def test_what_a_spare_voice_says_unasked_is_nothing():
    call = Scene(tts=ProviderSpec("offline"))
    known = len(call.commands)
    call.feed(TtsAudio("spare9", SOUND), TtsDone("spare9"), TtsFailed("spare9", "gone"))
    assert call.commands[known:] == []


def test_a_voice_over_a_response_without_sound_stops_nothing():
    call = asked()
    call.provider(SpeechStarted("u2", 0))
    assert not call.all(Clear) and "reply.cut" not in call.kinds


def test_an_item_that_ends_before_it_began_is_nothing():
    call = asked()
    call.provider(AudioDone("r9", "a9"), ResponseDone("r9", "", "completed"))
    assert call.turns == [("user", "what is there")] and call.end is None


def test_settings_that_are_in_force_twice_change_nothing():
    call = Scene()
    known = len(call.commands)
    call.provider(SessionUpdated())
    assert call.commands[known:] == []


def test_a_response_that_was_cut_and_never_says_so_costs_no_session():
    call = Scene()
    call.says("what is there")
    call.provider(ResponseCreated("r9", ""), AudioDelta("r9", "a9", SOUND), AudioDone("r9", "a9"))
    call.pass_ms(500)
    call.says("and what else")
    call.replies("Nothing.")
    call.pass_ms(4000)
    assert call.turns[-1] == ("assistant", "Nothing.") and "speech.failed" not in call.kinds


@pytest.mark.parametrize("how", ["fails", "is late"])
def test_what_a_handler_gave_before_it_failed_is_said_though_it_was_no_whole_sentence_yet(how):
    call = Scene(reply_by="handler", turn_taking=TurnTaking(handler_timeout_s=3))
    call.says("hello")
    turn_id = call.last(HandlerAsk).turn_id
    call.feed(HandlerDelta(turn_id, "We open at nine"))
    if how == "fails":
        call.feed(HandlerFailed(turn_id, "handler_error"))
    call.pass_ms(3100)
    call.reads(f"We open at nine {Phrases().retry}")
    call.pass_ms(6000)
    assert call.turns[-1][1].startswith("We open at nine Sorry")
