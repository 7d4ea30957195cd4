"""Keys as people paste them: blanks at their ends do no harm, and nothing in them becomes a header."""

import pytest

from patter.bridge.plan import ProviderSpec
from patter.engines.deepgram.wire import headers
from patter.engines.openai_account import account_of
from patter.engines.options import key_of
from patter.engines.tts.elevenlabs.link import ElevenLabsTts
from patter.errors import ConfigError


def test_blanks_around_a_key_are_not_sent():
    assert key_of(ProviderSpec("openai", api_key=" sk-1\n"), "OpenAI") == "sk-1"
    assert account_of(ProviderSpec("openai", api_key="sk-1\n")).headers == {"Authorization": "Bearer sk-1"}
    assert headers(ProviderSpec("deepgram", api_key="k\n")) == {"Authorization": "Token k"}


@pytest.mark.parametrize("key", ["a b", "a\r\nX-Other: 1", "schlüssel", "\x00"])
def test_what_no_key_has_is_refused_while_the_agent_is_set_up(key):
    for use in (account_of, ElevenLabsTts, headers):
        with pytest.raises(ConfigError, match="API key has characters"):
            use(ProviderSpec("openai", api_key=key))


@pytest.mark.parametrize("key", [None, "", "\n"])
def test_a_server_of_ones_own_may_need_none(key):
    account = account_of(ProviderSpec("openai_compatible", api_key=key, base_url="http://127.0.0.1/v1"))
    assert account.headers == {}
