"""A tool that takes too long, and a model that has lost its way: the caller is never left in silence."""

import asyncio
from typing import Any

from patter.bridge.commands import ToolRun
from patter.bridge.events import ToolDone
from patter.simulators.openai.script import Answer, ToolUse

LOOK_UP = {
    "type": "function",
    "function": {
        "name": "look_up",
        "description": "Look it up.",
        "parameters": {"type": "object", "properties": {}},
    },
}


class Runner:
    """Meets ``ToolRunner``: each run waits for ``release``."""

    def __init__(self, *, at_once: bool = False) -> None:
        self.runs: list[str] = []
        self.release = asyncio.Event()
        if at_once:
            self.release.set()

    async def run(self, command: ToolRun, emit: Any) -> None:
        self.runs.append(command.run_id)
        await self.release.wait()
        emit(ToolDone(command.run_id, {"found": True}))


async def test_a_tool_that_takes_25_s_is_bridged_by_a_filler_and_its_result_comes_later(call, model):
    """The call's clock decides: after the tool's deadline the model is told ``pending`` and speaks."""

    def answer(question):
        if question.tool_results:
            return Answer("It takes a little longer.")
        return Answer("", tools=(ToolUse("look_up", "{}"),))

    model.answer = answer
    runner = Runner()
    async with call(tools=[LOOK_UP], runner=runner, turn_taking={"filler_after_ms": 500}) as up:
        await up.phone.speaks()
        await up.phone.until(lambda: runner.runs)
        await up.phone.until(lambda: up.phone.sounding_ms > 300)
        await up.phone.until(
            lambda: "It takes a little longer." in [turn.text for turn in up.home.turns], within_s=40
        )
        await up.phone.hang_up()
        await up.ended()
    [filler] = [turn.text for turn in up.home.turns if turn.role == "system"]
    assert filler in ("One moment, please.", "One moment, please. One moment, please.")


async def test_a_model_that_calls_a_tool_300_times_is_stopped(call, model):
    model.answer = lambda question: Answer("", tools=tuple(ToolUse("look_up", "{}") for _ in range(100)))
    runner = Runner(at_once=True)
    async with call(tools=[LOOK_UP], runner=runner) as up:
        await up.phone.speaks()
        await up.phone.until(lambda: up.phone.sounding_ms > 300)
        await up.phone.hang_up()
        await up.ended()
    assert 0 < len(runner.runs) <= 24
    assert "reply.failed" in up.home.kinds
