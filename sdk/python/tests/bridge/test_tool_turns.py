"""What tools did stands in the transcript, and leaves the conversation as it is."""

from __future__ import annotations

from patter.bridge.commands import LlmAsk, ToolRun
from patter.bridge.events import CarrierEnded, LlmDelta, LlmDone, LlmToolCall, ToolDone
from patter.bridge.memory import Memory
from patter.bridge.tool_turns import ToolTurns
from patter.testing.scene import Scene


def turns_of(*done: tuple[ToolRun, ToolDone]) -> list[str]:
    memory = Memory()
    tools = ToolTurns(memory)
    for run, event in done:
        tools.begun(run, 100)
        tools.done(event, 400)
    return [row["text"] for row in memory.transcript()]


def test_a_turn_says_what_was_called_and_what_came() -> None:
    assert turns_of(
        (ToolRun("r1", "stock", {"product": "lamp", "shop": 2}), ToolDone("r1", {"left": 3})),
        (ToolRun("r2", "now", {}), ToolDone("r2", {"error": "No clock."}, ok=False)),
    ) == [
        'stock(product="lamp", shop=2) → {"left": 3}',
        'now() → failed: {"error": "No clock."}',
    ]


def test_long_values_are_cut_and_repeated_results_ignored() -> None:
    run = ToolRun("r1", "note", {"text": "x" * 1_000})
    (text,) = turns_of((run, ToolDone("r1", "y" * 1_000)), (ToolRun("r2", "b", {}), ToolDone("r1", "again")))
    assert len(text) < 400 and text.count("…") == 2


def test_the_callers_turn_stays_open_over_a_tool() -> None:
    memory = Memory()
    spoken = memory.add("t1", "user", "is it", 0, 500)
    memory.add_tool("stock() → 3", 600, 700)
    assert memory.open_caller_turn() is spoken and memory.turns == [spoken]
    memory.merge(spoken, "t2", "there", 900)
    memory.add("t2", "assistant", "Yes.", 1_000, 1_200)
    assert [(turn.index, turn.role) for turn in memory.take_settled()] == [
        (0, "user"),
        (1, "tool"),
        (2, "assistant"),
    ]
    assert memory.open_caller_turn() is None
    assert memory.history() == [
        {"role": "user", "text": "is it there"},
        {"role": "assistant", "text": "Yes."},
    ]


def test_words_that_are_known_late_stand_before_the_tool_that_they_led_to() -> None:
    memory = Memory()
    memory.add("t0", "assistant", "Hello.", 0, 400)
    memory.take_settled()
    memory.add_tool("stock() → 3", 900, 950)
    memory.add("t1", "user", "is it there", 500, 800)
    memory.add("t1", "assistant", "Yes.", 1_000, 1_200)
    assert [row["role"] for row in memory.transcript()] == ["assistant", "user", "tool", "assistant"]
    assert [turn.index for turn in memory.take_settled()] == [1, 2, 3]


def test_what_a_machine_said_is_forgotten_and_what_a_tool_did_is_not() -> None:
    memory = Memory()
    memory.add("t1", "user", "leave a message", 0, 500)
    memory.add_tool("stock() → 3", 600, 700)
    memory.forget_open()
    assert [(turn.index, turn.role) for turn in memory.take_settled()] == [(0, "tool")]


def test_a_call_with_a_tool() -> None:
    call = Scene(reply_by="model").open()
    call.says("is it there")
    ask_id = call.last(LlmAsk).ask_id
    call.feed(LlmToolCall(ask_id, "same", "stock", '{"product": "lamp"}'), LlmDone(ask_id))
    call.feed(ToolDone(call.last(ToolRun).run_id, {"left": 3}))
    again = call.last(LlmAsk).ask_id
    assert "→" not in str(call.last(LlmAsk).messages), "the model is told in its own way"
    call.feed(LlmDelta(again, "Three are left."), LlmDone(again))
    call.pass_ms(3_000)
    call.feed(CarrierEnded("caller_hung_up"))
    end = call.end
    assert end is not None
    assert [(row["role"], row["turn_id"]) for row in end.transcript[-2:]] == [
        ("tool", "tool1"),
        ("assistant", end.transcript[-1]["turn_id"]),
    ]
    assert [turn["role"] for turn in end.history] == ["user", "assistant"]
    call.check()
