"""Who speaks, who is cut, what history holds. On the test's own clock."""

from __future__ import annotations

from patter.bridge.commands import Clear, HandlerAsk, HandlerStop, Note, SpeechOpen, TtsSay
from patter.bridge.events import (
    CarrierEnded,
    DigitPressed,
    HandlerDelta,
    HandlerDone,
    HangUpAsked,
    LegLost,
    LegStopped,
    SayAsked,
    SpeechClosed,
    SpeechFailed,
    SpeechMessage,
    SpeechOpened,
    TtsFailed,
)
from patter.bridge.keypad import Keypad
from patter.bridge.plan import TurnTaking
from patter.bridge.records import Interim
from patter.engines.convai.wanted import ReplyUnwanted
from patter.engines.convai.wire import (
    AgentAudio,
    AgentCorrection,
    AgentText,
    CallerChunk,
    CallerText,
    Initiation,
    Interruption,
    Metadata,
    Ping,
    Pong,
    UserMessage,
)
from patter.testing.scene import VOICE

from .scene import ConvaiScene

LONG = "First we open at nine, then we serve lunch, and at night we dance until two."


def greeted(**plan: object) -> ConvaiScene:
    call = ConvaiScene(first_message="Hi.", **plan).open()
    call.agent_says("Hi.")
    call.pass_ms(1500)
    return call


def test_audio_before_the_conversation_is_kept_for_two_seconds_and_comes_first() -> None:
    call = ConvaiScene(begins=False).open()
    call.pass_ms(3000)
    call.feed(SpeechOpened(call.speech_id))
    assert call.sent(CallerChunk) == []
    call.gets(Metadata("conv_1", "ulaw_8000", "ulaw_8000"))
    assert sum(len(chunk.payload) for chunk in call.sent(CallerChunk)) == 2000 * 8
    call.pass_ms(20, VOICE)
    assert call.sent(CallerChunk)[-1].payload == VOICE


def test_a_ping_is_answered_at_once() -> None:
    call = greeted()
    call.gets(Ping(7))
    assert call.sent(Pong) == [Pong(7)]


def test_a_conversation_is_told_what_the_call_is() -> None:
    call = ConvaiScene(
        first_message="Hi.",
        system_prompt="Be kind.",
        reply_by="model",
        caller="+1555",
        custom_params={"vip": "1"},
    ).open()
    [message] = call.sent(Initiation)
    assert message.overrides == {"agent": {"prompt": {"prompt": "Be kind."}, "first_message": "Hi."}}
    assert message.variables["vip"] == "1" and message.variables["patter_caller"] == "+1555"


def test_a_greeting_that_is_to_wait_waits() -> None:
    call = ConvaiScene(first_message="Hi.", turn_taking=TurnTaking(first_message_delay_ms=500)).open()
    call.pass_ms(480)
    assert call.sent(Initiation) == []
    call.pass_ms(40)
    assert len(call.sent(Initiation)) == 1


def test_a_caller_who_is_to_speak_first_and_does_not_is_greeted() -> None:
    call = ConvaiScene(
        first_message="Hi.", first_speaker="caller", turn_taking=TurnTaking(idle_prompt_s=2)
    ).open()
    assert call.sent(Initiation)[0].overrides == {"agent": {"first_message": ""}}
    call.pass_ms(2100)
    assert call.given(call.wants(call.sent(UserMessage)[0].text)) == "Hi."


def test_the_transcript_and_the_request_for_its_reply_are_one_turn_in_either_order() -> None:
    call = greeted()
    call.caller_says("What are your hours?")
    call.wants("what are your hours")
    call.handler_says("Nine to five.")
    call.agent_says("Nine to five.")
    call.pass_ms(2500)
    call.wants("And on Sundays?", 2)
    call.caller_says("and on sundays")
    call.handler_says("Closed.")
    call.agent_says("Closed.")
    call.pass_ms(2500)
    assert call.turns == [
        ("assistant", "Hi."),
        ("user", "What are your hours?"),
        ("assistant", "Nine to five."),
        ("user", "And on Sundays?"),
        ("assistant", "Closed."),
    ]


def test_words_before_anything_was_heard_are_one_turn_and_the_first_handler_is_stopped() -> None:
    call = greeted()
    call.wants("I want a table")
    first = call.last(HandlerAsk)
    call.gets(ReplyUnwanted("ask1"))
    call.wants("for four people", 2)
    second = call.last(HandlerAsk)
    assert call.all(HandlerStop) == [HandlerStop(first.turn_id, "")]
    assert second.text == "I want a table for four people" and second.turn_id != first.turn_id
    assert [turn["role"] for turn in second.history] == ["assistant", "user"]


