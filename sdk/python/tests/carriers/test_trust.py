"""A call is not held up by what is the same for all of them."""

from __future__ import annotations

import ssl

import pytest

from patter.carriers.telnyx.rest import TelnyxRest
from patter.carriers.trust import trust
from patter.carriers.twilio.rest import TwilioRest


async def test_root_certificates_are_read_once_in_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each reading takes longer than a frame of audio lasts, in the loop that carries every call."""
    trust()
    made: list[ssl.SSLContext] = []
    make = ssl.create_default_context

    def counted(*args: object, **more: object) -> ssl.SSLContext:
        made.append(make(*args, **more))  # type: ignore[arg-type]
        return made[-1]

    monkeypatch.setattr(ssl, "create_default_context", counted)
    for _ in range(3):
        async with TwilioRest("AC1", "token"), TelnyxRest("KEY1"):
            pass
    assert made == []
