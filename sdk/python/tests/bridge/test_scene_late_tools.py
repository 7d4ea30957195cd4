"""Tools that take long, change something or are called too soon, and what the caller hears meanwhile."""

from __future__ import annotations

import json

from patter.bridge.commands import LlmAsk, ToolRun, ToolStop, TtsSay
from patter.bridge.engine import TransferCall
from patter.bridge.events import LlmDelta, LlmDone, LlmFailed, LlmToolCall, SttEagerEnd, ToolDone
from patter.bridge.plan import ToolTraits
from patter.testing.scene import Scene

FILLER = "One moment, please."
BOOKING = {"book": ToolTraits(effects=True), "notify": ToolTraits(wait_s=0)}


def asked(text: str = "book a table", *, age_ms: int = 0) -> Scene:
    call = Scene(reply_by="model", tool_traits=BOOKING).open(age_ms=age_ms)
    call.says(text)
    return call


def calls(call: Scene, *names: str, text: str = "") -> list[ToolRun]:
    before = len(call.all(ToolRun))
    ask_id = call.last(LlmAsk).ask_id
    said = [LlmDelta(ask_id, text)] if text else []
    call.feed(*said, *(LlmToolCall(ask_id, "x", name, "{}") for name in names), LlmDone(ask_id))
    return call.all(ToolRun)[before:]


def results(call: Scene) -> list[object]:
    """What the tools answered, as the newest question tells it."""
    messages = call.last(LlmAsk).messages
    wanted = [c["id"] for m in messages for c in m.get("tool_calls", ())]
    answered = {m["tool_call_id"]: json.loads(m["content"]) for m in messages if m["role"] == "tool"}
    assert sorted(wanted) == sorted(answered), "each call has its result, or providers refuse"
    return [answered[run_id] for run_id in wanted]


def test_a_tool_of_25_seconds_is_filled_told_as_pending_and_then_told_by_itself() -> None:
    call = asked()
    run = calls(call, "book")[0]
    call.pass_ms(9_900)
    assert [say.text for say in call.all(TtsSay)] == [FILLER, FILLER], "never silent for long"
    call.pass_ms(200)
    assert results(call) == [{"status": "pending"}]
    call.model_says("I am on it.")
    call.pass_ms(15_000)
    call.feed(ToolDone(run.run_id, {"table": 7}))
    assert results(call) == [{"table": 7}]
    assert call.last(LlmAsk).messages[-1]["role"] == "system"
    assert "table" not in call.last(LlmAsk).messages[-1]["content"], "what a tool says is never an order"
    call.model_says("You have table seven.")
    call.pass_ms(2_000)
    assert call.turns[-1] == ("assistant", "You have table seven.")
    call.check()


def test_a_late_result_waits_for_the_caller_and_is_told_with_the_next_answer() -> None:
    call = asked()
    run = calls(call, "notify")[0]
    assert results(call) == [{"status": "pending"}], "nobody waits for it at all"
    call.model_says("Done soon.")
    call.pass_ms(2_000)
    call.hears("and by the way", final=False, end_of_turn=False)
    asks = len(call.all(LlmAsk))
    call.feed(ToolDone(run.run_id, "sent"))
    assert len(call.all(LlmAsk)) == asks, "the caller is speaking"
    call.hears("and by the way are you open")
    assert results(call) == ["sent"]
    call.model_says("Yes, and it is sent.")
    call.pass_ms(3_000)
    assert len(call.all(LlmAsk)) == asks + 1, "told once"
    call.check()


def test_a_tool_with_effects_goes_on_when_the_caller_speaks_over_it() -> None:
    call = asked()
    run = calls(call, "book")[0]
    call.pass_ms(3_000)
    call.says("thank you")
    assert not call.all(ToolStop)
    assert results(call) == [{"status": "pending"}], "or the model would book again"
    call.feed(ToolDone(run.run_id, {"table": 7}))
    call.model_says("It takes a moment.")
    call.pass_ms(3_000)
    assert results(call) == [{"table": 7}]
    call.check()


def test_what_tools_said_is_known_in_later_turns_at_its_place() -> None:
    call = asked()
    run = calls(call, "book", text="Let me see.")[0]
    call.feed(ToolDone(run.run_id, {"table": 7}))
    call.model_says("Table seven is yours.")
    call.pass_ms(4_000)
    call.says("which one was it")
    roles = [m["role"] for m in call.last(LlmAsk).messages]
    assert roles == ["user", "assistant", "tool", "assistant", "user"]
    said = [m["content"] for m in call.last(LlmAsk).messages if m["role"] == "assistant"]
    assert said == [None, "Let me see. Table seven is yours."], "nothing is told twice"


def test_a_late_result_that_cannot_be_told_costs_no_apology() -> None:
    call = asked()
    run = calls(call, "notify")[0]
    call.model_says("Done soon.")
    call.pass_ms(2_000)
    call.feed(ToolDone(run.run_id, "sent"))
    call.feed(LlmFailed(call.last(LlmAsk).ask_id, "500"))
    call.pass_ms(2_000)
    assert call.turns[-1] == ("assistant", "Done soon.")
    call.says("well")
    assert results(call) == ["sent"]
    call.check()


def test_a_call_that_has_just_begun_is_not_ended() -> None:
    call = asked("hello")
    calls(call, "end_call", text="Goodbye.")
    assert "only just begun" in str(results(call)[0])
    call.model_says("How can I help?")
    call.pass_ms(9_000)
    assert call.end is None
    assert "tool.refused" in call.kinds
    call.check()


def test_end_call_that_is_refused_waits_for_the_tool_beside_it() -> None:
    call = asked("hello")
    run = calls(call, "book", "end_call")[0]
    assert len(call.all(LlmAsk)) == 1
    call.feed(ToolDone(run.run_id, "ok"))
    assert results(call)[0] == "ok"
    assert call.end is None


def test_a_transfer_is_a_wish_and_its_refusal_is_told_to_the_model() -> None:
    call = asked("give me a person")
    ask_id = call.last(LlmAsk).ask_id
    wanted = '{"target": "sales", "summary": "A table for two."}'
    call.feed(LlmToolCall(ask_id, "x", "transfer_call", wanted), LlmDone(ask_id))
    call.pass_ms(4000)  # the caller hears that they are put through
    assert "no transfer targets" in str(results(call)[0])
    assert not call.all(ToolRun)
    assert not call.all(TransferCall), "a wish never leaves the call machine"
    call.check()


def test_a_late_result_that_a_prepared_reply_knows_is_not_told_twice() -> None:
    call = asked()
    run = calls(call, "notify")[0]
    call.model_says("Done soon.")
    call.pass_ms(2_000)
    call.hears("and are", final=False, end_of_turn=False)
    call.feed(ToolDone(run.run_id, "sent"))
    call.feed(SttEagerEnd(call.stt_id, "and are you open"))
    assert results(call) == ["sent"]
    call.model_says("Yes, and it is sent.")
    asks = len(call.all(LlmAsk))
    call.hears("and are you open")
    call.pass_ms(4_000)
    assert call.turns[-1] == ("assistant", "Yes, and it is sent.")
    assert len(call.all(LlmAsk)) == asks
