"""Sockets of the calls room. Carriers and SDKs send no Origin; browsers must."""

from __future__ import annotations

from django.urls import path

from calls.consumers.carrier import CarrierConsumer
from calls.consumers.live import live_sockets
from calls.consumers.sdk import sdk_sockets
from patter.carriers.kinds import STREAM_KINDS

carrier_sockets = [
    path(f"media/{carrier}/<str:call_id>", CarrierConsumer.as_asgi(), {"carrier": carrier})
    for carrier in STREAM_KINDS
]

program_sockets = [*sdk_sockets]
browser_sockets = [*live_sockets]
