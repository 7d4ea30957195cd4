"""Processes behind pipes: messages stay whole, old audio goes first, and deaths are bounded."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patter.engines.child.outbox import Outbox
from patter.engines.child.process import Child
from patter.engines.child.wire import Message, Unpacker, pack
from patter.errors import EngineError


@given(st.lists(st.tuples(st.text(max_size=20), st.binary(max_size=50)), max_size=6), st.integers(1, 40))
def test_messages_come_whole_however_they_are_cut(sent: list[tuple[str, bytes]], step: int) -> None:
    data = b"".join(pack({"type": type_}, body) for type_, body in sent)
    unpacker = Unpacker()
    got = [message for at in range(0, len(data), step) for message in unpacker.feed(data[at : at + step])]
    assert got == [Message({"type": type_}, body) for type_, body in sent]


def test_a_stream_of_something_else_is_refused() -> None:
    with pytest.raises(ValueError):
        list(Unpacker().feed(b"Traceback (most recent call last)"))


def test_only_the_oldest_audio_of_the_same_call_is_dropped() -> None:
    outbox = Outbox()
    outbox.put(1, b"open1 ")
    for index in range(5):
        outbox.put(1, b"a%d " % index, limit=2)
    outbox.put(2, b"other ", limit=2)
    outbox.put(1, b"close1")
    assert outbox.take() == b"open1 a3 a4 other close1"
    assert outbox.dropped == 3


def test_a_closed_outbox_gives_the_rest_and_then_nothing() -> None:
    outbox = Outbox()
    outbox.put(1, b"last")
    outbox.close()
    outbox.put(1, b"late")
    assert outbox.take() == b"last"
    assert outbox.take() is None


@pytest.mark.asyncio
async def test_a_missing_extra_says_what_to_install() -> None:
    child = Child("offline voice", "patter.nothing", needs="no_such_package", extra="offline-voice")
    with pytest.raises(EngineError, match=r'pip install "patter\[offline-voice\]"') as refused:
        child.open(print)
    assert refused.value.permanent


@pytest.mark.asyncio
async def test_a_process_that_keeps_dying_is_given_up_for_a_while(capfd) -> None:
    child = Child("broken", "patter.engines.child", needs="json", extra="offline-voice")
    for _ in range(5):
        heard: asyncio.Queue[Message] = asyncio.Queue()
        child.open(heard.put_nowait)
        assert (await heard.get()).type == "died"
    with pytest.raises(EngineError, match="keeps dying") as refused:
        child.open(print)
    assert not refused.value.permanent
    assert "cannot be directly executed" in capfd.readouterr().err
