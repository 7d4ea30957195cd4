import pytest
from twilio.request_validator import RequestValidator

from patter.carriers.twilio.signature import body_sha256, sign, verify, verify_body, verify_upgrade

TOKEN = "0123456789abcdef0123456789abcdef"
VOICE_URL = "https://bridge.example.com/twilio/voice?agent=7"
VOICE = [
    ("AccountSid", "AC00000000000000000000000000000001"),
    ("ApiVersion", "2010-04-01"),
    ("CallSid", "CA00000000000000000000000000000001"),
    ("CallStatus", "ringing"),
    ("Direction", "inbound"),
    ("From", "+15550001111"),
    ("To", "+15550002222"),
]
HOOK = "https://bridge.example.com/hook"
BODY = b'{"a":1}'
BODY_URL = f"{HOOK}?bodySHA256=015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"
REPEATED = [("CallSid", "CA1"), *(("StatusCallbackEvent", event) for event in "baa")]
PUBLISHED = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Caller", "+14158675309"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
]
SHA256 = "key=webhooks_sharedkey_1, algorithm=HMAC_SHA256"


def test_form_posts():
    assert verify(TOKEN, VOICE_URL, VOICE, "Z45Dl5Ss8f+a8O3qRe3mn+1xJhM=")
    assert verify(TOKEN, VOICE_URL, reversed(VOICE), "Z45Dl5Ss8f+a8O3qRe3mn+1xJhM=")
    assert verify(TOKEN, HOOK, REPEATED, "DOEXJIB482HP+Q1afv2/S+XqvUY=")
    published = "https://mycompany.com/myapp.php?foo=1&bar=2"
    assert verify("12345", published, PUBLISHED, "RSOYDt4T1cUTdK1PDd93/VVr8B8=")


@pytest.mark.parametrize(
    "changed", [VOICE[:-1], [*VOICE, ("Extra", "1")], [*VOICE[:-1], ("To", "+15550002223")]]
)
def test_a_changed_form_is_refused(changed):
    assert not verify(TOKEN, VOICE_URL, changed, "Z45Dl5Ss8f+a8O3qRe3mn+1xJhM=")


def test_bodies_that_are_not_forms():
    signature = "4tg+ipoKdHCEYMjt/EE3I3178oQ="
    assert verify_body(TOKEN, BODY_URL, BODY, signature)
    assert not verify_body(TOKEN, BODY_URL, b'{"a":2}', signature)
    assert not verify_body(TOKEN, HOOK, BODY, sign(TOKEN, HOOK))
    assert body_sha256(BODY) in BODY_URL


@pytest.mark.parametrize(
    "url", ["wss://bridge.example.com/media/twilio", "https://bridge.example.com/media/twilio"]
)
@pytest.mark.parametrize("signature", ["pdNh/PVQcUqJrppuXVeC/tngji4=", "lRqR+5H83Um2a+cS1x/SQXRy3Yk="])
def test_upgrades_with_and_without_a_trailing_slash(url, signature):
    assert verify_upgrade(TOKEN, url, signature)
    assert verify_upgrade(TOKEN, url + "/", signature)
    assert not verify_upgrade(TOKEN, url + "/other", signature)


@pytest.mark.parametrize("signed", ["https://b.example.com/hook", "https://b.example.com:443/hook"])
@pytest.mark.parametrize("url", ["https://b.example.com/hook", "https://b.example.com:443/hook#rc=2"])
def test_either_spelling_of_the_default_port(signed, url):
    assert verify(TOKEN, url, [("a", "1")], sign(TOKEN, signed, [("a", "1")]))


def test_another_port_may_be_dropped_but_not_invented():
    assert verify(TOKEN, "https://b.example.com:8443/hook", [], sign(TOKEN, "https://b.example.com/hook"))
    assert not verify(TOKEN, "https://b.example.com/hook", [], sign(TOKEN, "https://b.example.com:8443/hook"))
    assert verify_upgrade(TOKEN, "wss://b.example.com/m", sign(TOKEN, "wss://b.example.com:443/m"))
    assert verify(TOKEN, "http://[::1]:8000/hook", [], sign(TOKEN, "http://[::1]/hook"))


def test_a_password_in_the_address_is_not_signed():
    assert verify(
        TOKEN, "https://me:secret@b.example.com/hook", [], sign(TOKEN, "https://b.example.com/hook")
    )


def test_the_second_algorithm():
    signature = "yVr2S619BCPsTHB8EMtkvdMO7Ku/QUJ6GU7R/eKqyoE="
    assert verify(TOKEN, HOOK, [("CallSid", "CA1")], signature, SHA256)
    assert not verify(TOKEN, HOOK, [("CallSid", "CA1")], signature)
    assert not verify(TOKEN, HOOK, [("CallSid", "CA1")], signature, "algorithm=HMAC_SHA512")


@pytest.mark.parametrize("junk", ["", "x", "ÿ" * 28, "\ud800"])
def test_junk_is_refused(junk):
    assert not verify(TOKEN, VOICE_URL, VOICE, junk)
    assert not verify_upgrade(TOKEN, "wss://b.example.com/m", junk)


def test_an_empty_key_signs_nothing():
    assert not verify("", VOICE_URL, VOICE, sign("", VOICE_URL, VOICE))


@pytest.mark.parametrize(
    "url", [VOICE_URL, "https://b.example.com:8443/x", "http://127.0.0.1:8000/y?b=2&a=1"]
)
@pytest.mark.parametrize("fields", [[], VOICE, [("Ü", "ß €"), ("Empty", "")]])
def test_the_vendors_own_validator_agrees(url, fields):
    vendor = RequestValidator(TOKEN)
    assert vendor.compute_signature(url, dict(fields)) == sign(TOKEN, url, fields)
    assert vendor.validate(url, dict(fields), sign(TOKEN, url, fields))
    assert verify(TOKEN, url, fields, vendor.compute_signature(url, dict(fields)))
