import base64

import pytest

from calls.models import Call
from calls.services.tokens import (
    LIFETIME_S,
    TokenRefused,
    consume_stream_token,
    issue_stream_token,
    read_stream_token,
)
from calls.tests.cast import make_call


@pytest.fixture
def call(cast) -> Call:
    return make_call(cast.organisation)


def reason_of(token: str, now: float | None = None) -> str:
    with pytest.raises(TokenRefused) as refused:
        read_stream_token(token, now=now)
    return refused.value.reason


def test_a_token_says_which_call_and_which_number(call):
    read = read_stream_token(issue_stream_token(call, now=1000.0), now=1001.0)
    assert (read.call_id, read.n, read.expires_at) == (call.pk, 1, 1000 + LIFETIME_S)


def test_it_fits_into_a_parameter_and_an_address(call):
    token = issue_stream_token(call)
    assert len(token) < 120 and token.replace("-", "").replace("_", "").isalnum()


def test_it_expires(call):
    token = issue_stream_token(call, now=1000.0)
    assert read_stream_token(token, now=1060.0)
    assert reason_of(token, now=1061.0) == "expired"


def test_every_changed_byte_is_noticed(call):
    raw = bytearray(base64.urlsafe_b64decode(issue_stream_token(call) + "=="[:2]))
    for i in range(0, len(raw), 5):
        changed = bytearray(raw)
        changed[i] ^= 1
        assert reason_of(base64.urlsafe_b64encode(bytes(changed)).decode().rstrip("=")) in (
            "forged",
            "malformed",
        )


@pytest.mark.parametrize("token", ["", "x", "!!!", "a" * 500, "é", "AAAA", "=" * 8])
def test_nonsense_is_malformed_or_forged(token):
    assert reason_of(token) in ("malformed", "forged")


def test_a_token_of_another_installation_is_forged(call, settings):
    token = issue_stream_token(call)
    settings.SECRET_KEY = "another secret of another installation"
    assert reason_of(token) == "forged"


def test_a_token_is_used_once(call):
    issue_stream_token(call)
    assert consume_stream_token(call.pk, 1, owner="me")
    assert not consume_stream_token(call.pk, 1, owner="you")
    call.refresh_from_db()
    assert (call.lease_owner, call.stream_used, call.has_media) == ("me", 1, True)


def test_a_newer_token_makes_the_older_ones_void(call):
    issue_stream_token(call)
    issue_stream_token(call)
    assert not consume_stream_token(call.pk, 1)
    assert consume_stream_token(call.pk, 2)


def test_a_token_of_an_ended_call_opens_nothing(call):
    issue_stream_token(call)
    Call.objects.of(call.organisation_id).update(status="completed")
    assert not consume_stream_token(call.pk, 1)


def test_a_token_that_was_never_given_out_opens_nothing(call):
    assert not consume_stream_token(call.pk, 1)
    assert not consume_stream_token(call.pk, 0)
