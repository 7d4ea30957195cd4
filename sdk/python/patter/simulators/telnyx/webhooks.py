"""Webhooks from the simulated Telnyx to the application: signed, repeated, and in no promised order."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from patter.carriers.telnyx.signature import SIGNATURE_HEADER, TIMESTAMP_HEADER
from patter.simulators.carrier.mail import sending_of
from patter.simulators.telnyx.leg import Leg
from patter.simulators.telnyx.world import SigningKey, new_id

BUDGET_S = 2.0
USER_AGENT = "telnyx-webhooks"
RETRIES_S = (0.5, 1.0, 2.0)
SHUFFLE_STEP_S = 0.3
OLD_S = 600


class Webhooks:
    """Posts signed JSON. One for a whole simulator."""

    def __init__(self, budget_s: float = BUDGET_S) -> None:
        self._http = httpx.AsyncClient(
            timeout=httpx.Timeout(budget_s),
            limits=httpx.Limits(max_connections=1000),
            trust_env=False,
            headers={"User-Agent": USER_AGENT, "Content-Type": "application/json"},
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """The answer's status; 0 when there was none in time."""
        try:
            return (await self._http.post(url, content=body, headers=dict(headers))).status_code
        except (httpx.HTTPError, httpx.InvalidURL):
            return 0


class Postman:
    """The webhooks of one leg. Each goes on its own: nothing waits for the answer to an earlier one."""

    def __init__(self, leg: Leg, webhooks: Webhooks) -> None:
        self._leg = leg
        self._webhooks = webhooks
        self._posting: set[asyncio.Task[None]] = set()
        self._first: tuple[bytes, dict[str, str]] | None = None
        self._count = 0

    def tell(self, kind: str, **more: Any) -> None:
        """Post one event about the leg."""
        leg, faults = self._leg, self._leg.order.faults
        at = datetime.now(UTC) + timedelta(seconds=faults.clock_skew_s)
        occurred = at.isoformat(timespec="microseconds").replace("+00:00", "Z")
        data = {
            "record_type": "event",
            "event_type": kind,
            "id": new_id(),
            "occurred_at": occurred,
            "payload": leg.payload(**more),
        }
        sending = sending_of(kind, faults)
        if not sending.copies:
            leg.note("webhook_dropped", about=kind)
            return
        number, self._count = self._count, self._count + 1
        for _ in range(max(sending.copies, 2 if faults.duplicate_webhooks else 1)):
            self._start(self._deliver(kind, data, number, sending.delay_s))

    async def close(self, within_s: float) -> None:
        """Wait until everything was delivered or given up."""
        if self._posting:
            await asyncio.wait(self._posting, timeout=within_s)
        if self._leg.order.faults.replayed_webhook and self._first is not None:
            body, headers = self._first
            self._note("replayed", await self._webhooks.post(self._leg.webhook_url, body, headers))
        for task in list(self._posting):
            task.cancel()
        await asyncio.gather(*self._posting, return_exceptions=True)

    def _start(self, delivering: Any) -> None:
        task = asyncio.create_task(delivering)
        self._posting.add(task)
        task.add_done_callback(self._posting.discard)

    async def _deliver(self, kind: str, data: Mapping[str, Any], number: int, delay_s: float) -> None:
        faults, application = self._leg.order.faults, self._leg.order.application
        urls = [self._leg.webhook_url, application.failover_url]
        if not urls[0]:
            return
        await asyncio.sleep(faults.late_webhook_s + delay_s)
        if number == 0:
            await self._post_aside(data)
        if faults.shuffled_webhooks:
            # The earlier, the later: what follows within moments overtakes it.
            await asyncio.sleep(max(0.0, SHUFFLE_STEP_S * (3 - number % 4)))
        for attempt, wait_s in enumerate((*RETRIES_S, 0.0), start=1):
            url = urls[(attempt - 1) % 2] or urls[0]
            body, headers = self._sealed(data, attempt, url)
            self._first = self._first or (body, headers)
            began_ms = self._leg.now_ms()
            status = await self._webhooks.post(url, body, headers)
            self._note(kind, status, attempt=attempt, took_ms=self._leg.now_ms() - began_ms)
            if 200 <= status < 300:
                return
            if 400 <= status < 500 and status not in (408, 429):
                self._leg.complain(f"{kind} was answered with {status}")
                return
            await asyncio.sleep(wait_s)
        self._leg.complain(f"{kind} was never taken")

    def _sealed(self, data: Mapping[str, Any], attempt: int, url: str) -> tuple[bytes, dict[str, str]]:
        body = json.dumps({"data": data, "meta": {"attempt": attempt, "delivered_to": url}}).encode()
        order = self._leg.order
        return body, self._headers(
            order.application.account.key, body, time.time() + order.faults.clock_skew_s
        )

    @staticmethod
    def _headers(key: SigningKey, body: bytes, at: float) -> dict[str, str]:
        timestamp = str(int(at))
        return {SIGNATURE_HEADER: key.sign(timestamp, body), TIMESTAMP_HEADER: timestamp}

    async def _post_aside(self, data: Mapping[str, Any]) -> None:
        """What must be refused, before the first genuine webhook."""
        leg, faults = self._leg, self._leg.order.faults
        body = json.dumps({"data": data, "meta": {"attempt": 1}}).encode()
        key, url = leg.order.application.account.key, leg.webhook_url
        if faults.forged_webhook:
            headers = self._headers(SigningKey(), body, time.time())
            self._note("forged", await self._webhooks.post(url, body, headers))
        if faults.old_webhook:
            self._note(
                "old", await self._webhooks.post(url, body, self._headers(key, body, time.time() - OLD_S))
            )
        if faults.garbage_webhook:
            garbage = b"\x00{not json"
            self._note(
                "garbage", await self._webhooks.post(url, garbage, self._headers(key, garbage, time.time()))
            )

    def _note(self, about: str, status: int, **more: Any) -> None:
        self._leg.note("webhook", about=about, status=status, **more)
