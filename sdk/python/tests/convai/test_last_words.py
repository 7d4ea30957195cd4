"""The last words of a call: waited for, heard in full, and never in the way. On the test's own clock."""

from __future__ import annotations

from patter.bridge.answering import AnsweringPlan
from patter.bridge.commands import TtsSay
from patter.bridge.events import MachineHeard, SayAsked, SpeechFailed, SpeechOpened, ToolDone
from patter.bridge.plan import Phrases, ProviderSpec
from patter.engines.convai.wire import (
    AgentAudio,
    AgentText,
    Initiation,
    Interruption,
    Metadata,
    ToolCall,
    UserMessage,
)

from .scene import ConvaiScene, greeted
from .test_line import SALES, result, talking


def test_a_machine_that_beeps_before_the_conversation_began_gets_the_message_all_the_same() -> None:
    plan = AnsweringPlan(detect=True, on_machine="leave_message", message="Please call us back.")
    call = ConvaiScene(begins=False, first_message="Hi.", direction="outbound", answering=plan).open()
    call.feed(MachineHeard("machine", beep=True))
    call.pass_ms(1000)
    assert call.sent(UserMessage) == [] and call.end is None
    call.feed(SpeechOpened(call.speech_id))
    assert call.sent(Initiation)[-1].overrides == {"agent": {"first_message": ""}}
    call.gets(Metadata("conv_1", "ulaw_8000", "ulaw_8000"))
    ask = call.wants(call.sent(UserMessage)[-1].text)
    assert call.given(ask) == "Please call us back."
    call.agent_says("Please call us back.")
    call.pass_ms(3000)
    assert call.end is not None and call.end.reason == "voicemail"
    assert call.turns == [("assistant", "Please call us back.")]


def test_words_for_a_line_that_stays_away_are_said_in_our_own_voice() -> None:
    plan = AnsweringPlan(detect=True, on_machine="leave_message", message="Please call us back.")
    call = ConvaiScene(begins=False, direction="outbound", answering=plan).open()
    call.feed(MachineHeard("machine", beep=True))
    call.pass_ms(4100)
    assert call.last(TtsSay).text == "Please call us back."
    call.feed(SpeechOpened(call.speech_id))
    call.gets(Metadata("conv_1", "ulaw_8000", "ulaw_8000"))
    assert call.sent(UserMessage) == []


def test_an_agent_that_cannot_be_talked_out_of_its_tools() -> None:
    """More tools than anybody needs, a transfer and an end at once, and results for nobody."""
    call = talking(transfers=SALES)
    call.gets(*(ToolCall(f"c{at}", "check", {}) for at in range(9)))
    assert "Too many tools" in result(call)[0]["error"]
    call.feed(ToolDone("tool99", {}))
    call.gets(ToolCall("e1", "end_call", {}), ToolCall("e2", "end_call", {}))
    call.agent_says("Goodbye.")
    call.pass_ms(2500)
    assert call.end is not None and call.end.reason == "agent_ended"
    call.check()


def test_a_goodbye_that_was_heard_already_ends_the_call_at_once() -> None:
    call = talking()
    call.agent_says("Goodbye then.")
    call.pass_ms(3000)
    call.gets(ToolCall("c1", "end_call", {}))
    assert call.end is not None and call.end.reason == "agent_ended"


def test_last_words_that_are_long_are_heard() -> None:
    call = talking()
    call.gets(ToolCall("c1", "end_call", {}))
    call.agent_says("A very long goodbye.", ms=20_000)
    call.pass_ms(18_000)
    assert call.end is None
    call.pass_ms(4000)
    assert call.end is not None and call.end.reason == "agent_ended"


def test_a_greeting_that_was_on_its_way_when_a_machine_answered_is_not_in_its_message() -> None:
    plan = AnsweringPlan(detect=True, on_machine="leave_message", message="Please call us back.")
    call = ConvaiScene(begins=False, first_message="Hello!", direction="outbound", answering=plan).open()
    call.feed(SpeechOpened(call.speech_id))  # the conversation was asked to greet
    call.feed(MachineHeard("machine", beep=False))
    call.gets(Metadata("conv_1", "ulaw_8000", "ulaw_8000"))
    call.gets(AgentText("Hello!", 1), AgentAudio(1, b"\x90" * 800))
    call.feed(MachineHeard("machine", beep=True))
    call.gets(AgentAudio(2, b"\x90" * 800), Interruption(2))
    ask = call.wants(call.sent(UserMessage)[-1].text)
    call.event_id = 2
    call.agent_says(call.given(ask))
    call.pass_ms(3000)
    assert call.end is not None and call.end.reason == "voicemail"
    assert call.turns == [("assistant", "Please call us back.")]


def test_what_the_agent_was_asked_for_before_is_not_said_into_the_apology() -> None:
    call = greeted(tts=ProviderSpec("offline"))
    call.feed(SayAsked("We close early today."))  # the agent does not begin
    call.pass_ms(2000)
    call.feed(SpeechFailed(call.speech_id, "no money", permanent=True))
    call.pass_ms(8000)
    assert " ".join(say.text for say in call.all(TtsSay)) == Phrases().apology
    assert call.end is not None and call.end.reason == "provider_error"
    call.check()
