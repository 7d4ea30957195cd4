"""Callbacks are told in order, and a broken one is only logged."""

from __future__ import annotations

import asyncio
import logging
import threading

import patter.callbacks
from patter.callbacks import Callbacks


async def test_callbacks_of_any_kind_are_told_in_order():
    told = []

    def sync(data):
        assert threading.current_thread() is not threading.main_thread()
        told.append(data["n"])

    async def slow(data):
        await asyncio.sleep(0.01)
        told.append(data["n"])

    async def write(n):
        told.append(n)

    callbacks = Callbacks("c1")
    callbacks.tell("on_transcript", slow, {"n": 1})
    callbacks.tell("on_transcript", sync, {"n": 2})
    callbacks.tell("on_transcript", None, {"n": 3})
    callbacks.tell("on_call_end", lambda data: write(data["n"]), {"n": 4})
    await callbacks.finish()
    assert told == [1, 2, 4]


async def test_a_broken_callback_is_logged_and_the_next_one_is_told(caplog):
    told = []
    callbacks = Callbacks("c1")
    callbacks.tell("on_call_start", lambda data: data["missing"], {})
    callbacks.tell("on_call_end", told.append, {"n": 1})
    with caplog.at_level(logging.ERROR, "patter"):
        await callbacks.finish()
    assert told == [{"n": 1}]
    assert [record.getMessage() for record in caplog.records] == ["on_call_start failed"]
    assert caplog.records[0].call == "c1"


async def test_something_cancelled_within_a_callback_costs_that_one_alone(caplog):
    async def on_transcript(data):
        work = asyncio.create_task(asyncio.Event().wait())
        work.cancel()
        await work

    told = []
    callbacks = Callbacks("c1")
    callbacks.tell("on_transcript", on_transcript, {})
    callbacks.tell("on_call_end", told.append, {"n": 1})
    with caplog.at_level(logging.ERROR, "patter"):
        await callbacks.finish()
    assert told == [{"n": 1}]
    assert caplog.messages == ["on_transcript failed"]


async def test_too_many_callbacks_that_wait(monkeypatch, caplog):
    monkeypatch.setattr(patter.callbacks, "MOST_WAITING", 2)
    told = []
    callbacks = Callbacks("c1")
    for n in range(4):
        callbacks.tell("on_transcript", told.append, {"n": n})
    await callbacks.finish()
    assert [data["n"] for data in told] == [0, 1]


async def test_nobody_waits_for_ever():
    stopped = asyncio.Event()

    async def hangs(data):
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    callbacks = Callbacks("c1")
    await callbacks.finish()
    callbacks.tell("on_call_end", hangs, {})
    await callbacks.finish(0.01)
    await asyncio.wait_for(stopped.wait(), 5)
