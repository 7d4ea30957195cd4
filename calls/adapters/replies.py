"""Requests for a call's replies, between the web process that got them and the one that carries the call.

Both ends speak over the channel layer: whoever asks gives the channel on which it listens. The owner says
that it has taken the request on, then come the pieces of the answer and its end.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import structlog
from channels.layers import get_channel_layer

from calls.services.control import group_of
from patter.engines.convai.ask_line import AskLine, AskRefusedError
from patter.engines.convai.completions import Completion
from patter_site.common.bus import publish

logger = structlog.get_logger(__name__)

TAKEN_WITHIN_S = 0.3
ASKS = 2
"""The request is repeated once: a message may get lost, and the owner knows it by its channel."""
NEXT_WITHIN_S = 30.0
"""For the next piece. A call that says nothing for so long is gone."""
WANTED, UNWANTED = "call.reply_wanted", "call.reply_unwanted"


class ReplyRelay:
    """The owner's end, for one call."""

    def __init__(self, line: AskLine) -> None:
        self._line = line
        self._serving: dict[str, asyncio.Task[None]] = {}

    def take(self, message: dict[str, Any]) -> bool:
        """A message from the call's control channel. False: it is about something else."""
        match message:
            case {"type": "call.reply_wanted", "channel": str(channel), "text": str(text)}:
                self._begin(channel, text, int(message.get("messages", 0)))
            case {"type": "call.reply_unwanted", "channel": str(channel)}:
                if task := self._serving.get(channel):
                    task.cancel()
            case _:
                return False
        return True

    def _begin(self, channel: str, text: str, messages: int) -> None:
        if channel in self._serving:
            return  # asked again, because the first word of ours got lost or came late
        task = asyncio.create_task(self._serve(channel, text, messages), name=f"reply {channel}")
        self._serving[channel] = task
        task.add_done_callback(lambda _: self._serving.pop(channel, None))

    async def _serve(self, channel: str, text: str, messages: int) -> None:
        layer = get_channel_layer()
        try:
            async with self._line.ask(text, messages) as pieces:
                await layer.send(channel, {"type": "reply.taken"})
                async for piece in pieces:
                    await layer.send(channel, {"type": "reply.piece", "text": piece})
            await layer.send(channel, {"type": "reply.end"})
        except AskRefusedError as refused:
            await layer.send(channel, {"type": "reply.refused", "code": refused.code})
        except Exception as error:  # whoever asked gives up by itself
            logger.warning("A reply was not passed on", reason=type(error).__name__)

    async def close(self) -> None:
        """The call is over: nobody is answered any more."""
        tasks = list(self._serving.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def ask_owner(call_id: str, request: Completion) -> AsyncIterator[str]:
    """Ask whoever carries the call; gives the pieces of the answer. Raises AskRefusedError.

    Whoever takes the iterator reads it to its end, or closes it.
    """
    layer = get_channel_layer()
    channel = await layer.new_channel()
    wanted = {"type": WANTED, "channel": channel, "text": request.text, "messages": request.messages}
    for _ in range(ASKS):
        await layer.group_send(group_of(call_id), wanted)
        answer = await _next(layer, channel, TAKEN_WITHIN_S)
        if answer is not None:
            break
    else:
        raise AskRefusedError("not_carried")
    if answer["type"] == "reply.refused":
        raise AskRefusedError(str(answer["code"]))
    return _pieces(layer, call_id, channel)


async def _pieces(layer: Any, call_id: str, channel: str) -> AsyncIterator[str]:
    over = False
    try:
        while (answer := await _next(layer, channel, NEXT_WITHIN_S)) is not None:
            if answer["type"] == "reply.piece":
                yield str(answer["text"])
            elif answer["type"] in ("reply.end", "reply.refused"):
                over = True
                return
    finally:
        if not over:
            publish(group_of(call_id), {"type": UNWANTED, "channel": channel})


async def _next(layer: Any, channel: str, within_s: float) -> dict[str, Any] | None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            return dict(await layer.receive(channel))
    return None
