"""What is decided before anything is sent: arguments, repetition, and what is built in."""

from __future__ import annotations

from typing import Any

import pytest

from patter.bridge.commands import ToolRun
from patter.bridge.events import ToolDone
from patter.bridge.transfers import TransferPolicy, TransferTarget
from patter.tools.breaker import MOST_OF_A_TOOL, Breaker
from patter.tools.builtin import (
    CallFacts,
    built_in_functions,
    end_call_refusal,
    end_call_tool,
    transfer_call_tool,
    transfer_refusal,
)
from patter.tools.results import limited
from patter.tools.retry import Failure, next_try_in_s
from patter.tools.runner import Tools
from patter.tools.schema import SchemaRefused, check_schema, wrong_arguments
from patter.tools.spec import ToolOutcome, ToolSpec

DATE = {
    "type": "object",
    "properties": {"date": {"type": "string"}, "seats": {"type": "integer", "minimum": 1}},
    "required": ["date"],
    "additionalProperties": False,
}


class Counts:
    def __init__(self) -> None:
        self.performed: list[ToolRun] = []

    async def perform(self, spec: ToolSpec, command: ToolRun) -> ToolOutcome:
        self.performed.append(command)
        return ToolOutcome("ok")

    def end(self) -> None:
        pass


def test_wrong_arguments_are_told_in_words() -> None:
    assert wrong_arguments(DATE, {"date": "2025-06-15", "seats": 2}) is None
    assert "'date' is a required property" in str(wrong_arguments(DATE, {}))
    assert "seats" in str(wrong_arguments(DATE, {"date": "x", "seats": "two"}))
    assert "minimum" in str(wrong_arguments(DATE, {"date": "x", "seats": 0}))
    assert "unexpected" in str(wrong_arguments(DATE, {"date": "x", "day": 1}))
    assert "4111" not in str(
        wrong_arguments({"type": "object", "properties": {"a": {"type": "integer"}}}, {"a": "4111" * 99})
    )


def test_no_schema_of_a_customer_can_hold_up_a_call() -> None:
    slow = {"type": "object", "properties": {"a": {"type": "string", "pattern": "^(a+)+$"}}}
    assert wrong_arguments(slow, {"a": "a" * 40 + "!"}) is None
    bomb: dict[str, Any] = {
        "type": "object",
        "allOf": [{"$ref": "#/$defs/d0"}],
        "$defs": {"d40": {"type": "object"}},
    }
    for depth in range(40):
        bomb["$defs"][f"d{depth}"] = {"allOf": [{"$ref": f"#/$defs/d{depth + 1}"}] * 2}
    assert "cannot be checked" in str(wrong_arguments(bomb, {}))
    assert "cannot be checked" in str(wrong_arguments({"type": "object", "$ref": "#"}, {}))
    assert "broken" in str(wrong_arguments({"type": "object", "$ref": "#/nowhere"}, {}))
    assert "too long" in str(wrong_arguments(DATE, {"date": "x" * 30_000}))


@pytest.mark.parametrize(
    "schema",
    [
        [],
        {"type": "string"},
        {},
        {"type": "object", "properties": 3},
        {"type": "object", "patternProperties": {"(a+)+$": {}}},
        {"type": "object", "properties": {"a": {"$ref": "https://evil.example/schema"}}},
        {"type": "object", "description": "x" * 30_000},
    ],
)
def test_schemas_that_cannot_work_are_refused(schema: Any) -> None:
    with pytest.raises(SchemaRefused):
        check_schema(schema)
    check_schema(DATE)


async def test_nothing_is_sent_with_wrong_arguments_or_to_unknown_tools() -> None:
    counts = Counts()
    tools = Tools([ToolSpec("check", parameters=DATE)], {"webhook": counts})
    done: list[Any] = []
    await tools.run(ToolRun("r1", "check", {}), done.append)
    await tools.run(ToolRun("r2", "forget", {}), done.append)
    assert not counts.performed
    assert ["Ask the caller" in str(one.result) for one in done] == [True, False]
    assert "There is no tool 'forget'. Tools: check." in str(done[1].result)
    assert not any(one.ok for one in done)


async def test_a_model_that_repeats_one_call_300_times_is_stopped() -> None:
    counts = Counts()
    now = [0.0]
    tools = Tools([ToolSpec("check")], {"webhook": counts}, clock=lambda: now[0])
    done: list[ToolDone] = []
    for index in range(300):
        await tools.run(ToolRun(f"r{index}", "check", {"a": 1}), done.append)  # type: ignore[arg-type]
        now[0] += 0.5
    assert len(counts.performed) < 12
    assert "several times" in str(done[5].result)
    for index in range(300):
        await tools.run(ToolRun(f"s{index}", "check", {"a": index}), done.append)  # type: ignore[arg-type]
    assert len(counts.performed) == MOST_OF_A_TOOL


def test_the_same_call_is_not_made_twice_at_once() -> None:
    breaker = Breaker()
    assert breaker.begin("r1", "book", {"a": 1, "b": 2}, 0) is None
    assert "still running" in str(breaker.begin("r2", "book", {"b": 2, "a": 1}, 0))
    assert breaker.begin("r3", "book", {"a": 2}, 0) is None
    breaker.end("r1")
    assert breaker.begin("r4", "book", {"a": 1, "b": 2}, 0) is None


def test_when_a_call_may_be_ended_and_transferred() -> None:
    assert end_call_refusal(CallFacts(1_500, caller_spoke=True))
    assert end_call_refusal(CallFacts(60_000))
    assert end_call_refusal(CallFacts(60_000, caller_spoke=True)) is None
    assert end_call_refusal(CallFacts(60_000, idle=True)) is None
    assert transfer_refusal(CallFacts(9_000))
    assert transfer_refusal(CallFacts(9_000, caller_spoke=True)) is None


def test_descriptions_name_what_a_tool_is_for_and_no_number() -> None:
    for function in built_in_functions(TransferPolicy((TransferTarget("sales", "+15550170"),))):
        assert function["function"]["parameters"]["additionalProperties"] is False
    text = end_call_tool().description.lower()
    assert "silence" not in text
    assert "no_response" not in text
    transfer = transfer_call_tool(
        TransferPolicy(
            (TransferTarget("sales", "+15550170", description="prices"), TransferTarget("help", "+15550171"))
        )
    )
    assert transfer.parameters["properties"]["target"]["enum"] == ["sales", "help"]
    assert "sales: prices" in transfer.parameters["properties"]["target"]["description"]
    assert "+1555" not in str(transfer.as_function())


def test_when_a_failure_is_tried_again() -> None:
    assert next_try_in_s(1, Failure("timeout", "")) == 0.5
    assert next_try_in_s(2, Failure("connection", "")) == 2.0
    assert next_try_in_s(3, Failure("timeout", "")) is None
    assert next_try_in_s(1, Failure("status", "", 429, retry_after_s=7)) == 7
    assert next_try_in_s(1, Failure("status", "", 503, retry_after_s=9_000)) == 60
    assert next_try_in_s(1, Failure("address", "")) is None


def test_results_are_limited_clean_and_json() -> None:
    assert limited(float("nan")) == "nan"
    assert limited({1: {2}}) == {"1": [2]}
    nested: Any = []
    for _ in range(100_000):
        nested = [nested]
    assert "error" in limited(nested)
    assert limited({"a": "x" * 9_000})["truncated"]