def test_a_text_that_comes_whole_once_more_is_not_said_twice() -> None:
    call = greeted()
    call.wants("I want a table")
    call.wants("I want a table for four", 1)
    assert call.last(HandlerAsk).text == "I want a table for four"


def test_the_same_message_in_one_turn_asks_the_handler_once() -> None:
    call = greeted()
    first = call.wants("hello")
    call.feed(HandlerDelta(call.last(HandlerAsk).turn_id, "Good day to you. And"))
    call.gets(ReplyUnwanted(first))
    second = call.wants("Hello.")
    call.feed(HandlerDelta(call.last(HandlerAsk).turn_id, " how are you?"))
    call.feed(HandlerDone(call.last(HandlerAsk).turn_id))
    assert call.asked == ["hello"]
    assert call.given(second) == "Good day to you. And how are you? "
    assert call.ended(second) and not call.ended(first)


def test_the_same_words_in_another_turn_are_asked_again() -> None:
    call = greeted()
    call.wants("yes")
    call.handler_says("Really?")
    call.agent_says("Really?")
    call.pass_ms(2500)
    call.wants("yes", 2)
    assert call.asked == ["yes", "yes"]


def test_markdown_of_a_handler_is_not_for_ears() -> None:
    call = greeted()
    ask = call.wants("hello")
    call.handler_says("**Hello** from [us](https://acme.example).")
    assert call.given(ask) == "Hello from us. "


def test_none_from_a_handler_is_silence() -> None:
    call = greeted()
    ask = call.wants("hm well")
    call.feed(HandlerDone(call.last(HandlerAsk).turn_id))
    assert call.ended(ask) and call.given(ask) == ""
    call.pass_ms(5000)
    assert call.turns[-1] == ("user", "hm well") and not call.all(TtsSay)


def test_an_interruption_clears_and_history_holds_what_was_heard() -> None:
    call = greeted()
    call.wants("tell me")
    call.handler_says(LONG)
    call.agent_says(LONG)
    call.pass_ms(1500)
    call.gets(Interruption(call.event_id))
    assert call.all(Clear)
    late = AgentAudio(call.event_id, b"\x90" * 1600)
    played = len(call.played)
    call.gets(late)
    call.pass_ms(200)
    assert len(call.played) == played
    call.caller_says("stop")
    role, text = call.turns[-1]
    assert role == "assistant" and text.startswith("First we open at nine") and "dance" not in text
    assert call.all(HandlerStop) == [HandlerStop("t2", text)] or call.last(HandlerStop).heard == text


def test_a_correction_that_says_less_is_believed() -> None:
    call = greeted()
    call.wants("tell me")
    call.handler_says(LONG)
    call.agent_says(LONG)
    call.pass_ms(2500)
    call.gets(Interruption(call.event_id), AgentCorrection("First we open..."))
    call.caller_says("stop")
    assert call.turns[-1] == ("assistant", "First we open")


def test_a_key_cuts_the_agent_and_what_is_left_of_its_answer_is_not_played() -> None:
    call = greeted()
    call.wants("tell me")
    call.handler_says(LONG)
    call.agent_says(LONG)
    call.pass_ms(1500)
    call.feed(DigitPressed("1"))
    assert call.all(Clear) and call.sent(UserMessage) == [UserMessage("[DTMF: 1]")]
    played = len(call.played)
    call.event_id += 1
    call.gets(AgentAudio(call.event_id, b"\x90" * 1600))  # of the old answer
    call.pass_ms(300)
    assert len(call.played) == played
    call.wants("[DTMF: 1]", 2)
    assert call.last(HandlerAsk).text == "[DTMF: 1]"
    call.handler_says("Sales.")
    call.agent_says("Sales.")
    call.pass_ms(2500)
    assert call.turns[-2:] == [("user", "[DTMF: 1]"), ("assistant", "Sales.")]


def test_keys_of_an_entry_are_one_message() -> None:
    call = greeted(keypad=Keypad(collect=True, max_digits=4))
    for digit in "1234":
        call.feed(DigitPressed(digit))
    assert call.sent(UserMessage) == [UserMessage("[DTMF: 1234]")]


