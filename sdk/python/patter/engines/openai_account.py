"""Where OpenAI's interface is and how to sign in to it: the same for voice, model and recogniser."""

from __future__ import annotations

from dataclasses import dataclass, field

from patter.bridge.plan import ProviderSpec
from patter.engines.options import key_of
from patter.errors import ConfigError

OPENAI_URL = "https://api.openai.com/v1"


@dataclass(frozen=True, slots=True)
class Account:
    """``base_url`` has no slash at its end. Only OpenAI itself cannot be asked without a key."""

    provider: str
    base_url: str
    api_key: str | None = field(repr=False)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.api_key}"} if self.api_key else {}


def account_of(spec: ProviderSpec) -> Account:
    """Raises ConfigError when the key or the address is missing."""
    if spec.provider == "openai":
        if not (key := key_of(spec, "OpenAI")):
            raise ConfigError("OpenAI needs an API key; store one as a provider credential")
        return Account(spec.provider, openai_base_url(spec.base_url), key)
    if not spec.base_url:
        raise ConfigError(f"{spec.provider} needs a base_url, such as http://localhost:11434/v1")
    return Account(spec.provider, spec.base_url.rstrip("/"), key_of(spec, spec.provider) or None)


def openai_base_url(given: str | None) -> str:
    """With one ``/v1`` at its end, whether it was missing or given twice."""
    if not given:
        return OPENAI_URL
    base_url = given.rstrip("/")
    while base_url.endswith("/v1"):
        base_url = base_url.removesuffix("/v1").rstrip("/")
    return f"{base_url}/v1"
