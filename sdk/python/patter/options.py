"""What the public methods were told, checked. A setting that cannot work is a ConfigError."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Literal
from urllib.parse import urlsplit

from patter.errors import ConfigError
from patter.signatures import HANDLER, check_callback, check_handler, check_ready
from patter.turn_taking import BOUNDS
from patter.types import Agent, Callback, LlmConfig, MessageHandler, Ready, SttConfig, TtsConfig

DEFAULT_BACKEND_URL = "wss://api.getpatter.com"
E164 = re.compile(r"\+[1-9][0-9]{6,14}")
HTTP_OF = {"ws": "http", "wss": "https", "http": "http", "https": "https"}
KINDS: Mapping[type, str] = {
    str: "a text",
    bool: "True or False",
    int: "a whole number",
    Mapping: "a dict",
    SttConfig: "what Patter.deepgram(…) or Patter.whisper(…) returns",
    TtsConfig: "what Patter.elevenlabs(…) or Patter.openai_tts(…) returns",
    LlmConfig: "an LlmConfig",
}
KEYS_OF_CARRIER: Mapping[str, Mapping[str, str]] = {
    "twilio": {"provider_key": "the account SID, AC…", "provider_secret": "the auth token"},
    "telnyx": {
        "provider_key": "the API key",
        "provider_secret": "the public key",
        "connection_id": "the id of the Call Control application",
    },
}
"""What each carrier's account is registered with."""
WS_OF = {"ws": "ws", "wss": "wss", "http": "ws", "https": "wss"}


@dataclass(frozen=True, slots=True)
class CloudOptions:
    """Where the platform is: ``backend_url`` a ws base, ``rest_url`` an http base, without a last slash."""

    api_key: str = field(repr=False)
    backend_url: str = DEFAULT_BACKEND_URL
    rest_url: str = ""


@dataclass(frozen=True, slots=True)
class LocalOptions:
    """The user's own accounts, for calls that are carried in this process."""

    twilio_sid: str = ""
    twilio_token: str = field(default="", repr=False)
    telnyx_key: str = field(default="", repr=False)
    telnyx_public_key: str = ""
    telnyx_connection_id: str = ""
    telnyx_detection: str = ""
    openai_key: str = field(default="", repr=False)
    deepgram_key: str = field(default="", repr=False)
    elevenlabs_key: str = field(default="", repr=False)
    phone_number: str = ""
    webhook_url: str = ""

    @property
    def carrier(self) -> Literal["twilio", "telnyx", ""]:
        if self.twilio_sid:
            return "twilio"
        return "telnyx" if self.telnyx_key else ""


@dataclass(frozen=True, slots=True)
class Listeners:
    """The user's functions. All may be plain, ``async`` or, for replies, async generators."""

    on_message: MessageHandler | None = None
    on_call_start: Callback | None = None
    on_call_end: Callback | None = None
    on_transcript: Callback | None = None
    on_dtmf: Callback | None = None
    on_call_status: Callback | None = None
    on_machine_detection: Callback | None = None
    on_recording: Callback | None = None

    def __post_init__(self) -> None:
        for each in fields(self):
            given = getattr(self, each.name)
            if given is None:
                continue
            if not callable(given):
                raise ConfigError(f"{each.name} is a function, not {type(given).__name__}.")
            if each.name == HANDLER:
                check_handler(given)
            else:
                check_callback(each.name, given)


@dataclass(frozen=True, slots=True)
class Registration:
    """A number that ``connect`` brings to the platform, with the account that it hangs on."""

    provider: str
    provider_key: str = field(repr=False)
    provider_secret: str = field(default="", repr=False)
    number: str = ""
    connection_id: str = ""
    stt: SttConfig | None = None
    tts: TtsConfig | None = None
    replace: bool = False

    def __post_init__(self) -> None:
        if self.provider not in KEYS_OF_CARRIER:
            raise ConfigError(f"provider is 'twilio' or 'telnyx', not {self.provider!r}.")
        for name in ("provider_key", "provider_secret", "connection_id"):
            check_kinds(str, **{name: getattr(self, name)})
        for name, meaning in KEYS_OF_CARRIER[self.provider].items():
            if not getattr(self, name).strip():
                raise ConfigError(f"provider={self.provider!r} needs {name}: {meaning}.")
        check_kinds(SttConfig, stt=self.stt)
        check_kinds(TtsConfig, tts=self.tts)
        check_kinds(bool, replace=self.replace)


