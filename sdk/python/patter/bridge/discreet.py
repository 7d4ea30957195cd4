"""What is told of a call: without the keys of its providers, and fit for every database. Pure.

Some providers say the key as they refuse it. The words of providers and models may hold characters that no
database keeps, and one entry that cannot be stored must not hold up all others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from patter.bridge.plan import CallPlan, ProviderSpec
from patter.bridge.records import Entry, Interim, Noted, TransferNoted
from patter.bridge.wellformed import wellformed

BLOT = "[key]"
SHORTEST = 8
"""Characters. What is shorter is no key, and stands in ordinary words."""
SHORTEST_BEGINNING = 12
"""Of a key. Less is what all keys of that kind begin with, such as ``sk-proj-``."""
STAGES = ("stt", "llm", "tts")


def blotted(text: str, secrets: Iterable[str]) -> str:
    """The text without any of the secrets, nor the beginning of one with which it was cut off."""
    for secret in secrets:
        if len(secret) < SHORTEST:
            continue
        text = text.replace(secret, BLOT)
        lengths = range(len(secret) - 1, SHORTEST_BEGINNING - 1, -1)
        if begun := next((length for length in lengths if text.endswith(secret[:length])), 0):
            text = f"{text[:-begun]}{BLOT}"
    return text


def secrets_in(url: str | None) -> tuple[str, ...]:
    """What an address may hold beside the place: a password, and the values of its query."""
    try:
        parts = urlsplit(url or "")
        values = [parts.username, parts.password, *(value for _, value in parse_qsl(parts.query))]
    except ValueError:  # it is no address, and what of it is secret nobody knows
        return (url,) if url else ()
    given = [value for value in values if value]
    return tuple(dict.fromkeys([*given, *map(unquote, given)]))


class Discreet:
    """Of one call."""

    def __init__(self, plan: CallPlan) -> None:
        secrets = {secret for spec in _specs(plan) for secret in _secrets(spec)}
        # The longest first: one may be part of another.
        self._secrets = sorted(secrets, key=len, reverse=True)

    def entry(self, entry: Entry) -> Entry:
        """The entry as it may be written down."""
        match entry:
            case Noted(_, _, data):
                return replace(entry, data=self._clean(data))
            case TransferNoted(target=target, summary=summary):
                return replace(entry, target=wellformed(target), summary=wellformed(summary))
            case Interim(_, text):
                return replace(entry, text=wellformed(text))
            case _:
                return entry

    def _clean(self, value: Any) -> Any:
        match value:
            case str():
                return blotted(wellformed(value), self._secrets)
            case Mapping():
                return {name: self._clean(inner) for name, inner in value.items()}
            case list() | tuple():
                return [self._clean(inner) for inner in value]
            case _:
                return value


def _specs(plan: CallPlan) -> Iterator[ProviderSpec]:
    for stage in STAGES:
        yield from plan.chain(stage)
    if plan.speech is not None:
        yield plan.speech


def _secrets(spec: ProviderSpec) -> Iterator[str]:
    yield from secrets_in(spec.base_url)
    if spec.api_key:
        yield spec.api_key.strip()
    if isinstance(token := spec.options.get("call_token"), str) and token:
        yield token
