"""What each verb of a document does to a call. A new verb is a function and a line in ``VERBS``."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from websockets.exceptions import ConnectionClosed

from patter.simulators.twilio.call import Source
from patter.simulators.twilio.dial import dial
from patter.simulators.twilio.flow import Flow
from patter.simulators.twilio.gather import gather
from patter.simulators.twilio.media import MediaStream, open_socket
from patter.simulators.twilio.recordings import Recording
from patter.simulators.twilio.stream_side import Ids, StreamSide
from patter.simulators.twilio.trouble import Trouble, TroubleError
from patter.simulators.twilio.twiml import Document, Element, StreamPlan, plan_stream
from patter.simulators.twilio.webhooks import iso_now
from patter.simulators.twilio.world import new_sid

MS_PER_CHARACTER = 65
KEY_S = 0.2
MAX_SAY_CHARS = 4096

# What comes after a verb: a document instead of this one, or simply the next verb.
Next = Document | None


async def run_verbs(flow: Flow, document: Document) -> Next:
    """Run a document. What comes back is the document that follows it, if any."""
    for index, verb in enumerate(document.verbs):
        # A pause before anything else lets the phone ring; a refusal must not answer it.
        if verb.tag != "Reject" and not (verb.tag == "Pause" and index == 0):
            flow.answer()
        if following := await VERBS[verb.tag](flow, verb, document):
            return following
    return None


async def _say(flow: Flow, verb: Element, document: Document) -> Next:
    if len(verb.text) > MAX_SAY_CHARS:
        raise TroubleError(13521, "a spoken text is too long")
    flow.call.note("carrier_said", text=verb.text, language=verb.attributes.get("language", ""))
    await asyncio.sleep(MS_PER_CHARACTER * len(verb.text) / 1000)
    return None


async def _play(flow: Flow, verb: Element, document: Document) -> Next:
    digits = verb.attributes.get("digits", "")
    if not digits:
        raise TroubleError(12200, "this simulator plays digits, not files")
    flow.call.note("carrier_pressed", digits=digits)
    await asyncio.sleep(sum({"w": 0.5, "W": 1.0}.get(digit, KEY_S) for digit in digits))
    return None


async def _pause(flow: Flow, verb: Element, document: Document) -> Next:
    length = verb.attributes.get("length", "1")
    await asyncio.sleep(float(length) if length.isdecimal() else 1.0)
    return None


async def _hang_up(flow: Flow, verb: Element, document: Document) -> Next:
    flow.call.end("application_hung_up")
    await asyncio.Event().wait()
    return None


async def _reject(flow: Flow, verb: Element, document: Document) -> Next:
    is_busy = verb.attributes.get("reason") == "busy"
    if flow.handset is None:
        flow.call.end("rejected", "busy" if is_busy else "no-answer")
    else:
        flow.call.end("rejected")
    await asyncio.Event().wait()
    return None


async def _redirect(flow: Flow, verb: Element, document: Document) -> Next:
    return await flow.fetch(Source(document.resolve(verb.text), verb.attributes.get("method", "POST")))


async def _start(flow: Flow, verb: Element, document: Document) -> Next:
    for recording in verb.children:
        callback = recording.attributes.get("recordingStatusCallback")
        Recording.begin(flow.call, document.resolve(callback) if callback else "")
    return None


async def _connect(flow: Flow, verb: Element, document: Document) -> Next:
    if not verb.children:
        raise TroubleError(12100, "Connect without a Stream")
    await _stream(flow, plan_stream(verb.children[0], document))
    if action := verb.attributes.get("action"):
        return await flow.fetch(Source(document.resolve(action), verb.attributes.get("method", "POST")))
    return None


async def _stream(flow: Flow, plan: StreamPlan) -> None:
    """A media socket, from its upgrade until the application closes it or the call leaves it."""
    call, handset = flow.call, flow.answer()
    stream_sid = new_sid("MZ")
    try:
        socket = await open_socket(plan, call)
    except TroubleError as error:
        _tell(flow, plan, stream_sid, "stream-error", error.trouble)
        raise
    ids = Ids(stream_sid, call.order.account.account_sid, call.sid, plan.parameters)
    faults = call.order.faults
    side = StreamSide(ids, faults)
    stream = MediaStream(socket, side, call, handset.now_ms)
    call.note("stream_started", stream_sid=stream_sid)
    _tell(flow, plan, stream_sid, "stream-started")
    stream.greet()
    handset.ear = stream
    if faults.second_socket_at_ms:
        flow.lingering.append(
            asyncio.create_task(_second_socket(plan, flow, ids, faults.second_socket_at_ms))
        )
    try:
        await stream.run()
    except asyncio.CancelledError:
        handset.ear = None
        await stream.leave()
        if call.order.faults.stop_without_close:
            flow.lingering.append(asyncio.create_task(stream.linger()))
        raise
    finally:
        handset.ear = None
        stream.settle()
        call.note("stream_stopped", stream_sid=stream_sid, **call.media.counts)
        _tell(flow, plan, stream_sid, "stream-stopped")
    if stream.broken and faults.lost_socket_ends_call:
        raise TroubleError(31921, "the media socket broke")


async def _second_socket(plan: StreamPlan, flow: Flow, ids: Ids, at_ms: int) -> None:
    """Somebody opens the same address again, with the same token, and waits for what comes of it."""
    await asyncio.sleep(at_ms / 1000)
    try:
        socket = await open_socket(plan, flow.call)
    except TroubleError as error:
        flow.call.note("second_socket", refused=error.trouble.text)
        return
    with contextlib.suppress(ConnectionClosed):
        await socket.send(StreamSide(ids).start())
    await socket.wait_closed()
    flow.call.note("second_socket", code=socket.close_code)


def _tell(flow: Flow, plan: StreamPlan, stream_sid: str, event: str, trouble: Trouble | None = None) -> None:
    if plan.status_callback is None:
        return
    fields = [
        ("AccountSid", flow.call.order.account.account_sid),
        ("CallSid", flow.call.sid),
        ("StreamSid", stream_sid),
        ("StreamName", plan.name or stream_sid),
        ("StreamEvent", event),
        ("Timestamp", iso_now()),
    ]
    if trouble:
        fields.append(("StreamError", trouble.text))
    flow.postman.post(plan.status_callback, fields)


VERBS: dict[str, Callable[[Flow, Element, Document], Awaitable[Next]]] = {
    "Connect": _connect,
    "Dial": dial,
    "Gather": gather,
    "Hangup": _hang_up,
    "Pause": _pause,
    "Play": _play,
    "Redirect": _redirect,
    "Reject": _reject,
    "Say": _say,
    "Start": _start,
}
