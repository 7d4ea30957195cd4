"""Every kind of handler says the same."""

from __future__ import annotations

import asyncio
import functools
import sys
import threading

import pytest

from patter.handlers import is_async
from patter.signatures import call_place


def plain(msg):
    assert threading.current_thread() is not threading.main_thread()
    return f"you said {msg.text}"


async def coroutine(msg):
    return f"you said {msg.text}"


def pieces(msg):
    assert threading.current_thread() is not threading.main_thread()
    yield "you said "
    yield msg.text


async def async_pieces(msg):
    yield "you said "
    await asyncio.sleep(0)
    yield msg.text


async def gives_pieces(msg):
    return async_pieces(msg)


class Agent:
    async def __call__(self, msg):
        return f"you said {msg.text}"

    def method(self, msg):
        return f"you said {msg.text}"


@pytest.mark.parametrize(
    "handler",
    [
        plain, coroutine, pieces, async_pieces, gives_pieces, Agent(), Agent().method,
        lambda msg: f"you said {msg.text}", lambda msg: coroutine(msg), functools.partial(coroutine),
    ],
)  # fmt: skip
async def test_a_handler_of_any_kind_replies(asked, handler):
    told = await asked(handler).turn("hi")
    assert "".join(told[:-1]) == "you said hi"
    assert told[-1] == "."


@pytest.mark.parametrize("nothing", [None, ""])
async def test_nothing_is_a_deliberate_silence(asked, nothing):
    assert await asked(lambda msg: nothing).turn() == ["."]


async def test_a_second_parameter_gets_the_call(asked):
    async def handler(msg, call):
        return call

    assert await asked(handler).turn() == ["the call c1", "."]
    assert await asked(lambda msg, call=None: call).turn() == ["the call c1", "."]


async def test_a_parameter_named_call_gets_it_wherever_it_stands(asked):
    async def by_name(msg, *, call):
        return call

    async def after_their_own(msg, mood="calm", call=None):
        return f"{mood}: {call}"

    assert await asked(by_name).turn() == ["the call c1", "."]
    assert await asked(after_their_own).turn() == ["calm: the call c1", "."]
    assert await asked(lambda *args: f"{len(args)}").turn() == ["1", "."]
    assert await asked(lambda call: call.text).turn() == ["hello", "."]  # the message, by another name


async def test_a_second_parameter_of_the_users_own_is_left_alone(asked):
    assert await asked(lambda msg, temperature="cold": temperature).turn() == ["cold", "."]
    assert not call_place(print)
    assert not call_place(int)


async def test_types_that_only_a_type_checker_knows_are_no_obstacle(asked):
    """Python 3.14 looks them up when the signature is asked for; the future import leaves them alone."""
    later = "" if sys.version_info >= (3, 14) else "from __future__ import annotations\n"
    names: dict = {}
    exec(f"{later}async def handler(msg: NotThere, call: NotThere) -> NotThere: return call", names)
    assert await asked(names["handler"]).turn() == ["the call c1", "."]


def test_what_runs_in_the_loop():
    assert is_async(Agent())
    assert is_async(functools.partial(async_pieces))
    assert not is_async(Agent().method)


def test_only_a_function_can_be_a_handler(asked):
    with pytest.raises(TypeError, match="on_message is a function, not str"):
        asked("hello")
