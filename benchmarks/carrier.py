"""The load: a carrier with many calls. Run as a process of its own on a core of its own.

Every call goes the whole way: signed webhook, markup, signed media socket, ``start``, fifty frames a
second by an absolute clock, a play buffer that plays in real time and echoes marks, and the end's status.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import sys
from collections.abc import Callable
from typing import Any

import orjson
import uvloop

from benchmarks.caller import REPLY_WITHIN_S, Call
from benchmarks.order import Number, Order, Result
from benchmarks.sockets import connect
from benchmarks.webhooks import form, post, start_message, stream_of
from patter.carriers.twilio.signature import HEADER, sign


class Carrier:
    """Places the calls, keeps them up, ends them."""

    def __init__(self, order: Order, say: Callable[[Any], None]) -> None:
        self._order = order
        self._say = say
        self._result = Result()
        self._calls: list[tuple[Call, str, str]] = []

    async def run(self) -> Result:
        order, result = self._order, self._result
        loop = asyncio.get_running_loop()
        began = loop.time()
        placing = []
        for index in range(order.calls):
            await asyncio.sleep(max(0.0, began + index * order.ramp_s - loop.time()))
            placing.append(asyncio.create_task(self._place(index)))
        await asyncio.gather(*placing)
        # One whole turn of everybody, so that nothing is cold.
        await asyncio.sleep(min(3.0, order.seconds / 4))
        self._say({"up": len(self._calls)})
        result.counting = True
        await asyncio.sleep(order.seconds)
        self._say({"over": True})
        result.stopping = True
        with contextlib.suppress(TimeoutError):
            waiting = [asyncio.create_task(call.idle.wait()) for call, _, _ in self._calls]
            await asyncio.wait_for(asyncio.gather(*waiting), REPLY_WITHIN_S)
        result.counting = False
        if self._calls:
            call, call_sid, _ = self._calls[0]
            played = {"spoke_ms": call.spoke_ms, "played_ms": call.played_ms}
            result.watched = {"call_sid": call_sid, **played}
        await asyncio.gather(*(self._end(*each) for each in self._calls))
        return result

    async def _place(self, index: int) -> None:
        number = self._order.numbers[index % len(self._order.numbers)]
        # Callers are not in step with one another.
        call = Call(number, self._result, (index * 7 % 20) / 1000 + index % 5 * 0.37)
        call_sid = f"CA{secrets.token_hex(16)}"
        try:
            media_url: str = number.media_url
            parameters: dict[str, str] = {}
            if number.voice_url:
                markup = await self._tell(number.voice_url, call_sid, number, "ringing")
                media_url, parameters = stream_of(markup)
            socket = await connect(media_url, {HEADER: sign(self._order.auth_token, media_url)})
        except (OSError, TimeoutError, ValueError) as error:
            self._result.failed_calls += 1
            self._result.troubles.append(f"call {index}: {type(error).__name__}: {error}")
            return
        stream_sid = f"MZ{secrets.token_hex(16)}"
        socket.send(b'{"event":"connected","protocol":"Call","version":"1.0.0"}')
        socket.send(orjson.dumps(start_message(self._order.account_sid, call_sid, stream_sid, parameters)))
        call.begin(socket, stream_sid)
        self._calls.append((call, call_sid, stream_sid))

    async def _end(self, call: Call, call_sid: str, stream_sid: str) -> None:
        ids = {"accountSid": self._order.account_sid, "callSid": call_sid}
        await call.hang_up({"event": "stop", "sequenceNumber": "99999", "streamSid": stream_sid, "stop": ids})
        if call.number.status_url:
            with contextlib.suppress(OSError, TimeoutError, ValueError):
                await self._tell(call.number.status_url, call_sid, call.number, "completed")

    async def _tell(self, url: str, call_sid: str, number: Number, status: str) -> str:
        fields = form(self._order.account_sid, call_sid, number.number, status)
        if status == "completed":
            fields.append(("CallDuration", "30"))
        return await post(url, fields, self._order.auth_token)


def _say(message: Any) -> None:
    left = memoryview(orjson.dumps(message) + b"\n")
    while left:  # unbuffered, a pipe may take a part of a long line only
        left = left[sys.stdout.buffer.write(left) :]
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    given = Order.read(sys.argv[1])
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        seen = runner.run(Carrier(given, _say).run())
    names = [name for name in Result.__slots__ if name not in ("counting", "stopping")]
    _say({**{name: getattr(seen, name) for name in names}, "seconds": given.seconds})
