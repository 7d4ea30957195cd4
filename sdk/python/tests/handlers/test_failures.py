"""A handler that breaks its promise is told as an event, and harms no other call."""

from __future__ import annotations

import asyncio
import threading

import pytest

import patter.blocking
from patter.blocking import in_thread

pytestmark = pytest.mark.filterwarnings("error")


async def broken(msg):
    raise RuntimeError("no such customer")


async def half_broken(msg):
    yield "Let me see. "
    raise KeyError("customer")


async def cancels_itself(msg):
    raise asyncio.CancelledError


async def too_long(msg):
    while True:
        yield "word " * 1000


async def gives_up(msg):
    raise TimeoutError


@pytest.mark.parametrize(
    ("handler", "told"),
    [
        (broken, ["handler_error"]),
        (half_broken, ["Let me see. ", "handler_error"]),
        (cancels_itself, ["handler_cancelled"]),
        (gives_up, ["handler_error"]),
        (lambda msg: 42, ["handler_error"]),
        (lambda msg: next(iter([])), ["handler_error"]),
    ],
)
async def test_a_failure_is_told_once(asked, handler, told):
    assert await asked(handler).turn() == told


async def test_a_reply_without_an_end_is_ended(asked):
    told = await asked(too_long).turn()
    assert told[-1] == "handler_error"
    assert len(told) == 5


async def test_the_wrong_type_is_named(asked):
    one = asked(lambda msg: 42)
    await one.turn()
    assert "int" in one.events[0].message


async def test_a_handler_that_takes_too_long_is_given_up(asked):
    cleaned = []

    async def slow(msg):
        try:
            await asyncio.Event().wait()
        finally:
            cleaned.append(msg.text)

    one = asked(slow, within_s=0.05)
    assert await one.turn("hi") == ["handler_timeout"]
    assert cleaned == ["hi"]
    assert one.events[0].message == "on_message took longer than 0.05 s"


async def test_a_thread_that_takes_too_long_is_left_behind(asked):
    go = threading.Event()
    assert await asked(lambda msg: go.wait(), within_s=0.05).turn() == ["handler_timeout"]
    go.set()


async def test_a_broken_call_harms_no_other(asked):
    async def handler(msg):
        if msg.text == "bad":
            raise RuntimeError
        await asyncio.sleep(0.01)
        return "fine"

    one = asked(handler)
    bad, good = await asyncio.gather(one.turn("bad"), one.turn("good", turn_id="t2", call_id="c2"))
    assert (bad, good) == (["handler_error"], ["fine", "."])


async def test_more_threads_than_the_machine_can_bear(asked, monkeypatch):
    # One that was left behind elsewhere may still run.
    monkeypatch.setattr(patter.blocking, "MOST_THREADS", patter.blocking._running + 1)
    go = threading.Event()
    waiting = in_thread(go.wait)
    assert await asked(lambda msg: "hello").turn() == ["handler_error"]
    go.set()
    await waiting
    assert await asked(lambda msg: "hello").turn() == ["hello", "."]
