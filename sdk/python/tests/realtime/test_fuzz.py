"""Any order of events and messages, sensible or not: no exception, no endless timer, one end."""

import json
from random import Random

import pytest

from patter.bridge.answering import AnsweringPlan
from patter.bridge.commands import HandlerAsk, ToolRun, TtsSay
from patter.bridge.events import (
    DigitPressed,
    DigitsAsked,
    DigitsFailed,
    HandlerDelta,
    HandlerDone,
    HandlerFailed,
    HangUpAsked,
    LegLost,
    LegOpened,
    MachineHeard,
    SayAsked,
    SpeechClosed,
    SpeechFailed,
    SpeechMessage,
    ToolDone,
    TransferAsked,
    TransferMoved,
    TtsAudio,
    TtsDone,
    TtsFailed,
)
from patter.bridge.keypad import Keypad
from patter.bridge.plan import ProviderSpec, TurnTaking
from patter.bridge.transfers import TransferPolicy, TransferTarget
from patter.engines.realtime.wire import (
    AudioDelta,
    AudioDone,
    Committed,
    ResponseCreated,
    ResponseDone,
    SessionUpdated,
    SpeechStarted,
    SpeechStopped,
    TextDelta,
    TextDone,
    ToolCalled,
    Trouble,
    UserDelta,
    UserSaid,
)
from patter.testing.realtime_scene import Scene

TEXTS = ("", " ", "Hello there.", "a table please", "👍")
CODES = (
    "server_error",
    "rate_limit_exceeded",
    "invalid_value",
    "response_cancel_not_active",
    "conversation_already_has_active_response",
    "session_expired",
    "unknown",
)
ARGUMENTS = ("", "{}", "[1]", "{", '{"target": "sales"}')


def a_call(pick):
    flag = (False, True)
    return Scene(
        reply_by=pick.choice(("model", "handler")),
        first_message=pick.choice(("", "Hello, this is the bank.")),
        announcement=pick.choice(("", "", "This call is recorded.")),
        first_speaker=pick.choice(("agent", "caller")),
        record=False,
        direction=pick.choice(("inbound", "outbound")),
        transfers=TransferPolicy((TransferTarget("sales", "+15550170"),)),
        handler_policy=pick.choice(("goodbye", "model", "transfer")),
        handler_transfer="sales",
        answering=AnsweringPlan(
            pick.choice(flag), pick.choice(("leave_message", "hang_up", "continue", "ask")), "Call back.", 5
        ),
        keypad=Keypad(collect=pick.choice(flag), max_digits=3),
        tts=pick.choice((None, ProviderSpec("offline"))),
        turn_taking=TurnTaking(
            idle_prompt_s=3,
            max_duration_s=40,
            handler_timeout_s=4,
            first_message_delay_ms=pick.choice((0, 400)),
            first_message_interruptible=pick.choice(flag),
        ),
    )


def a_message(pick, call):
    tag = pick.choice([*(sent["event_id"] for sent in call.of_type("response.create")[-2:]), ""])
    response, item, text = pick.choice(("r1", "r2")), pick.choice(("u1", "a1", "a2")), pick.choice(TEXTS)
    trouble = Trouble(pick.choice(CODES), "x", pick.choice((tag, "switch", "")))
    tool = pick.choice(("look", "end_call", "transfer_call", ""))
    status = pick.choice(("completed", "completed", "cancelled", "incomplete", "failed"))
    messages = [
        *[SessionUpdated(), SpeechStarted(item, pick.choice((None, 0, 10**9)))],
        *[SpeechStopped(item, pick.choice((None, 0, 900))), Committed(item, pick.choice(("", "u1")))],
        *[UserDelta(item, text), UserSaid(item, pick.choice((text, None))), trouble],
        *[ResponseCreated(response, tag), ResponseCreated(response, tag)],
        *[AudioDelta(response, item, b"\x90" * pick.choice((0, 161, 8000)))] * 2,
        *[AudioDone(response, item), TextDelta(response, item, text), TextDone(response, item, text)],
        ToolCalled(response, pick.choice(("c1", "c2")), tool, pick.choice(ARGUMENTS)),
        ResponseDone(response, tag, status, pick.choice((None, trouble))),
    ]
    return pick.choice(messages)


def an_event(pick, call):
    def known(kind, name):
        return pick.choice([*(getattr(command, name) for command in call.all(kind)[-1:]), "none"])

    turn, run = known(HandlerAsk, "turn_id"), known(ToolRun, "run_id")
    say, text = known(TtsSay, "say_id"), pick.choice(TEXTS)
    events = [
        *[SpeechMessage(call.speech_id, a_message(pick, call)) for _ in range(14)],
        *[SpeechMessage("speech1", a_message(pick, call)), SpeechClosed(call.speech_id, 1006, "")],
        *[SpeechFailed(call.speech_id, "x"), DigitPressed(pick.choice("12#?")), SayAsked(text)],
        MachineHeard(pick.choice(("human", "machine", "unknown")), pick.choice((False, True))),
        *[HandlerDelta(turn, text), HandlerDelta(turn, "We open at nine. "), HandlerDone(turn)],
        *[HandlerFailed(turn, "handler_error"), ToolDone(run, {1, 2})],
        *[TtsAudio(say, b"\x90" * 800), TtsDone(say), TtsFailed(say, "x")],
        *[LegLost("x"), LegOpened("MZ2", "CA1", "AC1"), DigitsAsked("1w2"), DigitsFailed("x")],
        *[TransferAsked("sales"), TransferMoved("x1", pick.choice(("dialling", "joined", "failed")), "busy")],
    ]
    return pick.choice(events) if pick.random() < 0.99 else HangUpAsked()


@pytest.mark.parametrize("seed", range(60))
def test_no_order_of_events_breaks_a_call(seed):
    pick = Random(seed)
    call = a_call(pick)
    for _ in range(pick.randint(0, 60)):
        match pick.randint(0, 3):
            case 0:
                call.now += pick.choice((0.0, 0.3, 3.0))
                call.pass_ms(20)
            case 1:
                call.pass_ms(pick.choice((20, 200, 700)))
            case _:
                call.feed(an_event(pick, call))
    for _ in range(400):  # left alone, every call ends
        if call.end is not None:
            break
        call.now += 0.5
        call.pass_ms(20)
    assert call.end is not None
    assert call.machine.next_timer() is None
    json.dumps(call.sent)
