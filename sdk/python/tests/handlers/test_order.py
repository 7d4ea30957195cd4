"""Calls at once, turns in order; a cut reaches the handler with what was heard."""

from __future__ import annotations

import asyncio
import threading

import pytest


async def test_two_hundred_calls_at_once(asked):
    async def handler(msg):
        await asyncio.sleep(0.2)
        return msg.text

    one = asked(handler)
    began = asyncio.get_running_loop().time()
    told = await asyncio.gather(*(one.turn(f"n{i}", turn_id=f"t{i}", call_id=f"c{i}") for i in range(200)))
    assert told == [[f"n{i}", "."] for i in range(200)]
    assert asyncio.get_running_loop().time() - began < 10


async def test_two_hundred_sync_handlers_at_once(asked):
    together = threading.Barrier(200, timeout=20)

    def handler(msg):
        together.wait()
        return msg.text

    one = asked(handler)
    told = await asyncio.gather(*(one.turn(f"n{i}", turn_id=f"t{i}", call_id=f"c{i}") for i in range(200)))
    assert told == [[f"n{i}", "."] for i in range(200)]


async def test_a_cut_reaches_the_handler_with_what_was_heard(asked):
    begun, seen = asyncio.Event(), []

    async def handler(msg):
        begun.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError as cut:
            seen.append(str(cut))
            raise

    one = asked(handler)
    turn = one.start()
    await begun.wait()
    one.runner.cancel("c1", "t1", "We open at")
    assert await turn == []
    assert seen == ["We open at"]
    one.runner.cancel("c1", "t1", "again")


async def test_cancelling_the_turn_cancels_the_handler(asked):
    begun, over = asyncio.Event(), asyncio.Event()

    async def handler(msg):
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            over.set()

    turn = asked(handler).start()
    await begun.wait()
    turn.cancel()
    with pytest.raises(asyncio.CancelledError):
        await turn
    await asyncio.wait_for(over.wait(), 5)


async def test_the_next_turn_waits_until_the_one_before_has_cleaned_up(asked):
    steps, begun = [], asyncio.Event()

    async def handler(msg):
        steps.append(f"{msg.text} begins")
        begun.set()
        try:
            await asyncio.sleep(0.05 if msg.text == "second" else 30)
        finally:
            await asyncio.sleep(0.05)
            steps.append(f"{msg.text} ends")
        return "fine"

    one = asked(handler)
    first = one.start("first")
    await begun.wait()
    one.runner.cancel("c1", "t1")
    assert await one.turn("second", turn_id="t2") == ["fine", "."]
    assert await first == []
    assert steps == ["first begins", "first ends", "second begins", "second ends"]


async def test_a_thread_that_was_cut_ends_before_the_next_turn_begins(asked):
    steps, go, begun = [], threading.Event(), threading.Event()

    def handler(msg):
        steps.append(f"{msg.text} begins")
        begun.set()
        if msg.text == "first":
            go.wait(20)
            yield "too late"
        steps.append(f"{msg.text} ends")
        yield "fine"

    one = asked(handler)
    first = one.start("first")
    await asyncio.to_thread(begun.wait, 20)
    one.runner.cancel("c1", "t1")
    second = one.start("second", turn_id="t2")
    asyncio.get_running_loop().call_later(0.05, go.set)
    assert await second == ["fine", "."]
    assert await first == []
    assert steps == ["first begins", "second begins", "second ends"]


async def test_close_ends_what_still_runs(asked):
    begun = asyncio.Event()

    async def handler(msg):
        begun.set()
        await asyncio.Event().wait()

    one = asked(handler)
    turn = one.start()
    await begun.wait()
    await one.runner.close()
    assert await turn == []
