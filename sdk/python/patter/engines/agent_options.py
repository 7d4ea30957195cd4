"""An agent's settings as options of its providers, where they have them. Pure: the same in both homes.

What the provider's own options say wins.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from patter.turn_taking import resolved_values

LEAST_ENDPOINTING_MS = {"deepgram": 10, "openai": 100, "offline": 100}
"""Recognisers that end a phrase after a silence that can be set, and the shortest they take."""
FLUX_EARLIER_MS = 500
"""Flux gives a turn up so long before the pipeline would: only then its text is final."""
FLUX_TIMEOUT_MS = (500, 5000)
"""The least that it takes, and its own default."""
TAKE_KEYTERMS = frozenset(["deepgram", "deepgram_flux", "openai"])

Options = Mapping[str, Any]


def ears_options(
    provider: str, own: Options | None, turn_taking: Options, keyterms: Sequence[str]
) -> dict[str, Any]:
    """Of a recogniser."""
    options: dict[str, Any] = {}
    if least := LEAST_ENDPOINTING_MS.get(provider):
        options["endpointing_ms"] = max(least, resolved_values(turn_taking)["endpointing_ms"])
    if provider == "deepgram_flux":
        least_ms, most_ms = FLUX_TIMEOUT_MS
        ceiling_ms = resolved_values(turn_taking)["max_turn_delay_ms"]
        options["eot_timeout_ms"] = max(least_ms, min(ceiling_ms - FLUX_EARLIER_MS, most_ms))
    if keyterms and provider in TAKE_KEYTERMS:
        options["keyterms"] = list(keyterms)
    return {**options, **(own or {})}


def realtime_options(own: Options | None, turn_taking: Options, keyterms: Sequence[str]) -> dict[str, Any]:
    """Of a Realtime session. Its own silence counts, unless the agent chose how patient it is."""
    options: dict[str, Any] = {}
    if "preset" in turn_taking or "turn_timeout_ms" in turn_taking:
        options["silence_duration_ms"] = resolved_values(turn_taking)["turn_timeout_ms"]
    if keyterms:
        options["keyterms"] = list(keyterms)
    return {**options, **(own or {})}
