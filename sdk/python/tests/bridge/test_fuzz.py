"""Any order of events, sensible or not, on any clock: no exception, no endless timer, one end."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from patter.bridge.answering import AnsweringPlan
from patter.bridge.commands import HandlerAsk, LlmAsk, Mark, SttOpen, ToolRun, TtsSay
from patter.bridge.events import (
    CallerAudio,
    CarrierEnded,
    DigitPressed,
    DigitsAsked,
    DigitsFailed,
    Event,
    FrameRejected,
    HandlerDelta,
    HandlerDone,
    HandlerFailed,
    HangUpAsked,
    HangUpDone,
    HangUpFailed,
    LegLost,
    LegOpened,
    LegStopped,
    LlmDelta,
    LlmDone,
    LlmFailed,
    LlmToolCall,
    MachineHeard,
    MarkPlayed,
    ProviderSwitched,
    SayAsked,
    SttClosed,
    SttEagerEnd,
    SttFailed,
    SttHeard,
    SttOpened,
    SttResumed,
    SttSpeechStarted,
    SttUtteranceEnded,
    ToolDone,
    TransferAsked,
    TransferMoved,
    TtsAudio,
    TtsDone,
    TtsFailed,
)
from patter.bridge.keypad import Keypad
from patter.bridge.plan import TurnTaking
from patter.bridge.transfers import TransferPolicy, TransferTarget
from patter.testing.scene import VOICE, Scene

TEXTS = st.sampled_from(
    [
        "",
        " ",
        "leave a message",
        "I'll see if this person is available",
        "yes",
        "mhm",
        "stop it now",
        "A table, please.",
        "👍",
        "```",
        "a" * 300,
    ]
)
BYTES = st.sampled_from([b"", b"\x90", b"\x90" * 161, b"\x90" * 1600, b"\x90" * 40_000])
HEARD = ["human", "machine", "screening", "greeting_over", "unknown"]
OCCURRED = st.sampled_from([None, 1.0, 2.0, 3.0])
FLAG = st.booleans()


def ids(call: Scene, kind: type, name: str) -> list[str]:
    return ["unknown", *(getattr(command, name) for command in call.all(kind)[-3:])]


@st.composite
def an_event(draw: st.DrawFn, call: Scene) -> Event:
    def one(kind: type, name: str) -> str:
        known = ids(call, kind, name)
        return known[-1] if draw(st.integers(0, 3)) else draw(st.sampled_from(known))

    stt, ask = one(SttOpen, "stt_id"), one(LlmAsk, "ask_id")
    turn, say, run = one(HandlerAsk, "turn_id"), one(TtsSay, "say_id"), one(ToolRun, "run_id")
    text, flag = draw(TEXTS), draw(FLAG)
    tool = draw(st.sampled_from(["check", "end_call", "transfer_call"]))
    arguments = draw(st.sampled_from(["{}", "", "[1]", "{", '{"target": "sales"}']))
    moved = draw(st.sampled_from(["dialling", "briefing", "joined", "failed", "failed"]))
    media_ms = draw(st.sampled_from([call.media_ms, 0, call.media_ms + 5000, 10**12]))
    event: Event = draw(
        st.sampled_from(
            [
                *[SttHeard(stt, text, flag, draw(FLAG))] * 4,
                *[HandlerDelta(turn, text), LlmDelta(ask, text), TtsAudio(say, draw(BYTES))] * 3,
                *[HandlerDone(turn), LlmDone(ask), TtsDone(say), MarkPlayed(one(Mark, "name"))] * 3,
                *[LlmToolCall(ask, "c", tool, arguments), ToolDone(run, {1, 2})] * 2,
                *[LegOpened("MZ", "CA", "AC"), LegLost("x"), DigitPressed("1"), SayAsked(text)],
                *[SttOpened(stt), SttClosed(stt), SttFailed(stt, "x", flag), SttUtteranceEnded(stt)],
                *[HandlerFailed(turn, "handler_error"), LlmFailed(ask, "x"), TtsFailed(say, "x", flag)],
                *[DigitsAsked("1w2"), DigitsFailed("x"), TransferAsked("sales"), TransferAsked(text)],
                *[TransferMoved("x1", moved, "busy", flag), TransferMoved("x2", moved)],
                *[MachineHeard(draw(st.sampled_from(HEARD)), flag, "", draw(OCCURRED))],
                *[SttEagerEnd(stt, text), SttEagerEnd(stt, text), SttResumed(stt)],
                *[SttSpeechStarted(stt, flag), ProviderSwitched("stt", "a", "b", "x")],
                *[FrameRejected("x"), DigitPressed("?"), HangUpDone()],
                *[CallerAudio(VOICE if flag else b"", media_ms), HangUpFailed("x")],
                draw(st.sampled_from([LegStopped(), CarrierEnded("busy"), HangUpAsked("nonsense", flag)])),
            ]
        )
    )
    return event


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_no_order_of_events_breaks_a_call(data: st.DataObject) -> None:
    draw = data.draw
    call = Scene(
        speaks=draw(FLAG),
        echoes_marks=draw(FLAG),
        reply_by=draw(st.sampled_from(["handler", "model"])),
        first_message=draw(st.sampled_from(["", "Hello, this is the bank. How can I help?"])),
        record=draw(FLAG),
        direction=draw(st.sampled_from(["inbound", "outbound"])),
        transfers=TransferPolicy((TransferTarget("sales", "+15550170"),)),
        answering=AnsweringPlan(
            draw(FLAG),
            draw(st.sampled_from(["leave_message", "hang_up", "continue", "ask"])),
            "Call back.",
            5,
        ),
        keypad=Keypad(collect=draw(FLAG), max_digits=3),
        turn_taking=TurnTaking(
            idle_prompt_s=3,
            max_duration_s=30,
            handler_timeout_s=4,
            first_message_delay_ms=draw(st.sampled_from([0, 400])),
            first_message_interruptible=draw(FLAG),
        ),
    )
    if draw(st.integers(0, 5)):
        call.open()
    for _ in range(draw(st.integers(0, 40))):
        step = draw(st.integers(0, 4))
        if step == 0:
            call.now += draw(st.sampled_from([0.0, 0.001, 0.3, 3.0, 61.0]))
            call.tick()
        elif step == 1:
            call.pass_ms(draw(st.sampled_from([20, 200, 700])), VOICE if draw(FLAG) else b"\xff" * 160)
        else:
            call.feed(draw(an_event(call)))
        call.check()
    ends_by_itself(call)


def ends_by_itself(call: Scene) -> None:
    """Left alone, every call ends: nobody speaks, or the longest duration passes."""
    for _ in range(1000):
        if call.end is not None:
            break
        call.now += 0.5
        call.tick()
    assert call.end is not None
    assert call.machine.next_timer() is None
    assert call.feed(LegOpened("MZ", "CA", "AC"), HangUpDone(), FrameRejected("late")) == []
    call.check()
    assert call.timers < 20_000