@dataclass(frozen=True, slots=True)
class CallOptions:
    """One outbound call. What is None is left to the agent."""

    to: str
    from_number: str = ""
    agent: Agent | str | None = None
    first_message: str | None = None
    variables: Mapping[str, Any] | None = None
    custom_params: Mapping[str, Any] | None = None
    machine_detection: bool | None = None
    on_machine: str | None = None
    voicemail_message: str | None = None
    record: bool | None = None
    max_duration_s: int | None = None
    ring_s: int | None = None
    metadata: Mapping[str, Any] | None = None
    idempotency_key: str | None = None

    def __post_init__(self) -> None:
        if self.agent is not None and not isinstance(self.agent, str | Agent):
            raise ConfigError(f"agent is an agent's id or an Agent, not {type(self.agent).__name__}.")
        texts = ("first_message", "on_machine", "voicemail_message", "idempotency_key")
        check_kinds(str, **{name: getattr(self, name) for name in texts})
        check_kinds(
            Mapping, **{name: getattr(self, name) for name in ("variables", "custom_params", "metadata")}
        )
        check_kinds(bool, machine_detection=self.machine_detection, record=self.record)
        check_seconds(max_duration_s=self.max_duration_s, ring_s=self.ring_s)


BY_CARRIER = "carrier"
"""A recording that the carrier makes."""


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """How local mode listens. ``replace``: overwrite a webhook address that is somebody else's."""

    agent: Agent
    listeners: Listeners = field(default_factory=Listeners)
    host: str = "127.0.0.1"
    port: int = 8000
    recording: bool | str = False
    on_ready: Ready | None = None
    replace: bool | None = None
    recordings_dir: str = "recordings"
    recording_announcement: str = ""

    def __post_init__(self) -> None:
        check_kinds(str, host=self.host, recording_announcement=self.recording_announcement)
        check_kinds(int, port=self.port)
        check_kinds(bool, replace=self.replace)
        if self.on_ready is not None:
            check_ready(self.on_ready)
        if self.recording not in (True, False, BY_CARRIER):
            raise ConfigError(f"recording is True, False or {BY_CARRIER!r}, not {self.recording!r}.")
        if not 0 <= self.port <= 65_535:
            raise ConfigError(f"port is a number from 1 to 65535, or 0 for a free one, not {self.port}.")


@dataclass(frozen=True, slots=True)
class TalkOptions:
    """How an agent is talked to without a phone. ``say``: what the caller speaks, with ``audio``."""

    agent: Agent
    on_message: MessageHandler | None = None
    audio: bool = False
    say: Sequence[str] = ()

    def __post_init__(self) -> None:
        Listeners(on_message=self.on_message)
        check_kinds(bool, audio=self.audio)
        check_lists(say=self.say)
        for line in self.say:
            check_kinds(str, **{"a line to say": line})


def resolve_options(
    *,
    api_key: str | None,
    backend_url: str | None,
    rest_url: str | None,
    mode: str | None,
    **local: str | None,
) -> CloudOptions | LocalOptions:
    """Which home the calls have. An explicit mode wins; carrier keys without an API key mean local."""
    check_kinds(str, api_key=api_key, backend_url=backend_url, rest_url=rest_url, **local)
    if mode not in (None, "cloud", "local"):
        raise ConfigError(f"mode is 'cloud' or 'local', not {mode!r}.")
    carrier = bool(local.get("twilio_sid") or local.get("telnyx_key"))
    if mode == "local" or (mode is None and carrier and not api_key):
        # None is what os.environ.get() gives for a variable that is not set.
        return _local(**{name: (value or "").strip() for name, value in local.items()})
    return _cloud(api_key, backend_url, rest_url)


