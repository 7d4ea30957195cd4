"""Sockets of the calls room. Carriers and SDKs send no Origin; browsers must."""

from __future__ import annotations

from django.urls import path

from calls.consumers.carrier import CarrierConsumer
from calls.consumers.live import live_sockets
from calls.consumers.sdk import sdk_sockets

carrier_sockets = [path("media/twilio/<str:call_id>", CarrierConsumer.as_asgi())]
program_sockets = [*sdk_sockets]
browser_sockets = [*live_sockets]
