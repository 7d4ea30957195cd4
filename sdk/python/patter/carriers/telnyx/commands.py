"""What Telnyx can be asked to do with a call (Call Control v2), as requests to be sent. Pure.

Every command carries a ``command_id``: Telnyx ignores a second one with the same id for the same call
(60 s), so a request whose answer was lost may be repeated. What Telnyx would refuse raises
``ConfigError`` here, where the text can still say what to change.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from patter.carriers.params import HEADER_NAME
from patter.carriers.telnyx.detection import OFF, checked_mode
from patter.carriers.telnyx.voices import SPEAK_VOICE, speak_language
from patter.errors import ConfigError

MAX_SPEAK_CHARS = 3000
MAX_TOKEN_CHARS = 4000
MAX_PARAMETER_CHARS = 499
MAX_TIME_LIMIT_S = 14_000
"""One page says 14,400, an error text 14,000: the smaller one passes both."""
TRANSCRIBER = "Telnyx"
"""Telnyx's own recogniser, which needs no account elsewhere."""
LOOPBACK = ("127.0.0.1", "::1", "localhost")
REJECT_CAUSES = ("CALL_REJECTED", "USER_BUSY", "NOT_FOUND", "TEMPORARILY_UNAVAILABLE")
RATES_HZ = {"PCMU": 8000, "PCMA": 8000, "L16": 16000}
"""The codecs that the wire speaks, with their sampling rates."""

Headers = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Command:
    """One request: POST to ``path`` below the base. ``about`` says what it is, for errors and logs."""

    path: str
    body: Mapping[str, Any]
    about: str


def answer(
    call_control_id: str, *, command_id: str, client_state: str = "", webhook_url: str | None = None
) -> Command:
    """Pick up. The stream is asked for on its own, once the call is answered: there it may carry a token.

    Without silence from us some calls are dropped after seconds, so Telnyx is asked to make it.
    """
    more = {"send_silence_when_idle": True, "webhook_url": _https(webhook_url)}
    return _action(call_control_id, "answer", command_id, client_state=_state(client_state), **more)


def start_stream(
    call_control_id: str,
    url: str,
    *,
    command_id: str,
    token: str = "",
    parameters: Mapping[str, str] | None = None,
    codec: str = "PCMU",
) -> Command:
    """Connect the caller to a media socket, in both directions.

    Args:
        url: the media socket, ``wss://`` and without a query string.
        token: comes back in the upgrade's header and in ``connected``, and as the parameter ``token``.
        parameters: texts that come back in ``start``.
        codec: both ways; Telnyx keeps the call's own towards us where it cannot convert.
    """
    if codec not in RATES_HZ:
        raise ConfigError(f"a stream's codec is one of {', '.join(RATES_HZ)}, not {codec!r}")
    if len(token) > MAX_TOKEN_CHARS:
        raise ConfigError(f"a stream's token has at most {MAX_TOKEN_CHARS} characters")
    given = {**({"token": token} if token else {}), **(parameters or {})}
    return _action(
        call_control_id,
        "streaming_start",
        command_id,
        stream_url=_socket_url(url),
        stream_track="inbound_track",
        stream_codec=codec,
        # The default is mp3, and then raw audio is silently ignored: the caller would hear nothing.
        stream_bidirectional_mode="rtp",
        stream_bidirectional_codec=codec,
        stream_bidirectional_sampling_rate=RATES_HZ[codec],
        stream_bidirectional_target_legs="self",
        stream_auth_token=token or None,
        custom_parameters=[_parameter(name, value) for name, value in given.items()] or None,
    )


def stop_stream(call_control_id: str, *, command_id: str) -> Command:
    return _action(call_control_id, "streaming_stop", command_id)


