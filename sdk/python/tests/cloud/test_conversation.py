"""A handler over the socket: asked once, in order, cancelled when it is cut, and harmless when it breaks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from patter import ApiError, Call, IncomingMessage, Patter

from .server import KEY, Platform, platform

SAID = {"role": "user", "text": "hi"}


@asynccontextmanager
async def talking(on_message: Any, **listeners: Any) -> AsyncIterator[tuple[Platform, Patter]]:
    async with platform() as served:
        phone = Patter(KEY, backend_url=served.url)
        await phone.connect(on_message, **listeners)
        try:
            yield served, phone
        finally:
            await phone.disconnect()


async def test_a_text_is_one_response_after_received():
    async def on_message(message: IncomingMessage) -> str:
        assert message.history == [{"role": "user", "text": "hello"}]
        return f"You said: {message.text}"

    async with talking(on_message) as (served, _):
        await served.ask("t1")
        assert await served.hears("received") == {"type": "received", "call_id": "call_1", "turn_id": "t1"}
        answer = await served.hears("response", "response_delta")
        assert answer == {"type": "response", "call_id": "call_1", "turn_id": "t1", "text": "You said: hello"}


async def test_a_generator_streams():
    async def on_message(message: IncomingMessage) -> AsyncIterator[str]:
        yield "One. "
        await asyncio.sleep(0)
        yield "Two."

    async with talking(on_message) as (served, _):
        await served.ask("t1")
        frames = [await served.hears("response_delta", "response_end") for _ in range(3)]
        assert [(f["type"], f["index"], f["text"]) for f in frames] == [
            ("response_delta", 0, "One. "),
            ("response_delta", 1, "Two."),
            ("response_end", 2, ""),
        ]


async def test_nothing_is_a_deliberate_silence():
    async with talking(lambda message: None) as (served, _):
        await served.ask("t1")
        assert (await served.hears("response"))["text"] == ""


async def test_a_broken_handler_harms_no_other_call(caplog):
    caplog.set_level(logging.CRITICAL, logger="patter")

    async def on_message(message: IncomingMessage) -> str:
        if message.call_id == "call_bad":
            raise ValueError("boom")
        return "fine"

    async with talking(on_message) as (served, _):
        await served.ask("t1", call_id="call_bad")
        failed = await served.hears("response_error")
        assert (failed["code"], failed["turn_id"]) == ("handler_error", "t1")
        await served.ask("t1", call_id="call_good")
        assert (await served.hears("response"))["text"] == "fine"


async def test_a_cut_cancels_the_handler_with_what_was_heard():
    heard: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def on_message(message: IncomingMessage) -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as cut:
            heard.set_result(str(cut))
            raise
        return "never"

    async with talking(on_message) as (served, _):
        await served.ask("t1")
        await served.hears("received")
        await served.say("cancel", call_id="call_1", turn_id="t1", heard="We have")
        assert await asyncio.wait_for(heard, 5) == "We have"
        assert served.silent()


async def test_calls_at_once_and_turns_of_one_call_in_order():
    order: list[str] = []
    free = asyncio.Event()

    async def on_message(message: IncomingMessage) -> str:
        order.append(f"{message.call_id} {message.turn_id}")
        if message.call_id == "slow":
            await free.wait()
        return "done"

    async with talking(on_message) as (served, _):
        await served.ask("t1", call_id="slow")
        await served.ask("t2", call_id="slow")
        await served.ask("t1", call_id="quick")
        assert (await served.hears("response"))["call_id"] == "quick"
        assert order == ["slow t1", "quick t1"]
        free.set()
        assert [(await served.hears("response"))["turn_id"] for _ in range(2)] == ["t1", "t2"]


async def test_callbacks_hear_what_happens_and_the_call_knows_its_end():
    seen: list[tuple[str, Any]] = []
    over = asyncio.Event()

    def note(name: str) -> Any:
        return lambda data: seen.append((name, data))

    def ended(data: dict[str, Any]) -> None:
        seen.append(("end", data["reason"]))
        loop.call_soon_threadsafe(over.set)

    loop = asyncio.get_running_loop()
    listeners = {"on_call_start": note("start"), "on_transcript": note("turn"), "on_dtmf": note("key")}
    async with talking(lambda message: None, **listeners, on_call_end=ended) as (served, phone):
        call = phone._homes.cloud("test")._calls.call("call_1")
        await served.say("call_start", call_id="call_1", caller="+1555", direction="inbound", history=[])
        await served.say("transcript", call_id="call_1", turn_id="t1", role="user", text="hi", history=[])
        await served.say("transcript", call_id="call_1", turn_id="t2", role="user", text="ho", history=[SAID])
        await served.say("dtmf", call_id="call_1", digit="1")
        await served.say("call_end", call_id="call_1", reason="idle", duration_seconds=3, transcript=[{}])
        assert (await asyncio.wait_for(call.ended, 5))["reason"] == "idle"
        await asyncio.wait_for(over.wait(), 5)
    assert [name for name, _ in seen] == ["start", "turn", "turn", "key", "end"]
    whose = {"call_id": "call_1", "caller": "+1555", "callee": "", "direction": "inbound"}
    assert seen[3][1] == {**whose, "digit": "1", "history": [SAID]}
    assert seen[0][1]["caller"] == "+1555" and "type" not in seen[0][1]
    assert (call.reason, call.duration_s, call.transcript, call.caller) == ("idle", 3.0, [{}], "+1555")


async def test_a_handler_may_ask_things_of_its_call():
    async def on_message(message: IncomingMessage, call: Call) -> None:
        await call.say("One moment.")
        with pytest.raises(ApiError) as refused:
            await call.transfer("+15550001111", summary="angry")
        assert refused.value.code == "not_allowed"
        await call.hang_up()

    async with talking(on_message) as (served, _):
        await served.ask("t1")
        said = await served.hears("say")
        assert said["text"] == "One moment."
        await served.say("ack", ref=said["ref"], call_id="call_1")
        moved = await served.hears("transfer")
        assert (moved["to"], moved["summary"]) == ("+15550001111", "angry")
        await served.say("error", ref=moved["ref"], code="not_allowed", message="No.")
        await served.say("ack", ref=(await served.hears("hang_up"))["ref"], call_id="call_1")
        assert (await served.hears("response"))["text"] == ""


async def test_without_a_handler_a_question_is_refused_and_calls_are_watched():
    async with talking(None) as (served, _):
        await served.ask("t1")
        assert (await served.hears("response_error"))["code"] == "handler_error"
