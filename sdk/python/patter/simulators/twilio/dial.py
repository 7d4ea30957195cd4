"""``<Dial>``: another phone, whose leg is told about as a call of its own, or a conference."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass

from patter.simulators.carrier.ledger import Billed
from patter.simulators.twilio.call import Source
from patter.simulators.twilio.flow import Flow
from patter.simulators.twilio.params import is_number
from patter.simulators.twilio.rooms import Seat
from patter.simulators.twilio.trouble import TroubleError
from patter.simulators.twilio.twiml import Document, Element
from patter.simulators.twilio.webhooks import Fields, rfc_2822_now
from patter.simulators.twilio.world import Phone, new_sid

SIP = {"completed": "200", "busy": "486", "declined": "603", "no-answer": "487", "failed": "404"}


@dataclass(frozen=True, slots=True)
class Dialled:
    """How a dialled leg ended. ``status`` is Twilio's word; ``sip`` the far end's own."""

    sid: str
    status: str
    sip: str
    talked_s: float = 0.0


async def dial(flow: Flow, verb: Element, document: Document) -> Document | None:
    """Run the verb; the document of its ``action`` comes back, if it has one. Raises TroubleError."""
    leaving = _leaves_in_time(flow)
    try:
        if verb.children and verb.children[0].tag == "Conference":
            ended = await _conference(flow, verb.children[0])
        else:
            ended = await _number(flow, verb, document)
    finally:
        if leaving:
            leaving.cancel()
    if action := verb.attributes.get("action"):
        told = [
            ("DialCallStatus", ended.status),
            ("DialCallSid", ended.sid),
            ("DialCallDuration", str(math.ceil(ended.talked_s))),
            ("DialBridged", "true" if ended.talked_s else "false"),
        ]
        source = Source(document.resolve(action), verb.attributes.get("method", "POST"))
        return await flow.fetch(source, told)
    return None


def _leaves_in_time(flow: Flow) -> asyncio.TimerHandle | None:
    """A caller who does not want to be transferred."""
    after_s = flow.call.order.faults.leaves_transfer_after_s
    if not after_s:
        return None
    return asyncio.get_running_loop().call_later(after_s, flow.call.end, "caller_hung_up")


async def _conference(flow: Flow, noun: Element) -> Dialled:
    """Until this call leaves, or somebody leaves with whom the conference ends."""
    seat = Seat(
        flow.call.sid,
        starts=noun.attributes.get("startConferenceOnEnter", "true") == "true",
        ends=noun.attributes.get("endConferenceOnExit", "false") == "true",
    )
    handset, room = flow.answer(), flow.world.room(noun.text)
    began = asyncio.get_running_loop().time()
    room.enter(seat)
    handset.ear = seat
    flow.call.note("conference_entered", room=room.name, started=room.started)
    try:
        await seat.left.wait()
    finally:
        handset.ear = None
        room.leave(seat)
        flow.call.note("conference_left", room=room.name)
    return Dialled("", "completed", "200", asyncio.get_running_loop().time() - began)


async def _number(flow: Flow, verb: Element, document: Document) -> Dialled:
    """Another phone rings. The two are not heard by anybody here."""
    noun = verb.children[0] if verb.children else None
    number = noun.text if noun else verb.text
    if not is_number(number):
        raise TroubleError(13223, "the number to dial is not in E.164 format")
    _check_caller_id(flow, verb.attributes.get("callerId", ""))
    phone = flow.world.phone(number)
    leg = _Leg(flow, noun, document, phone)
    flow.call.note("carrier_dialled", number=number, caller_id=verb.attributes.get("callerId", ""))
    status = "canceled"
    try:
        ended = await leg.ring(float(verb.attributes.get("timeout", "30")))
        status = ended.status
        return ended
    finally:
        if status == "canceled":  # the caller left, or is wanted back: the other phone stops ringing
            leg.tell("completed" if leg.answered else "canceled", "487")


def _check_caller_id(flow: Flow, caller_id: str) -> None:
    """A number of the account's own, or the caller's. Raises TroubleError."""
    order = flow.call.order
    own = {number.number for number in flow.world.numbers_of(order.account.account_sid)}
    if caller_id and caller_id not in own | {order.from_}:
        raise TroubleError(13214, f"the caller id {caller_id} is neither verified nor the caller's")


class _Leg:
    """The other phone's leg, with the callbacks that its noun asks for."""

    def __init__(self, flow: Flow, noun: Element | None, document: Document, phone: Phone) -> None:
        self._flow = flow
        self._phone = phone
        self._sid = new_sid("CA")
        self._sequence = 0
        attributes = noun.attributes if noun else {}
        callback = attributes.get("statusCallback")
        self._callback = document.resolve(callback) if callback else ""
        self._events = attributes.get("statusCallbackEvent", "completed").split()
        self.answered = False

    async def ring(self, timeout_s: float) -> Dialled:
        phone = self._phone
        self.tell("initiated")
        if phone.behaviour == "failed":
            return self._ended("failed", "failed")
        self.tell("ringing")
        rings_s = timeout_s if phone.behaviour == "no-answer" else min(phone.answer_after_s, timeout_s)
        await asyncio.sleep(rings_s)
        if phone.behaviour in ("busy", "declined"):
            return self._ended("busy", phone.behaviour)
        if phone.behaviour == "no-answer" or phone.answer_after_s > timeout_s:
            return self._ended("no-answer", "no-answer")
        self.answered = True
        self.tell("in-progress")
        self._flow.call.note("transferred", number=phone.number)
        await asyncio.sleep(phone.talk_s)
        return self._ended("completed", "completed", phone.talk_s)

    def _ended(self, status: str, sip: str, talked_s: float = 0.0) -> Dialled:
        self.tell(status, SIP[sip])
        from_, to = self._flow.call.order.from_, self._phone.number
        billed = Billed(self._sid, "outbound-dial", math.ceil(talked_s), from_=from_, to=to)
        self._flow.world.ledger.enter(billed)
        return Dialled(self._sid, status, SIP[sip], talked_s)

    def tell(self, status: str, sip: str = "") -> None:
        event = {"initiated": "initiated", "ringing": "ringing", "in-progress": "answered"}.get(
            status, "completed"
        )
        self._sequence += 1
        if not self._callback or event not in self._events:
            return
        order = self._flow.call.order
        fields: Fields = [
            ("AccountSid", order.account.account_sid),
            ("CallSid", self._sid),
            ("ParentCallSid", self._flow.call.sid),
            ("CallStatus", status),
            ("Direction", "outbound-dial"),
            ("From", order.from_),
            ("To", self._phone.number),
            ("Timestamp", rfc_2822_now()),
            ("SequenceNumber", str(self._sequence - 1)),
            *([("SipResponseCode", sip)] if sip else []),
        ]
        self._flow.postman.post(self._callback, fields)
