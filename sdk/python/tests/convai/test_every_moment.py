"""Each kind of trouble at each moment of a call: it goes on, or ends with an apology and a reason.

On the test's own clock: the same over sockets, for less of them, is in ``test_troubles.py``.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from patter.bridge.commands import HandlerAsk, HangUp, SpeechOpen, SpeechStop, TransferStart, TtsSay
from patter.bridge.events import (
    HandlerDone,
    HangUpAsked,
    LegOpened,
    SpeechClosed,
    SpeechFailed,
    TransferMoved,
)
from patter.engines.convai.endings import KINDS, PERMANENT
from patter.engines.convai.wire import Interruption, Metadata, Trouble, Unreadable

from .moments import MOMENTS, Moment, Obedient, opening, put_through
from .scene import ConvaiScene

GOES_ON = ""
Cause = Callable[[ConvaiScene], None]
APOLOGY = "Sorry, something went wrong on our side. Please try again later. Goodbye."


def closes(code: int | None, reason: str = "", kind: str = "") -> Cause:
    def cause(call: ConvaiScene) -> None:
        if kind:
            call.gets(Trouble(code, kind, ""))
        call.feed(SpeechClosed(call.speech_id, code, reason))

    return cause


def fails(error: str, *, permanent: bool = False) -> Cause:
    return lambda call: call.feed(SpeechFailed(call.speech_id, error, permanent)) and None


def falls_silent(call: ConvaiScene) -> None:
    call.pass_ms(26_000)


def babbles(call: ConvaiScene) -> None:
    call.gets(*(Unreadable("ValueError") for _ in range(50)))


def storms(call: ConvaiScene) -> None:
    call.gets(*(Interruption(event_id) for event_id in range(1, 60)))
    call.event_id = 60  # what comes is newer than all of them


def tells_a_format_of_its_own(call: ConvaiScene) -> None:
    call.gets(Metadata("conv_1", "opus_48000", "opus_48000"))


TROUBLES: dict[str, tuple[Cause, str]] = {
    "no address": (fails("elevenlabs: no signed address in 2.5 s"), GOES_ON),
    "refused": (fails("elevenlabs: invalid_api_key", permanent=True), "provider_error"),
    "the socket is torn": (closes(None), GOES_ON),
    "1011": (closes(1011), GOES_ON),
    "4000": (closes(4000, "nobody knows"), GOES_ON),
    "1000": (closes(1000), "agent_ended"),
    "1000 by its clock": (closes(1000, "max_duration_exceeded"), "max_duration"),
    "1008": (closes(1008, "Could not authorize this conversation."), "provider_error"),
    "llm_timeout": (closes(1002, kind="llm_timeout"), GOES_ON),
    "safety_violation": (closes(1002, kind="safety_violation"), "provider_error"),
    "silence": (falls_silent, GOES_ON),
    "garbage": (babbles, GOES_ON),
    "interruptions": (storms, GOES_ON),
    "formats": (tells_a_format_of_its_own, "provider_error"),
}


@pytest.mark.parametrize("reply_by", ["handler", "model"])
@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("moment", MOMENTS, ids=lambda moment: moment.__name__)
def test_a_call_goes_on_or_ends_in_words(moment: Moment, trouble: str, reply_by: str) -> None:
    call = moment(reply_by)
    cause, outcome = TROUBLES[trouble]
    if (moment, cause) == (opening, falls_silent):
        outcome = "provider_error"  # three times in vain
    cause(call)
    vendor = Obedient(call)
    if moment is put_through and call.end is None:
        nobody_answers(call)
    vendor.pass_ms(7500)
    if outcome == GOES_ON:
        assert call.end is None
        goes_on(call, vendor)
        call.feed(HangUpAsked())
    else:
        vendor.pass_ms(20_000)
    assert call.end is not None
    assert call.end.reason == (outcome or "api_hung_up")
    if outcome == "provider_error":
        apologised = [hang_up.say for hang_up in call.all(HangUp)] + [say.text for say in call.all(TtsSay)]
        assert APOLOGY in apologised or ("assistant", APOLOGY) in call.turns
    nothing_stays_open(call)
    call.check()


def nobody_answers(call: ConvaiScene) -> None:
    started = call.last(TransferStart)
    call.feed(TransferMoved(started.transfer_id, "failed", "busy", returns=True))
    call.feed(LegOpened("MZ2", "CA1", "AC1"))


def goes_on(call: ConvaiScene, vendor: Obedient) -> None:
    """Whatever was open is settled, and what the caller says now is answered."""
    if call.machine._plan.reply_by == "handler" and (asks := call.all(HandlerAsk)):
        call.feed(HandlerDone(asks[-1].turn_id))
        vendor.pass_ms(6000)
    call.caller_says("and now")
    if call.machine._plan.reply_by == "handler":
        ask = call.wants("and now", 9)
        call.handler_says("Yes.")
        assert call.given(ask) == "Yes. "
    call.agent_says("Yes.")
    vendor.pass_ms(2500)
    (role, text), last = call.turns[-2:]
    assert role == "user" and text.endswith("and now") and last == ("assistant", "Yes.")


def nothing_stays_open(call: ConvaiScene) -> None:
    opened = [command.speech_id for command in call.all(SpeechOpen)]
    stopped = [command.speech_id for command in call.all(SpeechStop)]
    assert sorted(set(opened)) == sorted(set(stopped))
    assert call.machine.next_timer() is None


@pytest.mark.parametrize("kind", KINDS)
def test_each_reason_of_the_vendors_is_told_in_words(kind: str) -> None:
    """In the close frame or in the error before it; three times the same ends the call."""
    ended = "max_duration" if kind.startswith("max_") else "provider_error"
    for cause in (closes(1002, kind=kind), closes(1002, kind)):
        call = ConvaiScene(first_message="Hi.").open()
        for _ in range(4):  # the last finds no conversation any more
            cause(call)
            call.pass_ms(1000)
        call.pass_ms(6000)
        assert call.end is not None and call.end.reason == ended
        at_once = kind in PERMANENT or ended == "max_duration"
        assert len(call.all(SpeechOpen)) == (1 if at_once else 3)
        told = [dict(note.data) for note in call.notes_of("speech.ended")]
        assert {row["reason"] for row in told} == {KINDS[kind]}
