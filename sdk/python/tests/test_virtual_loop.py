"""A loop whose clock jumps: minutes pass at once, and nobody outside of it is left behind."""

import asyncio
import sys
import threading
import time
from typing import Any

from patter.testing.loop import VirtualLoop


def run(what: Any) -> Any:
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(what)


def test_an_hour_passes_at_once_and_timers_keep_their_order():
    async def waits() -> tuple[list[str], float]:
        order: list[str] = []
        loop = asyncio.get_running_loop()
        loop.call_later(3000, order.append, "second")
        loop.call_later(20, order.append, "first")
        await asyncio.sleep(3600)
        return order, loop.time()

    began = time.monotonic()
    assert run(waits()) == (["first", "second"], 3600)
    assert time.monotonic() - began < 10


def test_what_was_sent_is_received_before_the_clock_moves():
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line)
        writer.close()

    async def talks() -> float:
        server = await asyncio.start_server(echo, "127.0.0.1", 0)
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
            began = asyncio.get_running_loop().time()
            async with asyncio.timeout(1):
                for number in range(200):
                    writer.write(b"%d\n" % number)
                    assert await reader.readline() == b"%d\n" % number
            took_s = asyncio.get_running_loop().time() - began
            writer.close()
            await writer.wait_closed()
        return took_s

    assert run(talks()) == 0


def test_a_thread_that_works_is_waited_for():
    async def asks() -> tuple[str, str]:
        at_once, later = threading.Event(), threading.Event()
        asyncio.get_running_loop().call_later(0.05, at_once.set)
        async with asyncio.timeout(30):
            assert await asyncio.to_thread(at_once.wait, 30), "in real time"
            answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
            thread = threading.Thread(target=_answer, args=(later, answer))
            thread.start()
            asyncio.get_running_loop().call_later(0.05, later.set)
            said = await answer
        thread.join()
        began = asyncio.get_running_loop().time()
        await asyncio.sleep(3600)
        return said, f"{asyncio.get_running_loop().time() - began:.0f}"

    assert run(asks()) == ("done", "3600")


def _answer(later: threading.Event, answer: asyncio.Future[str]) -> None:
    later.wait(30)
    answer.get_loop().call_soon_threadsafe(answer.set_result, "done")


def test_a_child_process_is_waited_for():
    async def asks() -> bytes:
        program = "print(input())"
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        async with asyncio.timeout(30):
            said, _ = await child.communicate(b"hello\n")
        return said

    assert run(asks()).strip() == b"hello"
