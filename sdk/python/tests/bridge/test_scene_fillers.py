"""When an answer takes long, and who speaks first."""

from __future__ import annotations

from patter.bridge.commands import HandlerAsk, LlmAsk, SttAudio, ToolRun, TtsSay
from patter.bridge.events import HandlerDone, HandlerFailed, SttOpened, ToolDone, TtsFailed
from patter.bridge.plan import Phrases, TurnTaking
from patter.bridge.records import TurnSettled
from patter.testing.scene import VOICE, Scene

FILLER = "One moment, please."


def waiting(ms: int = 1600, **plan: object) -> Scene:
    call = Scene(**plan).open()  # type: ignore[arg-type]
    call.says("what are your hours")
    call.pass_ms(ms)
    return call


def test_a_filler_is_said_once_and_the_answer_follows_it() -> None:
    call = waiting(1480)
    assert not call.all(TtsSay)
    call.pass_ms(40)
    assert call.last(TtsSay).text == FILLER
    call.handler_says("Nine to five.")
    call.pass_ms(5000)
    assert [say.text for say in call.all(TtsSay)] == [FILLER, "Nine to five."]
    assert call.turns == [
        ("user", "what are your hours"),
        ("system", FILLER),
        ("assistant", "Nine to five."),
    ]
    assert len(call.played) == 50 * 8 * len(FILLER + "Nine to five."), "one after the other"
    call.says("thanks")
    assert [turn["role"] for turn in call.last(HandlerAsk).history] == ["user", "assistant", "user"]
    row = call.notes(TurnSettled)[2].latency
    assert row["reply_ms"] >= 1500
    assert row["total_ms"] == sum(row[k] for k in ("end_of_turn_ms", "reply_ms", "speech_ms", "line_ms"))
    call.check()


def test_a_filler_is_interruptible_and_off_where_it_is_empty() -> None:
    call = waiting(1900)
    call.pass_ms(200, VOICE)
    call.hears("never mind")
    assert call.last(HandlerAsk).text == "never mind"
    assert call.turns[1][0] == "system"
    assert call.turns[1][1] != FILLER
    assert not waiting(5000, phrases=Phrases(filler="")).all(TtsSay)


def test_an_answer_in_time_needs_no_filler() -> None:
    call = waiting(1400)
    call.handler_says("Nine to five.")
    call.pass_ms(3000)
    assert [say.text for say in call.all(TtsSay)] == ["Nine to five."]


def test_a_slow_tool_is_filled_unless_the_model_said_something() -> None:
    for said, fillers in (("", 1), ("Let me look.", 0)):
        call = Scene(reply_by="model").open()
        call.says("is it there")
        call.model_says(said, tool="check")
        call.pass_ms(2500)
        assert [say.text for say in call.all(TtsSay)].count(FILLER) == fillers
        call.feed(ToolDone(call.last(ToolRun).run_id, 1))
        assert FILLER not in str(call.last(LlmAsk).messages)
        call.model_says("Three are left.")
        call.pass_ms(3000)
        assert call.turns[-1][1].endswith("Three are left.")
        call.check()


def test_a_filler_that_cannot_be_spoken_costs_nothing() -> None:
    call = waiting(1400)
    call.speaks = False
    call.pass_ms(200)
    for _ in range(2):
        call.feed(TtsFailed(call.last(TtsSay).say_id, "x"))
    call.speaks = True
    call.handler_says("Nine to five.")
    call.pass_ms(2000)
    assert call.turns[-1] == ("assistant", "Nine to five.")
    assert "reply.failed" not in call.kinds


def test_after_a_filler_silence_and_failure_are_as_without_it() -> None:
    call = waiting()
    call.feed(HandlerDone(call.last(HandlerAsk).turn_id))
    call.pass_ms(3000)
    assert call.turns[-1] == ("system", FILLER)
    call = waiting()
    call.feed(HandlerFailed(call.last(HandlerAsk).turn_id, "handler_error"))
    call.pass_ms(5000)
    assert call.turns[-1] == ("assistant", "Sorry, I did not get that. Could you say it again?")


def test_a_caller_who_should_speak_first_gets_an_answer_and_not_the_greeting() -> None:
    call = Scene(first_speaker="caller", first_message="Hi, this is Acme.").open()
    call.says("is that Acme")
    assert call.last(HandlerAsk).text == "is that Acme"
    call.handler_says("Yes.")
    call.pass_ms(12_000)
    assert "Hi, this is Acme." not in [say.text for say in call.all(TtsSay)]


def test_a_caller_who_should_speak_first_and_does_not_is_greeted() -> None:
    values = TurnTaking(idle_prompt_s=3, idle_prompts=1)
    call = Scene(first_speaker="caller", first_message="Hi, this is Acme.", turn_taking=values).open()
    call.pass_ms(2900)
    assert not call.all(TtsSay)
    call.pass_ms(4000)
    assert call.turns == [("assistant", "Hi, this is Acme.")]
    call.pass_ms(2500)
    assert call.last(TtsSay).text == "Are you still there?"


def test_what_was_said_before_the_recogniser_was_ready_is_heard() -> None:
    call = Scene(opens_stt=False).open()
    call.pass_ms(2400, VOICE)
    assert not call.all(SttAudio)
    call.feed(SttOpened(call.stt_id))
    assert sum(len(sent.payload) for sent in call.all(SttAudio)) == 2000 * 8
