"""Two things at once in a Realtime call: tools, words over a reply, transfers, sessions that break."""

from __future__ import annotations

import pytest

from patter.bridge.commands import HandlerAsk, HangUp, ToolRun, ToolStop, TransferStart
from patter.bridge.events import HandlerDelta, HandlerDone, SpeechClosed, ToolDone
from patter.bridge.plan import Phrases
from patter.bridge.transfers import TransferPolicy, TransferTarget
from patter.engines.realtime.wire import (
    AudioDelta,
    AudioDone,
    ResponseCreated,
    SessionUpdated,
    SpeechStarted,
    TextDone,
    ToolCalled,
)
from patter.testing.realtime_scene import Scene

DESK = TransferPolicy((TransferTarget("desk", "+15550009999"),))
SOUND = b"\x90" * 8000


def asked(**plan: object) -> Scene:
    call = Scene(**plan)  # type: ignore[arg-type]
    call.pass_ms(3200)
    call.says("help me please")
    return call


def tool(name: str, call_id: str = "call_1") -> ToolCalled:
    return ToolCalled("", call_id, name, '{"target": "desk"}')


def read_aloud(call: Scene) -> str:
    return call.of_type("response.create")[-1]["response"]["instructions"].rpartition("\n\n")[2]


def test_a_caller_who_speaks_over_a_tool_s_announcement_stops_it_and_its_result_is_nothing() -> None:
    call = asked()
    call.replies("Let me look into it for you.", tool("book"))
    call.pass_ms(600)
    call.provider(SpeechStarted("u9", call.media_ms))
    assert [stop.run_id for stop in call.all(ToolStop)] == [call.last(ToolRun).run_id]
    sent = len(call.sent)
    call.tool({"table": 7})
    assert len(call.sent) == sent and not call.of_type("response.create")


@pytest.mark.parametrize("speaks", [True, False])
def test_words_over_the_announcement_of_a_transfer_keep_the_caller(speaks: bool) -> None:
    call = asked(transfers=DESK)
    call.replies("I put you through to the desk now.", tool("transfer_call"))
    call.pass_ms(500)
    if speaks:
        call.says("no, wait")
        call.replies("As you like.")
    call.pass_ms(3000)
    assert bool(call.all(TransferStart)) is not speaks


def test_of_two_tools_the_model_is_asked_once_though_the_caller_adds_something_meanwhile() -> None:
    call = asked()
    call.replies("", tool("fast"), tool("slow", "call_2"))
    fast, slow = call.all(ToolRun)
    call.feed(ToolDone(fast.run_id, {"fast": 1}))
    call.says("and hurry")
    call.feed(ToolDone(slow.run_id, {"slow": 1}))
    call.provider(ResponseCreated("auto", ""))  # it knows of one result only
    assert call.of_type("response.cancel")[-1]["response_id"] == "auto"
    assert len(call.of_type("response.create")) == 1


@pytest.mark.parametrize("goes_on", [True, False])
def test_a_response_whose_end_is_never_told_is_heard_and_the_call_goes_on(goes_on: bool) -> None:
    call = asked()
    call.provider(ResponseCreated("r9", ""), AudioDelta("r9", "a9", SOUND), TextDone("r9", "a9", "At nine."))
    call.provider(AudioDone("r9", "a9"))
    call.pass_ms(1500)
    if goes_on:
        call.says("and when do you close")
        call.replies("At ten.")
    else:
        call.pass_ms(3500)
        call.provider(SessionUpdated())
        call.reads("We close at ten.")
    call.pass_ms(1200)
    assert call.turns[-1][1].endswith(" ten.")
    assert call.end is None


def test_a_session_that_never_takes_its_settings_ends_in_the_carrier_s_voice() -> None:
    class Mute(Scene):
        def _begin(self) -> None: ...

    call = Mute(first_message="Hello.")
    call.pass_ms(12_000)
    assert call.last(HangUp).say == Phrases().apology and call.kinds.count("speech.failed") == 3


def test_a_session_that_breaks_within_the_filler_has_the_rest_of_it_said_and_then_the_answer() -> None:
    call = Scene(reply_by="handler")
    call.says("hello")
    call.pass_ms(1600)
    tag = call.of_type("response.create")[-1]["event_id"]
    call.provider(ResponseCreated("r9", tag), AudioDelta("r9", "a9", SOUND[:4800]))
    call.feed(SpeechClosed(call.speech_id, 1006, ""))
    turn_id = call.last(HandlerAsk).turn_id
    call.feed(HandlerDelta(turn_id, "Here it is."), HandlerDone(turn_id))
    call.pass_ms(600)
    call.provider(SessionUpdated())
    call.reads(read_aloud(call))
    assert read_aloud(call) == "Here it is."
    call.reads("Here it is.")
    call.pass_ms(3000)
    assert [turn for turn in call.turns if turn[0] == "assistant"] == [("assistant", "Here it is.")]
