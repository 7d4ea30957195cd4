"""The documents that tell Twilio what to do with a call (TwiML).

Every function returns a whole document. What Twilio would refuse raises ``ConfigError`` here, where
the text can still say what to change. All addresses are absolute: a document that is pushed into a
live call has no address of its own to resolve against.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit
from xml.sax.saxutils import escape, quoteattr

from patter.errors import ConfigError

MAX_PARAMETER_CHARS = 499
MAX_SAY_CHARS = 3000
MAX_DIGITS = 32
LOOPBACK = ("127.0.0.1", "::1", "localhost")
SAY_LANGUAGES = {
    "ar": "arb",
    "da": "da-DK",
    "de": "de-DE",
    "en": "en-US",
    "es": "es-ES",
    "fi": "fi-FI",
    "fr": "fr-FR",
    "hi": "hi-IN",
    "it": "it-IT",
    "ja": "ja-JP",
    "ko": "ko-KR",
    "nb": "nb-NO",
    "nl": "nl-NL",
    "no": "nb-NO",
    "pl": "pl-PL",
    "pt": "pt-PT",
    "ru": "ru-RU",
    "sv": "sv-SE",
    "tr": "tr-TR",
    "zh": "cmn-CN",
}
"""A language without its country, as agents may give it, to the one that Twilio speaks."""

REJECT_REASONS = ("rejected", "busy")


def connect_stream(
    url: str,
    parameters: Mapping[str, str] | None = None,
    status_callback: str | None = None,
    action: str | None = None,
    after: str | None = None,
    record: str | None = None,
) -> str:
    """Connect the caller to a media socket, in both directions.

    Args:
        url: the media socket, ``wss://`` and without a query string.
        parameters: texts that come back in ``start``; name and value under 500 characters together.
        status_callback: address that hears of the stream's start, stop and errors.
        action: address that says what comes after the stream. Nothing else can follow it.
        after: address that is fetched for the next document when the stream ends.
        record: have both sides recorded, each in its own channel, from here to the call's end; this address
            hears when the recording is there.
    """
    if action and after:
        raise ConfigError("give action or after, not both: Twilio would never reach the second")
    inside = "".join(_parameter(name, value) for name, value in (parameters or {}).items())
    stream = _element("Stream", inside, url=_socket_url(url), statusCallback=_url(status_callback))
    connect = _element("Connect", stream, action=_url(action))
    recording = _record(record) if record else ""
    return _response(recording + connect + (_redirect(after) if after else ""))


def hang_up() -> str:
    return _response(_element("Hangup"))


def say_and_hang_up(text: str, language: str = "en-US") -> str:
    """Speak a text in the carrier's own voice, then end the call."""
    if len(text) > MAX_SAY_CHARS:
        raise ConfigError(f"a spoken text has at most {MAX_SAY_CHARS} characters, this one has {len(text)}")
    return _response(_element("Say", escape(_xml_text(text)), language=language) + _element("Hangup"))


def say_language(language: str) -> str:
    """The language of ``<Say>`` for an agent's language tag."""
    if "-" in language:
        return language
    return SAY_LANGUAGES.get(language.lower(), SAY_LANGUAGES["en"])


def reject(reason: str = "rejected") -> str:
    """Refuse a call unanswered, at no cost."""
    if reason not in REJECT_REASONS:
        raise ConfigError(f"a call is refused as one of {', '.join(REJECT_REASONS)}, not {reason!r}")
    return _response(_element("Reject", reason=reason))


def play_digits(digits: str, after: str) -> str:
    """Press keys towards the far end (``w`` waits 0.5 s, ``W`` 1 s), then fetch the next document."""
    if not digits or len(digits) > MAX_DIGITS or not set(digits) <= set("0123456789ABCD*#wW"):
        raise ConfigError(f"digits are 1 to {MAX_DIGITS} of 0-9 A-D * # w W")
    return _response(_element("Play", digits=digits) + _redirect(after))


def redirect(url: str) -> str:
    """Leave the running document for the one at this address."""
    return _response(_redirect(url))


