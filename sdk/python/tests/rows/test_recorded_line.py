"""Our own recording over real sockets, while the process has far too much to do."""

import asyncio
import time

from patter.bridge.records import RecordingPiece

SPOKEN_MS = 600


async def burns() -> None:
    """The processor is wanted elsewhere: the loop stands still for 40 ms, five times a second."""
    while True:
        until = time.perf_counter() + 0.04
        while time.perf_counter() < until:
            pass
        await asyncio.sleep(0.16)


def begins_ms(side: bytes, near_ms: int) -> float:
    """Where sound begins in this channel, near where it should."""
    start = max(0, near_ms - 300) * 8
    return next(at for at in range(start, len(side)) if side[at] not in (0x7F, 0xFF)) / 8


async def test_both_sides_are_where_the_carrier_played_and_heard_them(call, answers) -> None:
    handler, spoke_ms = answers("At nine."), []
    load = asyncio.create_task(burns())
    async with call(handler, record=True) as up:
        for turn in range(1, 5):
            spoke_ms.append(up.phone.at_ms)
            await up.phone.speaks(SPOKEN_MS)
            await up.phone.until(lambda turn=turn: sum(t.role == "assistant" for t in up.home.turns) == turn)
        await up.phone.hang_up()
        assert await up.ended() == "caller_hung_up"
    load.cancel()
    pieces = [entry for entry in up.home.log.entries if isinstance(entry, RecordingPiece)]
    caller = b"".join(piece.caller for piece in pieces)
    agent = b"".join(piece.agent for piece in pieces)
    assert len(caller) == len(agent)
    said = [begins_ms(caller, at) - at for at in spoke_ms]
    heard = [begins_ms(agent, at) - at for at in up.phone.began_ms]
    assert len(heard) == 4
    assert max(map(abs, said)) <= 20  # the first frame may leave with the next beat of the carrier's clock
    assert max(heard) - min(said) <= 40 and max(said) - min(heard) <= 40
