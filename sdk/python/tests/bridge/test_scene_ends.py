"""How calls end: at any moment, once, with the goodbye heard."""

from __future__ import annotations

import pytest

from patter.bridge.commands import HangUp, TtsSay
from patter.bridge.events import (
    CarrierEnded,
    DigitPressed,
    Event,
    HangUpAsked,
    HangUpFailed,
    LegLost,
    LegOpened,
    LegStopped,
    SayAsked,
    SttFailed,
)
from patter.bridge.plan import Phrases, TurnTaking
from patter.testing.scene import SILENCE, VOICE, Scene

GOODBYE = "Thank you very much for calling us today. We wish you a nice evening. Goodbye!"  # 4 s


def ten_seconds(call: Scene, until_ms: int) -> None:
    """A short call: greeting, question, tool, answer, barge-in, a key. Stops at ``until_ms``."""
    script = {
        1800: lambda: call.hears("is there a table", final=False, end_of_turn=False),
        2000: lambda: call.hears("is there a table"),
        2300: lambda: call.model_says("Let me look.", tool="check"),
        4000: lambda: call.model_says(
            "Yes, there is one at seven. Shall I book it for you? It is by the window."
        ),
        6500: lambda: call.hears("no thanks", final=False, end_of_turn=False),
        7000: lambda: call.hears("no thanks"),
        7300: lambda: call.model_says("As you like."),
        8200: lambda: call.feed(DigitPressed("1")),
        8600: lambda: call.model_says("Goodbye then.", tool="end_call"),
    }
    call.open()
    for ms in range(0, until_ms, 20):
        voice = 1200 <= ms < 1900 or 6200 <= ms < 6900
        call.pass_ms(20, VOICE if voice else SILENCE)
        if act := script.get(ms):
            act()
            call.check()


@pytest.mark.parametrize("event", [LegStopped(), CarrierEnded("caller_hung_up")], ids=["stop", "status"])
def test_the_caller_hangs_up_at_any_moment(event: Event) -> None:
    for ms in range(0, 10_000, 100):
        call = Scene(reply_by="model", first_message="Hello, this is Acme.")
        ten_seconds(call, ms)
        over = call.end
        call.feed(event, LegLost(), CarrierEnded(), HangUpAsked())
        assert call.end is not None
        assert call.end.reason == ("caller_hung_up" if over is None else "agent_ended")
        call.check()


@pytest.mark.parametrize(
    "disturb",
    [
        lambda call: None,
        lambda call: call.pass_ms(1500, VOICE),
        lambda call: call.hears("no wait a moment"),
        lambda call: call.feed(DigitPressed("1"), DigitPressed("2")),
        lambda call: call.feed(SayAsked("Attention please.")),
        lambda call: call.feed(SttFailed(call.stt_id, "401", permanent=True)),
        lambda call: call.feed(LegOpened("MZ2", "CA1", "AC1")),
        lambda call: call.pass_ms(8000),
    ],
    ids=["nothing", "voice", "words", "keys", "say", "dead ears", "new line", "time"],
)
def test_a_goodbye_of_four_seconds_is_heard_in_full(disturb: object) -> None:
    call = Scene(reply_by="model", turn_taking=TurnTaking(max_duration_s=8)).open(age_ms=2500)
    call.says("that is all")
    before = len(call.played)
    call.model_says(GOODBYE, tool="end_call")
    call.pass_ms(1000)
    disturb(call)  # type: ignore[operator]
    call.pass_ms(8000)
    assert call.end is not None
    assert call.end.reason == "agent_ended"
    assert ("assistant", GOODBYE) in call.turns
    assert len(call.played) - before >= len(GOODBYE) * 50 * 8 - 8000 * 0.3
    assert [say.text for say in call.all(TtsSay)][-1].endswith("Goodbye!")
    call.check()


def test_what_is_said_during_the_goodbye_is_in_the_transcript() -> None:
    call = Scene(reply_by="model").open(age_ms=2500)
    call.says("that is all")
    call.model_says("Goodbye now.", tool="end_call")
    call.pass_ms(200)
    call.hears("bye bye")
    call.pass_ms(1500)
    assert call.end is not None
    assert [row["text"] for row in call.end.transcript] == ["that is all", "Goodbye now.", "bye bye"]
    call.check()


def test_the_longest_duration_cuts_a_long_speech_and_says_goodbye() -> None:
    call = Scene(first_message="word " * 200, turn_taking=TurnTaking(max_duration_s=5)).open()
    call.pass_ms(8000)
    assert call.end is not None
    assert call.end.reason == "max_duration"
    assert [row["text"] for row in call.end.transcript][-1] == "Goodbye."
    call.check()


def test_a_goodbye_of_more_than_half_a_minute_is_cut() -> None:
    goodbye = Phrases(goodbye="word " * 400)
    call = Scene(first_message="Hello.", phrases=goodbye, turn_taking=TurnTaking(max_duration_s=5)).open()
    call.pass_ms(34_000)
    assert call.end is None
    call.pass_ms(2_000)
    assert call.end is not None
    assert call.end.reason == "max_duration"
    call.check()


def test_a_goodbye_that_nobody_can_say_ends_anyway() -> None:
    call = Scene(speaks=False, turn_taking=TurnTaking(max_duration_s=5)).open()
    call.pass_ms(36_000)
    assert call.end is not None
    assert call.end.reason == "max_duration"
    call.check()


def test_a_hang_up_that_the_carrier_refuses_ends_the_session() -> None:
    call = Scene().open()
    call.machine.receive(HangUpAsked("balance"), call.now)
    out = call.feed(HangUpFailed("500"))
    assert not any(isinstance(command, HangUp) for command in out)
    assert call.end is not None
    assert call.end.reason == "balance"


def test_a_hang_up_that_is_never_answered_ends_after_five_seconds() -> None:
    call = Scene().open()
    call.machine.receive(HangUpAsked("balance"), call.now)
    call.now += 5.1
    call.tick()
    assert call.end is not None


def test_rejected_frames_are_told_twenty_times_at_most() -> None:
    from patter.bridge.events import FrameRejected

    call = Scene().open()
    call.feed(*[FrameRejected("x")] * 50)
    assert call.kinds.count("frame.rejected") == 20


def test_a_long_call_without_a_recording_keeps_nothing_of_its_sound() -> None:
    call = Scene(record=False, first_message="word " * 100).open()
    call.pass_ms(20_000)
    assert not call.machine._parts.playback.take_heard()