def dial(
    number: str,
    caller_id: str,
    action: str,
    timeout_s: int = 20,
    whisper: str | None = None,
    status_callback: str | None = None,
) -> str:
    """Connect the caller to another number. ``action`` hears how it went and says what comes next.

    Args:
        caller_id: a number of the account, or that of the caller; empty: the caller's.
        whisper: address of a document that only the other side hears before both are connected.
        status_callback: address that hears when the other side rings, answers and ends.
    """
    inside = _element(
        "Number",
        escape(_xml_text(number)),
        url=_url(whisper),
        statusCallback=_url(status_callback),
        statusCallbackEvent="initiated ringing answered completed" if status_callback else None,
    )
    return _response(
        _element(
            "Dial",
            inside,
            callerId=caller_id or None,
            action=_address(action),
            answerOnBridge="true",
            timeout=str(timeout_s),
        )
    )


def wait_in_room(room: str, action: str) -> str:
    """Let the caller wait, with the carrier's music, until somebody joins them in this conference.

    It ends when either side leaves. ``action`` says what comes next.
    """
    inside = _element(
        "Conference",
        escape(_xml_text(room)),
        beep="false",
        startConferenceOnEnter="false",
        endConferenceOnExit="true",
    )
    return _response(_element("Dial", inside, action=_address(action)))


def join_room(room: str) -> str:
    """Bring a human to the caller who waits for them."""
    inside = _element(
        "Conference",
        escape(_xml_text(room)),
        beep="false",
        startConferenceOnEnter="true",
        endConferenceOnExit="true",
    )
    return _response(_element("Dial", inside))


def ask_to_accept(text: str, action: str, language: str = "en", timeout_s: int = 10) -> str:
    """Say a text to a human and wait for a key or a word. Without an answer the call ends.

    ``action`` gets ``Digits`` or ``SpeechResult``; where nothing comes, it is fetched with neither.
    """
    if len(text) > MAX_SAY_CHARS:
        raise ConfigError(f"a spoken text has at most {MAX_SAY_CHARS} characters, this one has {len(text)}")
    spoken = say_language(language)
    said = _element("Say", escape(_xml_text(text)), language=spoken)
    gather = _element(
        "Gather",
        said,
        input="dtmf speech",
        numDigits="1",
        timeout=str(timeout_s),
        speechTimeout="auto",
        language=spoken,
        actionOnEmptyResult="true",
        action=_address(action),
    )
    return _response(gather + _element("Hangup"))


def _response(inside: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<Response>{inside}</Response>'


def _element(tag: str, inside: str = "", **attributes: str | None) -> str:
    given = "".join(
        f" {name}={quoteattr(_xml_text(value))}" for name, value in attributes.items() if value is not None
    )
    return f"<{tag}{given}>{inside}</{tag}>" if inside else f"<{tag}{given}/>"


def _record(callback: str) -> str:
    # What was trimmed would not lie at its time any more.
    recording = _element(
        "Recording",
        channels="dual",
        trim="do-not-trim",
        recordingStatusCallback=_address(callback),
        recordingStatusCallbackEvent="completed absent",
    )
    return _element("Start", recording)


def _redirect(url: str) -> str:
    return _element("Redirect", escape(_address(url)), method="POST")


def _parameter(name: str, value: str) -> str:
    if not name:
        raise ConfigError("a stream parameter needs a name")
    if len(name) + len(value) > MAX_PARAMETER_CHARS:
        raise ConfigError(f"parameter {name[:40]!r}: name and value must stay under 500 characters together")
    return _element("Parameter", name=name, value=value)


def _socket_url(url: str) -> str:
    parts = _split(url)
    # Plain ws:// is for the simulated carrier, and never leaves the machine.
    allowed = ("wss", "ws") if parts.hostname in LOOPBACK else ("wss",)
    if parts.scheme not in allowed or not parts.hostname:
        raise ConfigError("a media socket's address begins with wss:// and a host name")
    if "?" in url or "#" in url:
        raise ConfigError("a media socket's address has no query string: use parameters")
    return url


def _url(url: str | None) -> str | None:
    return None if url is None else _address(url)


def _address(url: str) -> str:
    parts = _split(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ConfigError("an address in a document must be absolute, with http:// or https://")
    return url


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        raise ConfigError("an address in a document is malformed") from None


def _xml_text(text: str) -> str:
    for character in text:
        if not _can_be_in_xml(ord(character)):
            raise ConfigError(f"character U+{ord(character):04X} cannot be in a document for Twilio")
    return text


def _can_be_in_xml(code: int) -> bool:
    return code in (0x9, 0xA, 0xD) or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or code > 0xFFFF
