"""A stream as the application asked for it, checked. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from patter.simulators.telnyx.refusals import RefusalError

TRACKS = ("inbound_track", "outbound_track", "both_tracks")
CODECS = ("PCMU", "PCMA", "G722", "OPUS", "AMR-WB", "L16")
SPOKEN = ("PCMU", "PCMA", "L16")
"""What this simulator can speak itself."""
RATES_HZ = (8000, 16000, 22050, 24000, 48000)
FIELDS = frozenset(
    "stream_url stream_track stream_codec stream_bidirectional_mode stream_bidirectional_codec "
    "stream_bidirectional_sampling_rate stream_bidirectional_target_legs stream_auth_token "
    "custom_parameters".split()
)


@dataclass(frozen=True, slots=True)
class StreamPlan:
    """``heard`` is the codec towards the application, ``spoken`` the one from it. ``mode`` is mp3 or rtp."""

    url: str
    heard: str
    heard_hz: int
    spoken: str
    spoken_hz: int
    mode: str
    token: str
    parameters: Mapping[str, str]


def read_plan(body: Mapping[str, Any], leg_codec: str, keeps_codec: bool) -> StreamPlan:
    """Raises RefusalError with Telnyx's code."""
    url = str(body.get("stream_url") or "")
    parts = urlsplit(url)
    if parts.scheme not in ("wss", "ws") or not parts.hostname:
        raise RefusalError(422, "10015", "Invalid value", "stream_url must begin with wss://", "/stream_url")
    _one_of(body, "stream_track", TRACKS)
    heard = str(_one_of(body, "stream_codec", (*CODECS, "default")) or "default")
    spoken = str(_one_of(body, "stream_bidirectional_codec", CODECS) or "PCMU")
    rate = _one_of(body, "stream_bidirectional_sampling_rate", RATES_HZ) or 8000
    mode = str(_one_of(body, "stream_bidirectional_mode", ("mp3", "rtp")) or "mp3")
    _one_of(body, "stream_bidirectional_target_legs", ("both", "self", "opposite"))
    token = str(body.get("stream_auth_token") or "")
    if len(token) > 4000:
        raise RefusalError(422, "10033", "Value out of range", "stream_auth_token is too long")
    if keeps_codec or heard == "default":
        heard = leg_codec
    for codec in (heard, spoken):
        if codec not in SPOKEN and not keeps_codec:
            raise RefusalError(422, "10032", "Not simulated", f"this simulator speaks {', '.join(SPOKEN)}")
    return StreamPlan(
        url=url,
        heard=heard,
        heard_hz=16000 if heard == "L16" else 8000,
        spoken=spoken,
        spoken_hz=int(rate) if spoken == "L16" else 8000,
        mode=mode,
        token=token,
        parameters=_parameters(body.get("custom_parameters") or []),
    )


def _one_of(body: Mapping[str, Any], name: str, known: tuple[Any, ...]) -> Any:
    value = body.get(name)
    if value is not None and value not in known:
        words = ", ".join(map(str, known))
        raise RefusalError(422, "10032", "Invalid enumerated value", f"{name} is one of {words}", f"/{name}")
    return value


def _parameters(given: Any) -> dict[str, str]:
    rows = given if isinstance(given, list) else [given]
    for row in rows:
        good = isinstance(row, dict) and set(row) == {"name", "value"}
        if not good or not all(isinstance(value, str) for value in row.values()):
            detail = "custom_parameters is a list of names and values, all texts"
            raise RefusalError(422, "10015", "Invalid value", detail, "/custom_parameters")
    return {row["name"]: row["value"] for row in rows}