def _cloud(api_key: str | None, backend_url: str | None, rest_url: str | None) -> CloudOptions:
    key = (api_key or os.environ.get("PATTER_API_KEY", "")).strip()
    if not key:
        raise ConfigError(
            "Patter needs an API key: Patter(api_key='pt_…') or PATTER_API_KEY. "
            "Without a platform, pass your carrier's keys instead: Patter(twilio_sid=…, twilio_token=…)."
        )
    if not key.isascii() or not key.isprintable() or " " in key:
        raise ConfigError("api_key holds characters that no key has. Copy it again.")
    backend = backend_url or os.environ.get("PATTER_BACKEND_URL", "") or DEFAULT_BACKEND_URL
    socket_base = _base("backend_url", backend, WS_OF, "/ws/sdk")
    rest = rest_url or os.environ.get("PATTER_REST_URL", "") or socket_base
    return CloudOptions(key, socket_base, _base("rest_url", rest, HTTP_OF, "/api/v1"))


def _base(name: str, url: str, schemes: Mapping[str, str], added: str) -> str:
    """``added`` is what we put behind it: forgiven where it stands there already."""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname or "", parts.port
        host.encode("idna")
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    if parts.scheme not in schemes or not host or port == 0 or parts.query or parts.fragment:
        scheme = "wss" if name == "backend_url" else "https"
        raise ConfigError(f"{name} is an address such as {scheme}://host or {scheme}://host:8000.")
    return f"{schemes[parts.scheme]}://{parts.netloc}{parts.path.rstrip('/').removesuffix(added)}"


def _local(**given: str) -> LocalOptions:
    if given.get("twilio_sid") and given.get("telnyx_key"):
        raise ConfigError("Give the keys of one carrier: twilio_sid and twilio_token, or telnyx_key.")
    if given.get("twilio_sid") and not given.get("twilio_token"):
        raise ConfigError("twilio_sid needs twilio_token, the account's auth token.")
    if given.get("phone_number"):
        given["phone_number"] = checked_number("phone_number", given["phone_number"])
    return LocalOptions(**given)


def check_kinds(kind: type, **given: Any) -> None:
    """Raises ConfigError for an argument of another kind; None is one that was not given."""
    word = KINDS[kind]
    for name, value in given.items():
        if value is not None and not isinstance(value, kind):
            raise ConfigError(f"{name} is {word}, not {type(value).__name__}.")


def check_seconds(**given: int | None) -> None:
    """Raises ConfigError for a time that no call can have."""
    check_kinds(int, **given)
    for name, value in given.items():
        bound = BOUNDS[name]
        if value is not None and not bound.lowest <= value <= bound.highest:
            raise ConfigError(f"{name} is {bound.lowest:g} to {bound.highest:g}, not {value:g}.")


def check_absent(why: str, **given: Any) -> None:
    """Raises ConfigError for an argument that would be ignored."""
    for name, value in given.items():
        if value:
            raise ConfigError(f"{name} {why}.")


def check_lists(**given: Any) -> None:
    """Raises ConfigError for what is no list; a text or a dict would be taken apart."""
    for name, value in given.items():
        if value is not None and (isinstance(value, str | Mapping) or not isinstance(value, Sequence)):
            raise ConfigError(f"{name} is a list, not {type(value).__name__}.")


def checked_number(name: str, number: str) -> str:
    """A number in E.164, such as +14155550100. Spaces, dashes and brackets are forgiven."""
    bare = re.sub(r"[\s().-]", "", str(number))
    if not E164.fullmatch(bare):
        raise ConfigError(f"{name} is a number such as +14155550100, not {number!r}.")
    return bare
