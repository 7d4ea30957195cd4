"""Any order of events and messages, sensible or not: no exception, no endless timer, one end."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from patter.bridge.answering import AnsweringPlan
from patter.bridge.commands import HandlerAsk, LlmAsk, SpeechSend, ToolRun, TtsSay
from patter.bridge.events import (
    CarrierEnded,
    DigitPressed,
    DigitsAsked,
    DigitsFailed,
    Event,
    HandlerDelta,
    HandlerDone,
    HandlerFailed,
    HangUpAsked,
    LegLost,
    LegOpened,
    LegStopped,
    LlmDelta,
    LlmDone,
    LlmFailed,
    MachineHeard,
    SayAsked,
    SpeechClosed,
    SpeechFailed,
    SpeechMessage,
    SpeechOpened,
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
from patter.engines.convai import wire
from patter.engines.convai.wanted import ReplyEnd, ReplyPiece, ReplyUnwanted, ReplyWanted
from patter.testing.scene import SILENCE, VOICE

from .scene import ConvaiScene

TEXTS = ("", " ", "...", "hello there", "a table please", "[DTMF: 1]", "Hi \ud83d.", "First we open at nine.")
TIMES = {"chars": list("hello"), "charStartTimesMs": [0, 50, 100, 150, 200], "charDurationsMs": [50] * 5}


def a_call(pick: Random) -> ConvaiScene:
    flag = (False, True)
    return ConvaiScene(
        begins=pick.random() < 0.8,
        speaks=pick.choice(flag),
        format=pick.choice(("ulaw_8000", "ulaw_8000", "pcm_16000")),
        reply_by=pick.choice(("model", "handler")),
        first_message=pick.choice(("", "Hello, this is {{the}} bank.")),
        announcement=pick.choice(("", "", "This call is recorded.")),
        first_speaker=pick.choice(("agent", "caller")),
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


def a_message(pick: Random) -> Any:
    text, other, number = pick.choice(TEXTS), pick.choice(TEXTS), pick.choice((0, 1, 2, 7, 10**6))
    sound = b"\x90" * pick.choice((0, 161, 8000))
    tool, run = pick.choice(("look", "end_call", "transfer_call", "")), pick.choice(("c1", "c2"))
    ask = pick.choice(("ask1", "ask2"))
    return pick.choice(
        [
            *[wire.AgentAudio(number, sound, pick.choice((None, TIMES)))] * 3,
            *[wire.AgentText(text, number), wire.CallerText(text, final=True)] * 3,
            *[ReplyWanted(ask, text, pick.choice((1, 2, 3)))] * 3,
            *[wire.CallerText(text, final=False), wire.Interruption(number), wire.AgentDone()],
            *[wire.AgentCorrection(text, other), wire.Ping(1), wire.Unreadable("x"), ReplyUnwanted(ask)],
            *[wire.ToolCall(run, tool, pick.choice((None, {}, {"target": "sales", "summary": 3})))] * 2,
            wire.Trouble(
                pick.choice((None, 1002, 1008)), pick.choice(("", "llm_timeout", "override_error")), "x"
            ),
            wire.Metadata("conv", pick.choice(("ulaw_8000", "opus")), "ulaw_8000"),
        ]
    )


def an_event(pick: Random, call: ConvaiScene) -> Event:
    def known(kind: type, name: str) -> str:
        return str(pick.choice([*(getattr(command, name) for command in call.all(kind)[-1:]), "none"]))

    turn, ask, run = known(HandlerAsk, "turn_id"), known(LlmAsk, "ask_id"), known(ToolRun, "run_id")
    say, text, speech = known(TtsSay, "say_id"), pick.choice(TEXTS), pick.choice((call.speech_id, "speech1"))
    ends = (LegStopped(), CarrierEnded("busy"), HangUpAsked("api_hung_up", pick.choice((False, True))))
    events: list[Event] = [
        *[SpeechMessage(speech, a_message(pick)) for _ in range(14)],
        *[SpeechClosed(speech, pick.choice((1000, 1002, 1008, 1011)), ""), SpeechFailed(speech, "x")],
        *[SpeechOpened(speech), DigitPressed(pick.choice("12#?")), SayAsked(text)],
        MachineHeard(pick.choice(("human", "machine", "screening", "unknown")), pick.choice((False, True))),
        *[HandlerDelta(turn, text), HandlerDelta(turn, "We open at nine. "), HandlerDone(turn)],
        *[HandlerFailed(turn, "handler_error"), LlmDelta(ask, text), LlmDone(ask), LlmFailed(ask, "x")],
        *[ToolDone(run, {1, 2}), TtsAudio(say, b"\x90" * 800), TtsDone(say), TtsFailed(say, "x")],
        *[LegLost("x"), LegOpened("MZ2", "CA1", "AC1"), DigitsAsked("1w2"), DigitsFailed("x")],
        *[TransferAsked("sales"), TransferMoved("x1", pick.choice(("dialling", "joined", "failed")), "busy")],
    ]
    return pick.choice(events) if pick.random() < 0.99 else pick.choice(ends)


@pytest.mark.parametrize("seed", range(60))
def test_no_order_of_events_breaks_a_call(seed: int) -> None:
    pick = Random(seed)
    call = a_call(pick).open()
    for _ in range(pick.randint(0, 60)):
        match pick.randint(0, 3):
            case 0:
                call.now += pick.choice((0.0, 0.3, 3.0))
                call.pass_ms(20)
            case 1:
                call.pass_ms(pick.choice((20, 200, 700)), pick.choice((SILENCE, VOICE)))
            case _:
                call.feed(an_event(pick, call))
    for _ in range(400):  # left alone, every call ends
        if call.end is not None:
            break
        call.now += 0.5
        call.pass_ms(20)
    assert call.end is not None
    assert call.machine.next_timer() is None
    call.check()
    sent = [one.message for one in call.all(SpeechSend)]
    for message in sent:
        assert isinstance(message, ReplyPiece | ReplyEnd) or wire.encode(message).encode()
