"""Reading every root certificate takes 50 ms: a process does it once, and no command or tool waits for it."""

from __future__ import annotations

import ssl
from contextlib import AsyncExitStack

from patter.carriers.telnyx.rest import TelnyxRest
from patter.carriers.twilio.rest import TwilioRest
from patter.tools.guard import Guard, GuardedTransport
from patter.tools.requests import WebhookRequest
from patter.tools.webhook import post
from patter.trust import trust

NOBODY = "https://127.0.0.1:9/"


async def test_clients_of_a_call_share_what_was_read(monkeypatch):
    trust(), trust(from_environment=False)
    read, create = [], ssl.create_default_context

    def counted(*given, **more):
        read.append(1)
        return create(*given, **more)

    monkeypatch.setattr(ssl, "create_default_context", counted)
    async with AsyncExitStack() as stack:
        for _ in range(3):
            await stack.enter_async_context(TelnyxRest("KEY0001"))
            await stack.enter_async_context(TwilioRest("AC1", "token"))
        await GuardedTransport(Guard()).aclose()
        for guard in (None, Guard(["127.0.0.0/8"])):
            tried = await post(WebhookRequest(NOBODY, b"{}"), "msg_1", 1, guard=guard, timeout_s=5)
            assert tried.failure is not None
    assert read == []
