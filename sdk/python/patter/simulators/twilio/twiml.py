"""Reading a document as strictly as Twilio does. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit
from xml.etree import ElementTree

from patter.simulators.twilio.trouble import Trouble, TroubleError

MAX_DOCUMENT_BYTES = 64 * 1024
CONTENT_TYPES = ("text/xml", "application/xml")
LOOPBACK = ("127.0.0.1", "::1", "localhost")

_RECORDING = {
    "recordingStatusCallback",
    "recordingStatusCallbackMethod",
    "recordingStatusCallbackEvent",
    "trim",
}
# Element -> its attributes and the elements that it may contain. A verb is an element of Response.
ELEMENTS: Mapping[str, tuple[set[str], set[str]]] = {
    "Response": (
        set(),
        {"Connect", "Start", "Say", "Play", "Pause", "Hangup", "Reject", "Redirect", "Dial", "Gather"},
    ),
    "Connect": ({"action", "method"}, {"Stream"}),
    "Start": ({"action", "method"}, {"Recording"}),
    "Stream": ({"url", "name", "track", "statusCallback", "statusCallbackMethod"}, {"Parameter"}),
    "Recording": ({"channels", "track"} | _RECORDING, set()),
    "Parameter": ({"name", "value"}, set()),
    "Say": ({"voice", "language", "loop"}, set()),
    "Play": ({"loop", "digits"}, set()),
    "Pause": ({"length"}, set()),
    "Hangup": (set(), set()),
    "Reject": ({"reason"}, set()),
    "Redirect": ({"method"}, set()),
    "Dial": (
        {"action", "method", "timeout", "timeLimit", "hangupOnStar", "callerId", "answerOnBridge", "record"}
        | _RECORDING,
        {"Number", "Conference"},
    ),
    "Conference": (
        {"beep", "startConferenceOnEnter", "endConferenceOnExit", "waitUrl", "waitMethod", "muted"}
        | {"maxParticipants", "statusCallback", "statusCallbackEvent", "statusCallbackMethod"},
        set(),
    ),
    "Gather": (
        {"input", "numDigits", "timeout", "speechTimeout", "language", "hints", "finishOnKey"}
        | {"action", "method", "actionOnEmptyResult"},
        {"Say", "Play", "Pause"},
    ),
    "Number": ({"sendDigits", "url", "method", "statusCallback", "statusCallbackEvent"}, set()),
}
_METHOD, _FLAG, _COUNT = r"GET|POST", r"true|false", r"[0-9]+"
# What the value of an attribute may be; another one is a warning, and as if the attribute were not there.
VALUES: Mapping[tuple[str, str], str] = {
    ("Recording", "channels"): r"mono|dual",
    ("Recording", "track"): r"both|inbound|outbound",
    ("Recording", "trim"): r"trim-silence|do-not-trim",
    ("Recording", "recordingStatusCallbackEvent"): r"(?:in-progress|completed|absent| )+",
    ("Say", "loop"): _COUNT,
    ("Play", "loop"): _COUNT,
    ("Play", "digits"): r"[0-9A-D*#wW]+",
    ("Pause", "length"): _COUNT,
    ("Reject", "reason"): r"rejected|busy",
    ("Dial", "timeout"): _COUNT,
    ("Dial", "timeLimit"): _COUNT,
    ("Dial", "hangupOnStar"): _FLAG,
    ("Dial", "answerOnBridge"): _FLAG,
    ("Dial", "record"): r"do-not-record|record-from-(?:answer|ringing)(?:-dual)?",
    ("Number", "sendDigits"): r"[0-9A-D*#wW]+",
    ("Number", "statusCallbackEvent"): r"(?:initiated|ringing|answered|completed| )+",
    ("Conference", "beep"): r"true|false|onEnter|onExit",
    ("Conference", "startConferenceOnEnter"): _FLAG,
    ("Conference", "endConferenceOnExit"): _FLAG,
    ("Conference", "muted"): _FLAG,
    ("Conference", "maxParticipants"): r"[0-9]{1,3}",
    ("Gather", "input"): r"dtmf|speech|dtmf speech|speech dtmf",
    ("Gather", "numDigits"): r"[1-9][0-9]*",
    ("Gather", "timeout"): _COUNT,
    ("Gather", "speechTimeout"): r"[0-9]+|auto",
    ("Gather", "finishOnKey"): r"[0-9*#]?",
    ("Gather", "actionOnEmptyResult"): _FLAG,
}


@dataclass(frozen=True, slots=True)
class Element:
    """A verb or a noun of a document."""

    tag: str
    attributes: Mapping[str, str]
    text: str
    children: tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """``url`` is where it came from: relative addresses resolve against it. None after a REST update."""

    verbs: tuple[Element, ...]
    url: str | None = None
    troubles: list[Trouble] = field(default_factory=list)

    def resolve(self, address: str) -> str:
        """An absolute address. Raises TroubleError."""
        try:
            absolute = urljoin(self.url, address) if self.url else address
            scheme = urlsplit(absolute).scheme
        except ValueError:
            raise TroubleError(11100, "malformed address") from None
        if scheme not in ("http", "https"):
            raise TroubleError(15004 if self.url is None else 11100, "not an absolute address")
        return absolute


def read_answer(body: bytes, content_type: str, url: str) -> Document:
    """The document in an answer to a webhook. Raises TroubleError."""
    if len(body) > MAX_DOCUMENT_BYTES:
        raise TroubleError(11750, "the document is over 64 kB")
    if content_type.partition(";")[0].strip().lower() not in CONTENT_TYPES:
        raise TroubleError(12300, "the content type of a document is text/xml or application/xml")
    if not body.strip():
        raise TroubleError(11770, "the answer is empty")
    return read_document(body, url)


def read_document(body: bytes, url: str | None = None) -> Document:
    # A document type could define entities without end.
    if b"<!DOCTYPE" in body:
        raise TroubleError(12100, "a document type is not allowed")
    try:
        root = ElementTree.fromstring(body)
    except (ElementTree.ParseError, ValueError, LookupError):
        raise TroubleError(12100, "not well-formed XML") from None
    if root.tag != "Response":
        raise TroubleError(12100, "the root of a document is Response")
    troubles: list[Trouble] = []
    return Document(_known(root, troubles).children, url, troubles)


def _known(node: ElementTree.Element, troubles: list[Trouble]) -> Element:
    """The element with what Twilio knows of it; for the rest a warning."""
    attributes, children = ELEMENTS[node.tag]
    kept = {name: value for name, value in node.attrib.items() if name in attributes}
    for name in sorted(node.attrib.keys() - kept.keys()):
        troubles.append(Trouble(12200, f"attribute {name!r} is not known in {node.tag}"))
    for name in sorted(name for name, value in kept.items() if not _may_be(node.tag, name, value)):
        troubles.append(Trouble(12200, f"{name}={kept.pop(name)!r} is not allowed in {node.tag}"))
    inside = []
    for child in node:
        if child.tag in children:
            inside.append(_known(child, troubles))
        else:
            troubles.append(Trouble(12200, f"element {child.tag!r} is not known in {node.tag}"))
    return Element(node.tag, kept, (node.text or "").strip(), tuple(inside))


def _may_be(tag: str, name: str, value: str) -> bool:
    pattern = _METHOD if name.lower().endswith("method") else VALUES.get((tag, name), r".*")
    return re.fullmatch(pattern, value, re.DOTALL) is not None


@dataclass(frozen=True, slots=True)
class StreamPlan:
    """A stream that may be opened."""

    url: str
    name: str
    parameters: Mapping[str, str]
    status_callback: str | None


def plan_stream(element: Element, document: Document) -> StreamPlan:
    """Check a Stream inside of a Connect. Raises TroubleError."""
    attributes = element.attributes
    if attributes.get("track", "inbound_track") != "inbound_track":
        raise TroubleError(31941, "a stream in Connect has the inbound track only")
    status_callback = attributes.get("statusCallback")
    if status_callback and urlsplit(status_callback).scheme not in ("http", "https"):
        raise TroubleError(11100, "a stream's statusCallback is absolute")
    return StreamPlan(
        url=_socket_url(attributes.get("url", ""), document),
        name=attributes.get("name", ""),
        parameters=_parameters(element),
        status_callback=status_callback,
    )


def _socket_url(given: str, document: Document) -> str:
    try:
        url = _absolute_socket_url(given, document.url)
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        raise TroubleError(31923, "malformed address") from None
    # A simulated carrier may speak plainly within the machine; Twilio itself never does.
    if parts.scheme != "wss" and not (parts.scheme == "ws" and host in LOOPBACK):
        raise TroubleError(31922, "the address of a stream begins with wss://")
    if not host:
        raise TroubleError(31923, "malformed address")
    if parts.query:
        raise TroubleError(31920, "the address of a stream has no query string")
    return url


def _absolute_socket_url(given: str, base: str | None) -> str:
    if base is None or urlsplit(given).scheme:
        return given
    scheme = "wss" if urlsplit(base).scheme == "https" else "ws"
    # urljoin knows no relative addresses under wss.
    return scheme + "://" + urljoin(base, given).partition("://")[2]


def _parameters(element: Element) -> dict[str, str]:
    parameters: dict[str, str] = {}
    for child in element.children:
        name, value = child.attributes.get("name", ""), child.attributes.get("value", "")
        if not name:
            raise TroubleError(12200, "a Parameter without a name")
        if len(name) + len(value) >= 500:
            raise TroubleError(12200, "a Parameter with 500 characters or more")
        parameters[name] = value
    return parameters