def test_a_text_that_somebody_wants_said_is_said_word_for_word_with_a_handler() -> None:
    call = greeted()
    call.feed(SayAsked("The doors close in five minutes."))
    ask = call.wants(call.sent(UserMessage)[-1].text)
    assert call.given(ask) == "The doors close in five minutes." and call.asked == []
    call.agent_says("The doors close in five minutes.")
    call.pass_ms(4000)
    assert call.turns[-1] == ("assistant", "The doors close in five minutes.")


def test_a_text_that_the_agent_does_not_say_is_said_in_our_own_voice() -> None:
    call = greeted(reply_by="model")
    call.feed(SayAsked("The doors close."))
    assert "The doors close." in call.sent(UserMessage)[-1].text
    call.pass_ms(4100)
    assert call.last(TtsSay).text == "The doors close."
    call.pass_ms(2000)
    assert call.turns[-1] == ("assistant", "The doors close.")


def test_interims_are_shown_and_echoes_of_our_own_messages_are_not() -> None:
    call = greeted()
    call.gets(CallerText("I wo", final=False), CallerText("...", final=True))
    assert [entry.text for entry in call.notes(Interim)] == ["I wo"]
    call.feed(SayAsked("Hello."))
    call.caller_says(call.sent(UserMessage)[-1].text)
    call.pass_ms(100)
    assert [text for role, text in call.turns if role == "user"] == []


def test_text_that_comes_after_its_audio_is_still_its_text() -> None:
    call = greeted(reply_by="model")
    call.caller_says("hello")
    call.gets(AgentAudio(50, b"\x90" * 8000), AgentText("Good day.", 0))
    call.pass_ms(3000)
    assert call.turns[-2:] == [("user", "hello"), ("assistant", "Good day.")]


def test_a_line_that_is_lost_is_opened_again_and_told_what_was_said() -> None:
    call = greeted(reply_by="model")
    call.feed(SpeechFailed(call.speech_id, "lost"))
    call.pass_ms(600)
    assert [opened.speech_id for opened in call.all(SpeechOpen)] == ["speech1", "speech2"]
    assert call.sent(Initiation)[-1].overrides == {"agent": {"first_message": ""}}
    call.feed(SpeechMessage("speech1", CallerText("from the dead", final=True)))
    assert ("user", "from the dead") not in call.turns


def test_a_format_that_is_not_known_is_refused() -> None:
    call = ConvaiScene(format="opus_48000", speaks=False).open()
    call.feed(*(TtsFailed(say.say_id, "none", permanent=True) for say in call.all(TtsSay)))
    call.pass_ms(3000)
    assert call.end is not None and call.end.reason == "provider_error"


def test_hang_ups_from_every_side_end_a_call_once() -> None:
    for event, reason in [
        (LegStopped(), "caller_hung_up"),
        (CarrierEnded("caller_hung_up"), "caller_hung_up"),
        (HangUpAsked("api_hung_up"), "api_hung_up"),
    ]:
        call = greeted()
        call.wants("tell me")
        call.handler_says(LONG)
        call.agent_says(LONG)
        call.pass_ms(1000)
        closed = SpeechClosed(call.speech_id, 1000)
        call.feed(event, LegStopped(), LegLost(), closed, CarrierEnded(), HangUpAsked("balance"))
        assert call.end is not None and call.end.reason == reason
        assert call.turns[-1][1].startswith("First we open")
        call.check()


def test_the_longest_duration_ends_with_a_goodbye() -> None:
    call = greeted(turn_taking=TurnTaking(max_duration_s=5))
    call.pass_ms(3600)
    assert call.given(call.wants(call.sent(UserMessage)[-1].text)) == "Goodbye."
    call.agent_says("Goodbye.")
    call.pass_ms(2500)
    assert call.end is not None and call.end.reason == "max_duration"


def test_the_latency_of_a_turn_is_told_by_stage() -> None:
    call = greeted()
    call.pass_ms(600, VOICE)
    call.pass_ms(300)
    call.wants("quick question")
    call.pass_ms(100)
    call.handler_says("Yes.")
    call.pass_ms(200)
    call.agent_says("Yes.")
    call.pass_ms(2500)
    latency = call.end_of_turn_latency()
    assert (latency["end_of_turn_ms"], latency["reply_ms"], latency["speech_ms"]) == (300, 100, 200)


def test_notes_hold_nothing_that_was_said() -> None:
    call = greeted()
    call.wants("my secret number is 1234")
    told = [note.entry for note in call.all(Note) if not hasattr(note.entry, "text")]
    assert "1234" not in str([entry for entry in told if hasattr(entry, "kind")])