def dial(
    *,
    connection_id: str,
    to: str,
    from_: str,
    command_id: str,
    client_state: str = "",
    webhook_url: str | None = None,
    timeout_s: int = 30,
    time_limit_s: int | None = None,
    detection: str = OFF,
    headers: Headers | None = None,
    link_to: str | None = None,
) -> Command:
    """Call somebody. ``timeout_s`` is how long it may ring (5 to 600).

    Args:
        client_state: a text of ours that comes back in every webhook of the call.
        detection: of answering machines: one of ``detection.MODES``.
        headers: SIP headers for the callee, with names that begin with ``X-``.
        link_to: another call's id; both then share a session.
    """
    if not 5 <= timeout_s <= 600:
        raise ConfigError(f"a call rings 5 to 600 seconds at Telnyx, not {timeout_s}")
    limit_s = min(time_limit_s, MAX_TIME_LIMIT_S) if time_limit_s else None
    body = {
        "connection_id": connection_id,
        "to": to,
        "from": from_,
        "command_id": command_id,
        "client_state": _state(client_state),
        "webhook_url": _https(webhook_url),
        "timeout_secs": timeout_s,
        "time_limit_secs": limit_s,
        "answering_machine_detection": checked_mode(detection),
        "send_silence_when_idle": True,
        "custom_headers": custom_headers(headers or {}) or None,
        "link_to": link_to,
    }
    return Command("/calls", _given(body), "dial")


def hang_up(call_control_id: str, *, command_id: str) -> Command:
    return _action(call_control_id, "hangup", command_id)


def reject(call_control_id: str, *, command_id: str, cause: str = "TEMPORARILY_UNAVAILABLE") -> Command:
    """Refuse a call unanswered, at no cost."""
    if cause not in REJECT_CAUSES:
        raise ConfigError(f"a call is refused as one of {', '.join(REJECT_CAUSES)}, not {cause!r}")
    return _action(call_control_id, "reject", command_id, cause=cause)


def speak(
    call_control_id: str,
    text: str,
    language: str,
    *,
    command_id: str,
    client_state: str = "",
    voice: str = SPEAK_VOICE,
) -> Command:
    """Speak a text in the carrier's own voice. It ends with ``call.speak.ended``."""
    if not text or len(text) > MAX_SPEAK_CHARS:
        raise ConfigError(f"a spoken text has 1 to {MAX_SPEAK_CHARS} characters, this one has {len(text)}")
    spoken = {"payload": text, "voice": voice, "language": speak_language(language)}
    return _action(call_control_id, "speak", command_id, client_state=_state(client_state), **spoken)


def ask_for_key(
    call_control_id: str,
    text: str,
    language: str,
    *,
    command_id: str,
    timeout_s: int = 15,
    voice: str = SPEAK_VOICE,
) -> Command:
    """Speak a text and wait for one key. It ends with ``call.gather.ended``."""
    return _action(
        call_control_id,
        "gather_using_speak",
        command_id,
        payload=text[:MAX_SPEAK_CHARS],
        voice=voice,
        language=speak_language(language),
        minimum_digits=1,
        maximum_digits=1,
        maximum_tries=1,
        timeout_millis=timeout_s * 1000,
    )


def stop_gather(call_control_id: str, *, command_id: str) -> Command:
    """End what ``ask_for_key`` began, the text too. ``call.gather.ended`` says ``cancelled``."""
    return _action(call_control_id, "gather_stop", command_id)


def start_transcription(call_control_id: str, language: str, *, command_id: str) -> Command:
    """Tell what the person at the far end says, in ``call.transcription``, until it is stopped."""
    config = {"transcription_engine": TRANSCRIBER, "language": language.partition("-")[0].lower() or "en"}
    return _action(
        call_control_id,
        "transcription_start",
        command_id,
        transcription_engine=TRANSCRIBER,
        transcription_engine_config=config,
        transcription_tracks="inbound",
    )


def stop_transcription(call_control_id: str, *, command_id: str) -> Command:
    return _action(call_control_id, "transcription_stop", command_id)


def send_digits(call_control_id: str, digits: str, *, command_id: str) -> Command:
    """Press keys towards the far end (``w`` waits 0.5 s, ``W`` 1 s). The stream goes on meanwhile."""
    if not digits or not set(digits) <= set("0123456789ABCD*#wW"):
        raise ConfigError("digits are one or more of 0-9 A-D * # w W")
    return _action(call_control_id, "send_dtmf", command_id, digits=digits)


