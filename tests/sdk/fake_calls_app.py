"""The platform, and calls without a telephone beside it: couriers that ask the SDK over its real socket.

``POST /fake-calls`` with ``{organisation, calls: [[call_id, text], …]}`` asks one turn for each call at the
same moment, and answers with what each heard: the text, or why it failed, and how many ends it was told.
``/fake-calls/end`` ends them all.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from typing import Any

from patter_site.asgi import application as platform

# isort: split
# That has set Django up for the rest.
from calls.adapters.courier import CallCourier
from calls.sdk.facts import SdkFacts
from patter.bridge.commands import HandlerAsk
from patter.bridge.events import HandlerDelta, HandlerDone, HandlerFailed
from patter.bridge.records import CallEnded

PATH = "/fake-calls"
_couriers: dict[str, CallCourier] = {}
_tasks: set[asyncio.Task[None]] = set()
_turns: Counter[str] = Counter()


def _courier(organisation: str, call_id: str) -> CallCourier:
    if call_id not in _couriers:
        facts = SdkFacts(call_id, organisation, caller="+12025550187", callee="+12025550100")
        courier = _couriers[call_id] = CallCourier(facts)
        task = asyncio.create_task(courier.run())
        _tasks.add(task)
        task.add_done_callback(_tasks.discard)
    return _couriers[call_id]


async def _ask(organisation: str, call_id: str, text: str) -> dict[str, Any]:
    _turns[call_id] += 1
    turn_id = f"t{_turns[call_id]}"
    events: list[Any] = []
    history = [{"role": "user", "text": text}]
    await _courier(organisation, call_id).ask(HandlerAsk(turn_id, text, history), events.append)
    await asyncio.sleep(0)
    said = "".join(event.text for event in events if isinstance(event, HandlerDelta))
    ends = [event for event in events if isinstance(event, HandlerDone | HandlerFailed)]
    failed = ends[0].code if isinstance(ends[0], HandlerFailed) else ""
    return {"call_id": call_id, "turn_id": turn_id, "said": said, "failed": failed, "ends": len(ends)}


async def _end() -> list[dict[str, Any]]:
    for courier in _couriers.values():
        courier.write(CallEnded("caller_hung_up", 1000, [], []))
    async with asyncio.timeout(60):
        await asyncio.gather(*(courier.delivered() for courier in _couriers.values()))
    return []


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] != "http" or not scope["path"].startswith(PATH):
        await platform(scope, receive, send)
        return
    body = b""
    while (message := await receive())["type"] == "http.request":
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    if scope["path"].endswith("/end"):
        told = await _end()
    else:
        given = json.loads(body)
        asked = (_ask(given["organisation"], call_id, text) for call_id, text in given["calls"])
        told = list(await asyncio.gather(*asked))
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(told).encode()})
