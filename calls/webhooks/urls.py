"""Carrier addresses. The form with the account's id is the one that Patter gives out; the bare one stays."""

from django.urls import path

from calls.webhooks import hold, telnyx, twilio, twilio_transfer

DOORS = {
    "voice": twilio.voice,
    "resume": twilio.resume,
    "status": twilio.status,
    "stream-status": twilio.stream_status,
    "amd": twilio.machine_detection,
    "digits": twilio.resume,
    "recording": twilio.recording,
    "transfer": twilio_transfer.transfer,
    "whisper": twilio_transfer.whisper,
}

urlpatterns = [
    pattern
    for name, view in DOORS.items()
    for pattern in (
        path(f"webhooks/twilio/{name}", view, name=f"twilio-{name}"),
        path(f"webhooks/twilio/<str:carrier_account_id>/{name}", view, name=f"twilio-account-{name}"),
    )
]
urlpatterns += [
    path(hold.PATH, hold.hold, name="hold-music"),
    path("webhooks/telnyx", telnyx.events, name="telnyx"),
    path("webhooks/telnyx/<str:carrier_account_id>", telnyx.events, name="telnyx-account"),
]
