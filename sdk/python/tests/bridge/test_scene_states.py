"""The states of a turn, as they are shown."""

from __future__ import annotations

from patter.bridge.events import SttSpeechStarted
from patter.engines.pipeline.machine import PipelineMachine
from patter.testing.scene import VOICE, Scene


def state(call: Scene) -> str:
    engine = call.machine._engine
    assert isinstance(engine, PipelineMachine)
    return engine.state


def test_one_call_through_every_state() -> None:
    call = Scene(reply_by="model", first_speaker="caller", first_message="Hi.").open(age_ms=2000)
    assert state(call) == "listening"
    call.feed(SttSpeechStarted(call.stt_id))
    call.pass_ms(300, VOICE)
    assert state(call) == "hearing"
    call.says("hello there")
    assert state(call) == "thinking"
    call.model_says("We open at nine in the morning, and close at ten in the evening.")
    call.pass_ms(900)
    assert state(call) == "speaking"
    call.pass_ms(300, VOICE)
    assert state(call) == "paused"
    call.hears("that is all")
    call.model_says("Goodbye.", tool="end_call")
    assert state(call) == "closing"
    call.pass_ms(1000)
    assert call.end is not None
    assert not call.machine.next_timer()
    assert call.machine.ended
    call.check()
