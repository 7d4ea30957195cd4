"""What the simulated REST interface accepts, and the refusal for what it does not. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from patter.simulators.twilio.detection import Detection

Form = Mapping[str, Sequence[str]]

MAX_TWIML_CHARS = 4000
STATUS_EVENTS = frozenset({"initiated", "ringing", "answered", "completed"})

CREATE = frozenset(
    "To From Url Method Twiml ApplicationSid FallbackUrl FallbackMethod StatusCallback StatusCallbackMethod "
    "StatusCallbackEvent Timeout TimeLimit SendDigits MachineDetection MachineDetectionTimeout "
    "MachineDetectionSpeechThreshold MachineDetectionSpeechEndThreshold MachineDetectionSilenceTimeout "
    "AsyncAmd AsyncAmdStatusCallback AsyncAmdStatusCallbackMethod Record RecordingChannels RecordingTrack "
    "RecordingStatusCallback RecordingStatusCallbackMethod RecordingStatusCallbackEvent Trim CallerId "
    "CallReason CallToken Byoc SipAuthUsername SipAuthPassword".split()
)
# What the value of a parameter may be, beside what is checked on its own.
VALUES: Mapping[str, str] = {
    "Record": r"true|false",
    "RecordingChannels": r"mono|dual",
    "RecordingTrack": r"both|inbound|outbound",
    "Trim": r"trim-silence|do-not-trim",
    "RecordingStatusCallbackEvent": r"(?:in-progress|completed|absent| )+",
    "AsyncAmd": r"true|false",
    "MachineDetection": r"Enable|DetectMessageEnd",
}
RANGES: Mapping[str, tuple[int, int]] = {
    "MachineDetectionTimeout": (3, 60),
    "MachineDetectionSpeechThreshold": (1000, 6000),
    "MachineDetectionSpeechEndThreshold": (500, 5000),
    "MachineDetectionSilenceTimeout": (2000, 10_000),
    "Timeout": (1, 600),
    "TimeLimit": (1, 86_400),
}
RECORD = frozenset(
    "RecordingChannels RecordingTrack Trim RecordingStatusCallback RecordingStatusCallbackMethod "
    "RecordingStatusCallbackEvent".split()
)
UPDATE = frozenset(
    "Url Method Twiml Status FallbackUrl FallbackMethod StatusCallback StatusCallbackMethod TimeLimit".split()
)
NUMBER = frozenset(
    "VoiceUrl VoiceMethod VoiceFallbackUrl VoiceFallbackMethod StatusCallback StatusCallbackMethod "
    "FriendlyName VoiceApplicationSid TrunkSid".split()
)


class RefusalError(Exception):
    """An answer of the REST interface that is no success."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message

    def as_json(self) -> dict[str, object]:
        return {
            "code": self.code,
            "message": self.message,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }


@dataclass(frozen=True, slots=True)
class CallRequest:
    """A call to create, checked."""

    to: str
    from_: str
    url: str
    method: str
    fallback_url: str
    twiml: str
    status_callback: str
    status_events: frozenset[str]
    timeout_s: int
    time_limit_s: int
    detection: Detection = Detection()


def read_create(form: Form, own_numbers: frozenset[str]) -> CallRequest:
    """Check a call to create. Raises RefusalError with Twilio's code."""
    check_names(form, CREATE)
    check_values(form)
    to = _address_to(form)
    _check_from(form, own_numbers)
    url, twiml = _one(form, "Url"), _one(form, "Twiml")
    if url:
        check_url(url, 21205)
    elif not twiml:
        raise RefusalError(400, 21205, "Url parameter is required.")
    check_twiml(twiml)
    if not re.fullmatch(r"[0-9A-D*#wW]{0,32}", _one(form, "SendDigits")):
        raise RefusalError(400, 21206, "Invalid SendDigits")
    for name in ("FallbackUrl", "StatusCallback", "AsyncAmdStatusCallback", "RecordingStatusCallback"):
        if value := _one(form, name):
            check_url(value, 21205)
    return CallRequest(
        to=to,
        from_=_one(form, "From"),
        url=url,
        method=_one(form, "Method") or "POST",
        fallback_url=_one(form, "FallbackUrl"),
        # With both given, Twilio ignores the document.
        twiml="" if url else twiml,
        status_callback=_one(form, "StatusCallback"),
        status_events=_status_events(form),
        timeout_s=int(_one(form, "Timeout") or 60),
        time_limit_s=int(_one(form, "TimeLimit") or 14_400),
        detection=_detection(form),
    )


