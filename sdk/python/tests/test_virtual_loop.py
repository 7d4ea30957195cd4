"""A loop whose clock jumps: minutes pass at once, and nobody outside of it is left behind."""

import asyncio
import sys
import threading
import time
from typing import Any

from patter.testing.loop import VirtualLoop


def run(what: Any, loop: type[VirtualLoop] = VirtualLoop) -> Any:
    with asyncio.Runner(loop_factory=loop) as runner:
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


class Slow(VirtualLoop):
    """Before it looks who is there, a thread says its last word and ends."""

    leaves: threading.Event | None = None
    thread: threading.Thread | None = None

    @property
    def is_waited_for(self) -> bool:
        if self.leaves is not None and self.thread is not None:
            self.leaves.set()
            self.thread.join(30)
        return super().is_waited_for


def test_the_last_word_of_a_thread_that_ends_just_now_is_heard_before_the_clock_moves():
    async def asks() -> str:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, Slow)
        leaves: threading.Event = threading.Event()
        answer: asyncio.Future[str] = loop.create_future()
        loop.thread = threading.Thread(target=_answer, args=(leaves, answer))
        loop.thread.start()
        loop.leaves = leaves
        async with asyncio.timeout(300):
            return await answer

    assert run(asks(), Slow) == "done"


def test_work_in_a_thread_that_was_given_up_is_not_jumped_over():
    async def gives_up() -> bool:
        may_end, ended = threading.Event(), threading.Event()

        def work() -> None:
            may_end.wait(30)
            ended.set()

        try:
            async with asyncio.timeout(0.05):
                await asyncio.to_thread(work)
        except TimeoutError:
            may_end.set()
        await asyncio.sleep(3600)
        return ended.is_set()

    assert run(gives_up())


def test_a_thread_that_ends_without_a_word_holds_nobody_up():
    async def waits() -> float:
        threading.Thread(target=time.sleep, args=(0.1,)).start()
        await asyncio.sleep(3600)
        return asyncio.get_running_loop().time()

    began = time.monotonic()
    assert run(waits()) == 3600
    assert time.monotonic() - began < 20


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
