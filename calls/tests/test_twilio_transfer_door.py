"""A human's leg at Twilio, whose callbacks come in any order or not at all."""

from __future__ import annotations

from itertools import permutations

import pytest

from calls.models import Call
from calls.selectors import transfer_of
from calls.services.tokens import consume_stream_token
from calls.services.transfer import TransferNews, note_transfer

COLD = TransferNews("x1", "requested", target="sales", number="+15550170000", kind="cold")


@pytest.fixture
def call(cast, twilio) -> Call:
    """A caller is being put through."""
    twilio.voice()
    call = Call.objects.of(cast.organisation).get()
    consume_stream_token(call.pk, call.stream_issued, owner="me")
    note_transfer(call_id=call.pk, news=COLD)
    return call


def human(twilio, call: Call, word: str, **fields: str) -> None:
    query = {"call": call.pk, "transfer": "x1", "leg": "human"}
    twilio.post("transfer", query, CallSid="CA2", CallStatus=word, **fields)


def dial_ended(twilio, call: Call, word: str) -> str:
    query = {"call": call.pk, "transfer": "x1", "stream": str(call.stream_issued)}
    return twilio.post("transfer", query, CallSid="CA1", DialCallStatus=word).content.decode()


def test_who_talked_with_the_human_was_put_through_though_the_answer_was_never_told(call, twilio):
    human(twilio, call, "ringing")
    human(twilio, call, "completed", CallDuration="30")
    assert "<Hangup" in dial_ended(twilio, call, "completed")
    row = transfer_of(call, "x1")
    assert row is not None and (row.state, row.reason) == ("completed", "")
    assert row.joined_at is not None


@pytest.mark.parametrize("order", list(permutations(("initiated", "ringing", "in-progress", "completed"))))
def test_any_order_ends_in_the_same_place(call, twilio, order):
    for word in order:
        human(twilio, call, word)
    row = transfer_of(call, "x1")
    assert row is not None and (row.state, row.reason) == ("completed", "")


@pytest.mark.parametrize(
    ("word", "sip", "reason"),
    [
        ("busy", "486", "busy"),
        ("busy", "603", "declined"),
        ("no-answer", "487", "no_answer"),
        ("failed", "500", "failed"),
    ],
)
def test_a_human_who_was_not_reached_has_a_reason_and_the_caller_comes_back(call, twilio, word, sip, reason):
    human(twilio, call, word, SipResponseCode=sip)
    assert "<Stream" in dial_ended(twilio, call, word)
    row = transfer_of(call, "x1")
    assert row is not None and (row.state, row.reason) == ("failed", reason)