def transfer(
    call_control_id: str,
    to: str,
    *,
    command_id: str,
    from_: str | None = None,
    timeout_s: int = 20,
    target_state: str = "",
    webhook_url: str | None = None,
    headers: Headers | None = None,
) -> Command:
    """Connect the caller to another number; Telnyx bridges the two once it is answered.

    Args:
        from_: the shown number; left out, the one that the caller dialled.
        target_state: ``client_state`` of the new leg's webhooks.
    """
    return _action(
        call_control_id,
        "transfer",
        command_id,
        **{"to": to, "from": from_},
        timeout_secs=timeout_s,
        target_leg_client_state=_state(target_state),
        webhook_url=_https(webhook_url),
        # The ring tone of the other side is not for the agent's ears.
        early_media=False,
        custom_headers=custom_headers(headers or {}) or None,
    )


def bridge(call_control_id: str, other: str, *, command_id: str) -> Command:
    """Join two calls."""
    return _action(call_control_id, "bridge", command_id, call_control_id=other)


def start_recording(call_control_id: str, *, command_id: str, format: str = "wav") -> Command:
    """Record both sides on channels of their own, until the call ends."""
    return _action(call_control_id, "record_start", command_id, channels="dual", format=format)


def stop_recording(call_control_id: str, *, command_id: str) -> Command:
    return _action(call_control_id, "record_stop", command_id)


def start_playback(
    call_control_id: str, audio_url: str, *, command_id: str, loop: bool = False, client_state: str = ""
) -> Command:
    """Play an audio file. It ends with ``call.playback.ended``."""
    more = {"audio_url": _https(audio_url), "loop": "infinity" if loop else None}
    return _action(call_control_id, "playback_start", command_id, client_state=_state(client_state), **more)


def stop_playback(call_control_id: str, *, command_id: str) -> Command:
    return _action(call_control_id, "playback_stop", command_id, stop="all")


# -- fields ---------------------------------------------------------------------------------------


def encode_state(text: str) -> str:
    """``client_state`` is base64 on the wire. Put no secret into it."""
    return b64encode(text.encode()).decode("ascii")


def decode_state(value: object) -> str:
    """The text in a ``client_state``; empty for whatever was not made here."""
    try:
        return b64decode(value, validate=True).decode() if isinstance(value, str) else ""
    except (Base64Error, ValueError):
        return ""


def custom_headers(headers: Headers) -> list[dict[str, str]]:
    """SIP headers. Raises ConfigError that names the one that cannot be sent."""
    for name, value in headers.items():
        if not HEADER_NAME.fullmatch(name):
            raise ConfigError(f"SIP header {name[:40]!r}: a name begins with X- and has no spaces")
        if any(character in value for character in "\r\n\0"):
            raise ConfigError(f"SIP header {name[:40]!r}: a value is one line")
        _check_length(f"SIP header {name[:40]!r}", name, value)
    return [{"name": name, "value": value} for name, value in headers.items()]


def _action(call_control_id: str, name: str, command_id: str, /, **fields: Any) -> Command:
    if not call_control_id:
        raise ConfigError("a command needs the call_control_id of its call")
    body = _given({"command_id": command_id, **fields})
    return Command(f"/calls/{quote(call_control_id, safe=':')}/actions/{name}", body, name)


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _state(text: str) -> str | None:
    return encode_state(text) if text else None


def _parameter(name: str, value: str) -> dict[str, str]:
    if not name:
        raise ConfigError("a stream parameter needs a name")
    _check_length(f"parameter {name[:40]!r}", name, value)
    return {"name": name, "value": value}


def _check_length(what: str, name: str, value: str) -> None:
    if len(name) + len(value) > MAX_PARAMETER_CHARS:
        raise ConfigError(f"{what}: name and value must stay under 500 characters together")


def _socket_url(url: str) -> str:
    parts = urlsplit(url)
    # Plain ws:// is for the simulated carrier, and never leaves the machine.
    allowed: Sequence[str] = ("wss", "ws") if parts.hostname in LOOPBACK else ("wss",)
    if parts.scheme not in allowed or not parts.hostname:
        raise ConfigError("a media socket's address begins with wss:// and a host name")
    if "?" in url or "#" in url:
        raise ConfigError("a media socket's address has no query string: use parameters")
    return url


def _https(url: str | None) -> str | None:
    if url is not None and (urlsplit(url).scheme not in ("https", "http") or not urlsplit(url).hostname):
        raise ConfigError("an address for Telnyx must be absolute, with http:// or https://")
    return url
