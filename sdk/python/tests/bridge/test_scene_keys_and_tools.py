"""Keys at any time, and what a model does with tools."""

from __future__ import annotations

from patter.bridge.commands import HandlerAsk, LlmAsk, LlmStop, ToolRun, ToolStop, TtsSay
from patter.bridge.events import DigitPressed, LlmDelta, LlmDone, LlmToolCall, ToolDone
from patter.testing.scene import Scene


def asked(text: str = "is it there", *, age_ms: int = 0) -> Scene:
    call = Scene(reply_by="model").open(age_ms=age_ms)
    call.says(text)
    return call


def calls(call: Scene, *wanted: tuple[str, str], text: str = "") -> None:
    ask_id = call.last(LlmAsk).ask_id
    if text:
        call.feed(LlmDelta(ask_id, text))
    call.feed(*(LlmToolCall(ask_id, "same", name, arguments) for name, arguments in wanted), LlmDone(ask_id))


def test_a_key_in_every_state() -> None:
    for act in (
        lambda call: None,  # the greeting
        lambda call: call.pass_ms(3000),  # listening
        lambda call: call.says("hello there"),  # thinking
        lambda call: (call.says("hello there"), call.handler_says("Hello. " * 9), call.pass_ms(900)),
    ):
        call = Scene(first_message="Press one for sales or two for support.").open()
        call.pass_ms(500)
        act(call)
        call.feed(DigitPressed("1"))
        assert call.last(HandlerAsk).text == "[DTMF: 1]"
        call.handler_says("Sales.")
        call.pass_ms(1000)
        assert call.turns[-2:] == [("user", "[DTMF: 1]"), ("assistant", "Sales.")]
        call.check()


def test_two_keys_quickly_are_two_turns() -> None:
    call = Scene().open()
    call.feed(DigitPressed("1"), DigitPressed("2"), DigitPressed("?"))
    assert [turn["text"] for turn in call.last(HandlerAsk).history] == ["[DTMF: 1]", "[DTMF: 2]"]
    call.says("and now words")
    assert call.last(HandlerAsk).text == "and now words"


def test_speech_that_was_pending_comes_before_the_key() -> None:
    call = Scene().open()
    call.hears("my number is", end_of_turn=False)
    call.feed(DigitPressed("7"))
    assert [turn["text"] for turn in call.last(HandlerAsk).history] == ["my number is", "[DTMF: 7]"]


def test_what_is_said_before_a_tool_is_spoken_at_once() -> None:
    call = asked()
    calls(call, ("check", "{}"), text="Let me look.")
    assert call.last(TtsSay).text == "Let me look."


def test_parallel_tools_are_one_answer_and_ids_are_ours() -> None:
    call = asked()
    calls(call, ("a", '{"x": 1}'), ("b", ""))
    first, second = call.all(ToolRun)
    assert (first.arguments, second.arguments) == ({"x": 1}, {})
    assert first.run_id != second.run_id
    call.feed(ToolDone(second.run_id, {1, 2}), ToolDone(second.run_id, 0))
    assert len(call.all(LlmAsk)) == 1
    call.feed(ToolDone(first.run_id, "one"))
    messages = call.last(LlmAsk).messages
    assert [m["role"] for m in messages] == ["user", "assistant", "tool", "tool"]
    assert {m["tool_call_id"] for m in messages[2:]} == {c["id"] for c in messages[1]["tool_calls"]}


def test_bad_arguments_run_nothing_and_are_told_to_the_model() -> None:
    for arguments in ("{", "[1]", "3", "[" * 100_000):
        call = asked()
        calls(call, ("a", arguments))
        assert not call.all(ToolRun)
        assert "not a JSON object" in call.last(LlmAsk).messages[-1]["content"]


def test_the_text_of_a_round_is_told_once() -> None:
    call = asked()
    for text in ("One moment.", "Still there."):
        calls(call, ("a", "{}"), text=text)
        call.feed(ToolDone(call.last(ToolRun).run_id, 1))
    said = [m["content"] for m in call.last(LlmAsk).messages if m["role"] == "assistant"]
    assert said == ["One moment.", "Still there."]


def test_a_model_that_loses_its_way_in_tools_is_stopped() -> None:
    call = asked()
    for _ in range(3):
        calls(call, *[("a", "{}")] * 300)
        for run in call.all(ToolRun)[-8:]:
            call.feed(ToolDone(run.run_id, 1))
    calls(call, ("a", "{}"))
    assert len(call.all(ToolRun)) == 24
    assert call.all(TtsSay)[-2].text == "Sorry, I did not get that."
    call.check()


def test_a_tool_that_never_answers_is_pending_after_ten_seconds() -> None:
    call = asked()
    calls(call, ("a", "{}"))
    call.pass_ms(10_100)
    assert not call.all(ToolStop), "its result is still wanted"
    assert call.last(LlmAsk).messages[-1]["content"] == '{"status": "pending"}'


def test_a_tool_is_stopped_when_the_caller_goes_on() -> None:
    call = asked()
    calls(call, ("a", "{}"))
    call.says("never mind that")
    assert [stop.run_id for stop in call.all(ToolStop)] == [call.last(ToolRun).run_id]
    assert not call.all(LlmStop)


def test_end_call_without_a_word_says_goodbye() -> None:
    call = asked("bye", age_ms=2500)
    calls(call, ("end_call", "{}"))
    assert call.last(TtsSay).text == "Goodbye."
    call.pass_ms(1500)
    assert call.end is not None


def test_another_tool_beside_end_call_runs_first() -> None:
    call = asked("book it and bye", age_ms=2500)
    calls(call, ("book", "{}"), ("end_call", "{}"), text="Booked. Goodbye.")
    call.pass_ms(2500)
    assert call.end is None
    call.feed(ToolDone(call.last(ToolRun).run_id, "ok"))
    call.pass_ms(1500)
    assert call.end is not None
    assert call.end.reason == "agent_ended"
    assert len(call.all(LlmAsk)) == 1
    call.check()
