"""That the call is recorded, say: told first, in full, whatever the caller does. On the test's own clock."""

from __future__ import annotations

from patter.bridge.answering import AnsweringPlan
from patter.bridge.commands import Clear, StartRecording
from patter.bridge.events import DigitPressed, MachineHeard, SpeechFailed
from patter.bridge.records import TurnSettled
from patter.engines.convai.wire import CallerChunk, Initiation, Interruption, UserMessage
from patter.testing.scene import VOICE

from .scene import ConvaiScene

NOTICE, HELLO = "This call is recorded.", "Hello, this is Acme."


def announced(**plan: object) -> ConvaiScene:
    return ConvaiScene(announcement=NOTICE, first_message=HELLO, **plan).open()


def first_message(call: ConvaiScene) -> str:
    return str(call.sent(Initiation)[-1].overrides["agent"]["first_message"])


def heard_by_the_agent(call: ConvaiScene) -> bytes:
    return b"".join(chunk.payload for chunk in call.sent(CallerChunk))


def test_the_agent_says_it_first_and_it_is_a_turn_of_its_own() -> None:
    call = announced()
    assert first_message(call) == f"{NOTICE} {HELLO}"
    call.agent_says(f"{NOTICE} {HELLO}")
    call.pass_ms(4000)
    assert call.turns == [("assistant", NOTICE), ("assistant", HELLO)]


def test_until_it_was_heard_the_agent_hears_nobody_and_then_what_was_said_meanwhile() -> None:
    call = announced()
    call.agent_says(f"{NOTICE} {HELLO}")
    call.pass_ms(600, VOICE)
    assert heard_by_the_agent(call) == b""
    call.gets(Interruption(call.event_id))
    assert not call.all(Clear)
    call.pass_ms(800)
    assert VOICE in heard_by_the_agent(call)
    call.gets(Interruption(call.event_id))  # now it may stop
    assert call.all(Clear)
    call.caller_says("I want a table")
    assert call.turns[0] == ("assistant", NOTICE)


def test_it_is_written_down_and_recording_begins_as_soon_as_it_was_heard() -> None:
    """Not only when all that the agent says in the same breath was heard, too."""
    call = announced(carrier_records=True, record=True)
    call.agent_says(f"{NOTICE} {HELLO}")
    call.pass_ms(1000)
    assert (call.turns, call.all(StartRecording)) == ([], [])
    call.pass_ms(400)
    assert (call.turns, len(call.all(StartRecording))) == ([("assistant", NOTICE)], 1)
    call.pass_ms(3000)
    assert call.turns == [("assistant", NOTICE), ("assistant", HELLO)]
    notice, hello = call.notes(TurnSettled)
    assert notice.ended_ms == hello.started_ms and hello.full_text is None
    assert len(call.all(StartRecording)) == 1


def test_a_caller_who_speaks_over_what_follows_it_has_heard_so_much() -> None:
    call = announced(reply_by="model")
    call.agent_says(f"{NOTICE} {HELLO}")
    call.pass_ms(2000)  # of 2150 ms
    call.gets(Interruption(call.event_id))
    call.caller_says("hello")
    notice, hello, *_ = call.notes(TurnSettled)
    assert (notice.text, notice.interrupted) == (NOTICE, False)
    assert HELLO.startswith(hello.text) and (hello.interrupted, hello.full_text) == (True, HELLO)


def test_keys_have_their_turn_after_it() -> None:
    call = announced()
    call.agent_says(f"{NOTICE} {HELLO}")
    call.pass_ms(400)
    call.feed(DigitPressed("1"))
    assert call.sent(UserMessage) == []
    call.pass_ms(1000)
    assert call.sent(UserMessage) == [UserMessage("[DTMF: 1]")]
    assert call.turns[0] == ("assistant", NOTICE)


def test_a_caller_who_is_to_speak_first_hears_it_and_nothing_else() -> None:
    call = announced(first_speaker="caller")
    assert first_message(call) == NOTICE
    call.agent_says(NOTICE)
    call.pass_ms(3000)
    assert call.turns == [("assistant", NOTICE)]
    call.caller_says("is this Acme")
    call.wants("is this Acme")
    assert call.asked == ["is this Acme"]


def test_another_conversation_says_it_anew_unless_it_was_heard() -> None:
    call = announced()
    call.agent_says(f"{NOTICE} {HELLO}", ms=400)
    call.pass_ms(200)
    call.feed(SpeechFailed(call.speech_id, "lost"))
    call.pass_ms(2000)
    assert first_message(call) == f"{NOTICE} {HELLO}"
    call.agent_says(f"{NOTICE} {HELLO}")
    call.pass_ms(3000)
    call.feed(SpeechFailed(call.speech_id, "lost"))
    call.pass_ms(2000)
    assert first_message(call) == ""


def test_a_call_in_which_it_cannot_be_said_ends() -> None:
    call = ConvaiScene(announcement=NOTICE, speaks=False).open()
    call.pass_ms(45_000)
    assert call.end is not None and call.end.reason == "provider_error"


def test_a_machine_needs_none() -> None:
    plan = AnsweringPlan(detect=True, on_machine="leave_message", message="Call us.")
    call = announced(direction="outbound", answering=plan)
    call.agent_says(f"{NOTICE} {HELLO}")
    call.pass_ms(200)
    call.feed(MachineHeard("machine", beep=True))
    call.agent_says("Call us.")
    call.pass_ms(3000)
    assert call.end is not None and call.end.reason == "voicemail"
    assert call.turns == [("assistant", "Call us.")]
