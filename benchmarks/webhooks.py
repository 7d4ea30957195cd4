"""What the carrier tells the platform before and after a call: signed forms, and the stream's first words."""

from __future__ import annotations

import asyncio
import html
import re
from typing import Any
from urllib.parse import urlencode, urlsplit

from patter.carriers.twilio.signature import HEADER, sign

STREAM = re.compile(r'<Stream\b[^>]*\burl="([^"]+)"')
PARAMETER = re.compile(r'<Parameter\b[^>]*\bname="([^"]+)"[^>]*\bvalue="([^"]*)"')


def start_message(
    account_sid: str, call_sid: str, stream_sid: str, parameters: dict[str, str]
) -> dict[str, Any]:
    return {
        "event": "start",
        "sequenceNumber": "1",
        "streamSid": stream_sid,
        "start": {
            "accountSid": account_sid,
            "streamSid": stream_sid,
            "callSid": call_sid,
            "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1},
            "customParameters": parameters,
        },
    }


def form(account_sid: str, call_sid: str, number: str, status: str) -> list[tuple[str, str]]:
    return [
        ("AccountSid", account_sid),
        ("ApiVersion", "2010-04-01"),
        ("CallSid", call_sid),
        ("CallStatus", status),
        ("Direction", "inbound"),
        ("From", "+12025550187"),
        ("To", number),
    ]


async def post(url: str, fields: list[tuple[str, str]], auth_token: str) -> str:
    """Post a signed form; the body of the answer. Raises ValueError for anything but a success."""
    parts = urlsplit(url)
    body = urlencode(fields)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    head = [
        f"POST {path} HTTP/1.1",
        f"Host: {parts.netloc}",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
        f"{HEADER}: {sign(auth_token, url, fields)}",
        "Connection: close",
    ]
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        writer.write(("\r\n".join(head) + "\r\n\r\n" + body).encode())
        answer = await asyncio.wait_for(reader.read(), 15)
    finally:
        writer.close()
    status, _, rest = answer.decode("utf-8", "replace").partition("\r\n")
    if " 20" not in status:
        raise ValueError(f"{parts.path} answered {status}")
    return rest.partition("\r\n\r\n")[2]


def stream_of(markup: str) -> tuple[str, dict[str, str]]:
    """Where the media socket is, and the parameters that go into ``start``. Raises ValueError."""
    found = STREAM.search(markup)
    if found is None:
        raise ValueError(f"the platform did not connect the call: {markup[:300]}")
    pairs = ((html.unescape(name), html.unescape(value)) for name, value in PARAMETER.findall(markup))
    return html.unescape(found.group(1)), dict(pairs)
