"""Two legs that a transfer brings together, until one of them ends. The two are not heard by anybody here."""

from __future__ import annotations

import asyncio

from patter.simulators.telnyx.flow import Flow


async def join(first: Flow, second: Flow, *, parks: bool) -> None:
    """Wait for the second leg's answer, bridge both, and end the first with the second.

    A second leg that is not answered ends alone: the first stays where it was. When the first ends, so does
    the second. ``parks``: the first stays when the conversation of both is over, too.
    """
    try:
        await _together(first, second, parks=parks)
    finally:
        if first.leg.is_over and not second.leg.is_over:
            cause = "normal_clearing" if second.leg.answered.is_set() else "originator_cancel"
            second.leg.end("unbridged", cause, "caller")


async def _together(first: Flow, second: Flow, *, parks: bool) -> None:
    waits = [asyncio.create_task(second.leg.answered.wait()), asyncio.create_task(second.leg.over.wait())]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    if second.leg.is_over:
        return
    for one in (first, second):
        one.leg.note("bridged")
        one.tell("call.bridged")
    first.leg.note("transferred", number=second.leg.order.to)
    try:
        await asyncio.wait_for(second.leg.over.wait(), second.leg.order.phone.talk_s)
    except TimeoutError:
        second.leg.end("talked", "normal_clearing", "callee")
    if not parks:
        first.leg.end("transfer_over", "normal_clearing", "callee")


def stay_together(first: Flow, second: Flow, *, parks: bool) -> None:
    """Two legs that were bridged: whichever ends takes the other with it. ``parks``: not the first."""
    second.beside(_ends_with(second, first, "caller"))
    if not parks:
        first.beside(_ends_with(first, second, "callee"))


async def _ends_with(one: Flow, other: Flow, source: str) -> None:
    await other.leg.over.wait()
    one.leg.end("unbridged", "normal_clearing", source)