def _detection(form: Form) -> Detection:
    mode, is_async = _one(form, "MachineDetection"), _one(form, "AsyncAmd") == "true"
    timeout_s = int(_one(form, "MachineDetectionTimeout") or 30)
    # With digits to send there is no detection, whatever was asked for.
    if not mode or _one(form, "SendDigits"):
        return Detection()
    return Detection(mode, _one(form, "AsyncAmdStatusCallback") if is_async else "", timeout_s)


def check_names(form: Form, known: frozenset[str]) -> None:
    if unknown := sorted(form.keys() - known):
        raise RefusalError(400, 20001, f"Unknown parameters: {', '.join(unknown)}")
    for name, values in form.items():
        if len(values) > 1 and name != "StatusCallbackEvent":
            raise RefusalError(400, 20001, f"{name} is given more than once")


def check_values(form: Form) -> None:
    for name in form:
        value = _one(form, name)
        pattern = r"GET|POST" if name.endswith("Method") else VALUES.get(name, r".*")
        if value and not re.fullmatch(pattern, value, re.DOTALL):
            raise RefusalError(400, 20001, f"{name} is not valid: {value}")
    for name, (least, most) in RANGES.items():
        value = _one(form, name)
        if value and not (value.isdecimal() and least <= int(value) <= most):
            raise RefusalError(400, 20001, f"{name} is {least} to {most}")


def check_url(url: str, code: int) -> None:
    """An absolute address whose host name is valid: Twilio knows no underscore there."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or "_" in parts.hostname:
        raise RefusalError(400, code, f"Url is not a valid URL: {url}")


def check_twiml(twiml: str) -> None:
    if len(twiml) > MAX_TWIML_CHARS:
        raise RefusalError(400, 32018, "Twiml parameter is too long")


def _address_to(form: Form) -> str:
    to = _one(form, "To")
    if not to:
        raise RefusalError(400, 21201, "No 'To' number is specified")
    if not to.startswith(("sip:", "client:")) and not is_number(to):
        raise RefusalError(400, 21211, f"The phone number you are attempting to call, {to}, is not valid.")
    return to


def _check_from(form: Form, own_numbers: frozenset[str]) -> None:
    from_ = _one(form, "From")
    if not from_:
        raise RefusalError(400, 21213, "A 'From' phone number is required.")
    if not from_.startswith(("sip:", "client:")) and not is_number(from_):
        raise RefusalError(400, 21212, f"The 'From' number {from_} is not a valid phone number.")
    if is_number(from_) and from_ not in own_numbers:
        raise RefusalError(400, 21210, f"The source phone number provided, {from_}, is not yet verified.")


def _status_events(form: Form) -> frozenset[str]:
    events = frozenset(form.get("StatusCallbackEvent", ()))
    # Events are repeated fields; joined with commas they are one unknown word.
    if unknown := sorted(events - STATUS_EVENTS):
        raise RefusalError(400, 20001, f"Unknown StatusCallbackEvent: {', '.join(unknown)}")
    return events or frozenset({"completed"})


def is_number(text: str) -> bool:
    return re.fullmatch(r"\+[1-9][0-9]{1,14}", text) is not None


def _one(form: Form, name: str) -> str:
    values = form.get(name, ())
    return values[0] if values else ""
