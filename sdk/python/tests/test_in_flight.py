"""What is on its way between two sockets of one loop."""

import asyncio
import socket

from patter.testing.in_flight import MOST_LOOKS, InFlight
from patter.testing.loop import VirtualLoop


def pair() -> tuple[InFlight, socket.socket, socket.socket]:
    flight = InFlight()
    flight.nothing_came()  # of before
    left, right = socket.socketpair()
    flight.watch(left)
    flight.watch(right)
    return flight, left, right


def test_bytes_are_on_their_way_until_they_are_received():
    flight, left, right = pair()
    with left, right:
        assert not flight.may_arrive
        left.send(b"hello")
        right.recv(4)
        assert flight.may_arrive
        right.recv_into(bytearray(9))
        assert not flight.may_arrive


def test_whoever_does_not_read_is_waited_for_only_so_long():
    flight, left, right = pair()
    with left, right:
        left.send(b"hello")
        for _ in range(MOST_LOOKS - 1):
            flight.nothing_came()
        assert flight.may_arrive
        flight.nothing_came()
        assert not flight.may_arrive


def test_an_end_and_a_connection_that_is_made_are_worth_a_look():
    flight, left, right = pair()
    with left, right:
        left.shutdown(socket.SHUT_WR)
        assert flight.may_arrive
        flight.nothing_came()
        assert not flight.may_arrive
        with flight.connecting():
            flight.nothing_came()
            assert flight.may_arrive
        flight.nothing_came()
    assert flight.may_arrive, "they were closed"


def test_the_sockets_of_a_loop_are_counted():
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line)
        writer.close()

    async def talks() -> list[bool]:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualLoop)
        async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
            await asyncio.sleep(1)
            seen = [loop.in_flight.may_arrive]
            writer.write(b"hello\n")
            seen.append(loop.in_flight.may_arrive)
            await reader.readline()
            seen.append(loop.in_flight.may_arrive)
            writer.close()
            await writer.wait_closed()
        return seen

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        assert runner.run(talks()) == [False, True, False]
