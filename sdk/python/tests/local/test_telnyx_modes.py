"""Telnyx carries the other voice modes too: a greeting, a turn, a key and an end, whoever replies."""

from __future__ import annotations

import pytest

from patter.simulators.elevenlabs.convai_brain import Answer as ConvaiAnswer
from patter.simulators.openai.hearing import Scripted
from patter.simulators.openai.script import Answer, tool
from patter.simulators.script import Digits, Listen, Say

from .at_telnyx import CALLER, NUMBER, phone_of

GREETING, REPLY, KEY, GOODBYE = "Hello, this is Acme.", "We open at nine.", "[DTMF: 7]", "Goodbye then."
ASKED = "what are your hours"
STEPS = [Say(ASKED), Digits("7"), Listen()]
BOTH = pytest.mark.parametrize("reply_by", ["handler", "model"])
SHOWN = ("greeting", "several turns", "keys", "the agent ends the call")


async def on_message(msg, call):
    """The handler: it answers what is asked, and hangs up when a key is pressed."""
    if msg.text != KEY:
        return REPLY
    await call.hang_up()
    return None


async def one_call(world, telnyx, reply_by, **agent):
    phone, ends, digits = phone_of(world), [], []
    await world.serve(
        phone,
        phone.agent(first_message=GREETING, **agent),
        on_call_end=ends.append,
        on_dtmf=lambda data: digits.append(data["digit"]),
        **({"on_message": on_message} if reply_by == "handler" else {}),
        **({"replace": True} if "convai_agent_id" in agent else {}),
    )
    leg = await telnyx.dial_in(NUMBER, CALLER, STEPS)
    await leg.ended(40)
    await phone.disconnect()
    await world.close()
    assert leg.complaints == []
    assert digits == ["7"]
    [end] = ends
    return end


def told(end, reply_by):
    """The turns of the call, and how it ended."""
    turns = [(turn["role"], turn["text"]) for turn in end["history"]]
    goodbye = [("assistant", GOODBYE)] if reply_by == "model" else []
    assert turns == [("assistant", GREETING), ("user", ASKED), ("assistant", REPLY), ("user", KEY), *goodbye]
    assert end["reason"] == ("agent_ended" if reply_by == "model" else "api_hung_up")


@pytest.mark.supports(*SHOWN, mode="realtime", carrier="telnyx")
@BOTH
async def test_realtime(world, telnyx, reply_by):
    world.model.hear = Scripted([ASKED])
    world.model.answer = lambda question: (
        Answer(GOODBYE, tools=(tool("end_call"),)) if question.last_said == KEY else REPLY
    )
    end = await one_call(world, telnyx, reply_by, voice="alloy")
    assert end["mode"] == "realtime"
    told(end, reply_by)
    [session] = world.model.realtime.sessions
    assert session.errors == []


@pytest.mark.supports(*SHOWN, mode="convai", carrier="telnyx")
@BOTH
async def test_convai(world, telnyx, reply_by):
    ways = world.voice.convai.ways
    ways.utterances = [ASKED]
    ways.script = lambda text: (
        ConvaiAnswer(GOODBYE, tool=("end_call", {})) if text == KEY else ConvaiAnswer(REPLY)
    )
    end = await one_call(world, telnyx, reply_by, convai_agent_id=world.voice.convai.add_agent())
    assert end["mode"] == "convai"
    told(end, reply_by)
