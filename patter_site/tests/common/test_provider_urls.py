import pytest
from django.core.exceptions import ImproperlyConfigured

from patter_site.common.provider_urls import provider_base_url, socket_base_url


@pytest.mark.parametrize(
    ("provider", "given", "base"),
    [
        ("openai", "", "https://api.openai.com/v1"),
        ("openai", "http://localhost:9000", "http://localhost:9000/v1"),
        ("openai", "http://localhost:9000/v1/", "http://localhost:9000/v1"),
        ("openai", "https://gate.example/openai/v1/v1", "https://gate.example/openai/v1"),
        ("openai", "wss://gate.example", "https://gate.example/v1"),
        ("telnyx", "https://eu.example/v2", "https://eu.example/v2"),
        ("telnyx", "eu.example", "https://eu.example/v2"),
        ("deepgram", "https://dg.example/", "https://dg.example"),
        ("twilio", "https://proxy.example/twilio", "https://proxy.example/twilio"),
    ],
)
def test_a_suffix_stands_exactly_once(provider, given, base):
    assert provider_base_url(provider, given) == base


@pytest.mark.parametrize("given", ["ftp://x", "https://", "://"])
def test_what_is_no_address_is_refused(given):
    with pytest.raises(ImproperlyConfigured):
        provider_base_url("openai", given)


def test_sockets_follow_from_the_base():
    assert socket_base_url("https://api.openai.com/v1") == "wss://api.openai.com/v1"
    assert socket_base_url("http://localhost:9") == "ws://localhost:9"
