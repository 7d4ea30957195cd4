"""Models that fail at every moment, or keep no deadline, and who answers then. Stopping stops any link."""

import asyncio
import contextlib

import pytest

from patter.bridge.commands import LlmAsk
from patter.bridge.events import LlmDelta, LlmDone, LlmFailed, LlmToolCall, ProviderSwitched, SttClosed
from patter.engines.chain import Health
from patter.errors import ConfigError
from sdk.python.tests.chains.links import ASK, HELLO, Link, Rig, forever, script

FAILS_AT_FIRST = [
    (script(LlmFailed("t1", "busy")), "busy"),
    (script(LlmFailed("t1", "key", permanent=True)), "key"),
    (script(RuntimeError("broken")), "broken"),
    (script(TimeoutError()), "TimeoutError"),
    (script(), "said nothing"),
    (script(forever), "no answer in time"),
]


@pytest.mark.parametrize(("first", "why"), FAILS_AT_FIRST)
async def test_a_model_that_fails_before_its_first_word_is_replaced(first, why):
    rig = Rig(Link(first), Link(script(*HELLO)))
    await rig.llm().ask(ASK, rig.events.append)
    assert rig.others == HELLO
    [switched] = rig.switches
    assert (switched.stage, switched.source, switched.target) == ("llm", "a", "b")
    assert why in switched.error


async def test_a_model_that_cannot_be_made_is_replaced():
    rig = Rig(ConfigError("no such model"), Link(script(*HELLO)))
    await rig.llm().ask(ASK, rig.events.append)
    assert rig.others == HELLO and "no such model" in rig.switches[0].error


@pytest.mark.parametrize(
    "begun", [LlmDelta("t1", "Hel"), LlmToolCall("t1", "c1", "end_call", "{}")], ids=["text", "tool"]
)
@pytest.mark.parametrize("then", [LlmFailed("t1", "cut"), RuntimeError("cut"), forever])
async def test_a_model_that_fails_after_its_first_word_is_not_replaced(begun, then):
    second = Link(script(*HELLO))
    rig = Rig(Link(script(begun, then)), second)
    await rig.llm().ask(ASK, rig.events.append)
    assert rig.events[0] == begun and isinstance(rig.events[1], LlmFailed)
    assert len(rig.events) == 2 and not second.asked


async def test_every_model_fails():
    rig = Rig(Link(script(LlmFailed("t1", "one", permanent=True))), Link(script(LlmFailed("t1", "two"))))
    await rig.llm().ask(ASK, rig.events.append)
    assert rig.others == [LlmFailed("t1", "one; two", permanent=False)]


async def test_a_failed_model_is_skipped_for_30_seconds_and_then_asked_again():
    first, second = Link(script(LlmFailed("t1", "busy"))), Link(script(*HELLO))
    rig = Rig(first, second)
    model = rig.llm()
    for now in (0.0, 1.0, 29.9):
        rig.clock.now = now
        await model.ask(ASK, rig.events.append)
    assert (len(first.asked), len(second.asked)) == (1, 3)
    assert len(rig.switches) == 1
    rig.clock.now = 30.0
    await model.ask(ASK, rig.events.append)
    assert (len(first.asked), len(second.asked)) == (2, 4)


async def test_the_next_call_does_not_wait_for_the_same_failure():
    health, first = Health(), Link(script(forever))
    for _ in range(2):
        rig = Rig(first, Link(script(*HELLO)), health=health)
        await rig.llm().ask(ASK, rig.events.append)
        assert rig.switches == [ProviderSwitched("llm", "a", "b", "no answer in time")]
    assert len(first.asked) == 1


async def test_a_chain_of_one_is_waited_for():
    rig = Rig(Link(script(0.15, *HELLO)))
    await rig.llm().ask(ASK, rig.events.append)
    assert rig.events == HELLO


async def test_a_model_with_tools_may_write_arguments_in_silence():
    rig = Rig(Link(script(LlmDelta("t1", "Let me see."), 0.15, LlmDone("t1"))), Link(script(*HELLO)))
    await rig.llm().ask(LlmAsk("t1", [], tools=[{"x": 1}]), rig.events.append)
    assert rig.events[-1] == LlmDone("t1")


@pytest.mark.parametrize("port", ["llm", "tts", "stt"])
async def test_stopping_stops_the_link_and_asks_nobody_else(port):
    first, second = Link(script(forever)), Link(script(*HELLO))
    rig = Rig(first, second, stage=port)
    wrapped = getattr(rig, port)()
    begin = {
        "llm": lambda: wrapped.ask(ASK, rig.events.append),
        "tts": lambda: wrapped.say("s1", "x", rig.events.append),
        "stt": lambda: wrapped.run("stt1", rig.events.append),
    }[port]
    task = asyncio.create_task(begin())
    await asyncio.sleep(0.01)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert task.cancelled() and first.stopped == 1 and not second.asked
    assert rig.events == ([SttClosed("stt1")] if port == "stt" else [])
