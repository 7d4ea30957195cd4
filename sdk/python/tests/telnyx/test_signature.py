import json
from base64 import b64encode

import pytest
from telnyx.lib.webhook_verification import WebhookVerificationError, verify_webhook_signature

from patter.carriers.telnyx.signature import SIGNATURE_HEADER, TIMESTAMP_HEADER, is_public_key, verify
from patter.carriers.telnyx.webhooks import NotAWebhook, read_webhook
from patter.simulators.telnyx.world import SigningKey

KEY = SigningKey(bytes(range(32)))
BODY = b'{"data":{"event_type":"call.initiated","id":"evt-1"}}'
AT = "1700000000"
# Made with the vendor's own package.
SIGNATURE = "zM2/V8JpLyD6EoQxjxQ8x24LWUohRGeRuhm0AdtBTM1rHVfkKjQUexO7vhgGeAg9j4el09imgeeg6MUZuvesBw=="


def test_the_published_vector():
    assert KEY.public_key == "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg="
    assert KEY.sign(AT, BODY) == SIGNATURE
    assert verify(KEY.public_key, BODY, SIGNATURE, AT, now_s=int(AT))


@pytest.mark.parametrize(
    "changed",
    [
        {"body": BODY + b" "},
        {"timestamp": "1700000001"},
        {"timestamp": "01700000000"},
        {"timestamp": "1700000000.0"},
        {"timestamp": ""},
        {"timestamp": "²"},
        {"signature": ""},
        {"signature": SIGNATURE[:-4]},
        {"signature": "no base64!"},
        {"signature": b64encode(bytes(64)).decode()},
        {"public_key": SigningKey(bytes(32)).public_key},
        {"public_key": ""},
        {"public_key": "cHVi"},
        {"public_key": "ü"},
    ],
)
def test_anything_else_is_forged(changed):
    given = {"public_key": KEY.public_key, "body": BODY, "signature": SIGNATURE, "timestamp": AT, **changed}
    assert not verify(**given, now_s=int(AT))


@pytest.mark.parametrize(("late_s", "good"), [(300, True), (-300, True), (301, False), (-301, False)])
def test_a_replay_is_void_after_five_minutes(late_s, good):
    assert verify(KEY.public_key, BODY, SIGNATURE, AT, now_s=int(AT) + late_s) is good


def test_the_vendors_package_agrees(monkeypatch):
    now = int(AT)
    monkeypatch.setattr("telnyx.lib.webhook_verification.time.time", lambda: now)
    headers = {SIGNATURE_HEADER: KEY.sign(AT, BODY), TIMESTAMP_HEADER: AT}
    verify_webhook_signature(BODY, headers, KEY.public_key)
    with pytest.raises(WebhookVerificationError):
        verify_webhook_signature(BODY + b" ", headers, KEY.public_key)


def test_a_public_key_is_32_bytes():
    assert is_public_key(KEY.public_key)
    assert not is_public_key("cHVi") and not is_public_key("not base64") and not is_public_key("")


def body(**more):
    payload = {
        "call_control_id": "v3:a",
        "connection_id": 149,
        "direction": "incoming",
        "state": "parked",
        **more,
    }
    return json.dumps({"data": {"id": "e1", "event_type": "call.initiated", "payload": payload}}).encode()


def test_an_event_is_read_with_whatever_it_has():
    event = read_webhook(
        body(client_state=b64encode(b"call_1").decode(), custom_headers=[{"name": "X-A", "value": "b"}, 7])
    )
    assert (event.id, event.kind, event.connection_id) == ("e1", "call.initiated", "149")
    assert (event.client_state, event.headers, event.is_incoming) == ("call_1", {"X-A": "b"}, True)
    assert read_webhook(body(client_state="not base64")).client_state == ""


def test_underscores_are_dots():
    text = body().replace(b"call.initiated", b"streaming_started")
    assert read_webhook(text).kind == "streaming.started"


@pytest.mark.parametrize(
    "text", [b"", b"\xff", b"[]", b"{}", b'{"data":[]}', b'{"data":{"payload":{}}}', b"[" * 9000]
)
def test_garbage_is_no_webhook(text):
    with pytest.raises(NotAWebhook):
        read_webhook(text)
