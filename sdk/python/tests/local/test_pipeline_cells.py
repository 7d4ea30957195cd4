"""The pipeline on either carrier, whoever replies: interrupted, with a broken voice, and with none at all."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from patter.audio.wav import read
from patter.bridge.plan import Phrases
from patter.simulators.fault_plan import Fault
from patter.simulators.openai.script import tool, use_tools
from patter.simulators.script import HangUp, Listen, Over, Say, Wait
from patter.simulators.telnyx.world import Phone as TelnyxPhone
from patter.simulators.twilio.world import Phone as TwilioPhone

from .at_telnyx import CALLEE, CALLER, NUMBER, phone_of

ASKS = Say("what are your hours", patience_ms=200)
ANSWER = "We open at nine in the morning and close at six. On Sundays we are closed. Is there anything else?"
RETRY, APOLOGY = Phrases().retry, Phrases().apology

either_carrier = pytest.mark.parametrize("carrier", ["twilio", "telnyx"])
whoever_replies = pytest.mark.parametrize("reply_by", ["handler", "model"])


def replying(world, reply_by, **by_text):
    """What ``serve`` needs so that these answers are given; the text decides, else it is ``ANSWER``."""
    world.model.answer = lambda question: by_text.get(question.last_said, ANSWER)
    return {"on_message": lambda msg: by_text.get(msg.text, ANSWER)} if reply_by == "handler" else {}


async def served(world, carrier, pipeline, *, agent=None, **options):
    phone, ends = (world.phone() if carrier == "twilio" else phone_of(world)), []
    await world.serve(phone, pipeline(phone, **(agent or {})), on_call_end=ends.append, **options)
    return phone, ends


async def one_call(world, telnyx, carrier, pipeline, *steps, **options):
    """Somebody calls in; what ``on_call_end`` was told, and the carrier's call."""
    phone, ends = await served(world, carrier, pipeline, **options)
    if carrier == "twilio":
        call = await world.ring(*steps)
        assert call.trouble_codes == []
    else:
        call = await telnyx.dial_in(NUMBER, CALLER, steps)
        await call.ended(40)
        assert call.complaints == []
    await phone.disconnect()
    await world.close()
    [end] = ends
    return end, call


def said(end):
    return [(row["role"], row["text"]) for row in end["transcript"]]


@pytest.mark.supports("speaking over a reply", mode="pipeline")
@either_carrier
@whoever_replies
async def test_speaking_over_a_reply_stops_it_where_it_was_heard(world, telnyx, pipeline, carrier, reply_by):
    world.ears.utterances = ["what are your hours", "hold on please"]
    steps = (ASKS, Over("hold on please, will you", 1500), Wait(2500), HangUp())
    answers = replying(world, reply_by, **{"hold on please": "Yes?"})
    end, _ = await one_call(world, telnyx, carrier, pipeline, *steps, **answers)
    (_, asked), (role, cut), *rest = said(end)
    assert asked == "what are your hours" and role == "assistant"
    assert ANSWER.startswith(cut) and cut != ANSWER
    assert rest == [("user", "hold on please"), ("assistant", "Yes?")]


@pytest.mark.supports("a provider that breaks within a word", mode="pipeline")
@either_carrier
@whoever_replies
async def test_a_voice_that_breaks_within_a_word_costs_no_call(world, telnyx, pipeline, carrier, reply_by):
    """The rest of the sentence is said by the next connection, and the caller hears all of it."""
    world.ears.utterances = ["what are your hours", "once more please"]
    world.voice.faults.add("context", Fault(cut_after=2), times=1)
    steps = (ASKS, Say("once more please"), Wait(2500), HangUp())
    answers = replying(world, reply_by, **{"once more please": "At nine."})
    end, _ = await one_call(world, telnyx, carrier, pipeline, *steps, **answers)
    assert said(end) == [
        ("user", "what are your hours"),
        ("assistant", ANSWER),
        ("user", "once more please"),
        ("assistant", "At nine."),
    ]
    assert end["reason"] == "caller_hung_up"


@pytest.mark.supports("a spoken apology when the provider is down", mode="pipeline")
@either_carrier
@whoever_replies
async def test_without_any_voice_the_carrier_says_the_apology(world, telnyx, pipeline, carrier, reply_by):
    world.voice.faults.always("socket", Fault(status=503))
    end, call = await one_call(world, telnyx, carrier, pipeline, ASKS, Listen(), **replying(world, reply_by))
    assert end["reason"] == "provider_error"
    [apology] = call.of_kind("carrier_said")
    assert apology.data["text"] == APOLOGY
    assert said(end) == [("user", "what are your hours")]


@pytest.mark.supports("tools", mode="pipeline", reply_by="model")
@either_carrier
async def test_the_model_uses_a_tool(world, telnyx, pipeline, carrier):
    world.model.answer = use_tools(tool("add", first=2, second=3), then="That is {results}.")

    def add(first: int, second: int) -> int:
        """Add two numbers."""
        return first + second

    tools = {"tools": [add]}
    end, _ = await one_call(world, telnyx, carrier, pipeline, ASKS, Wait(2500), HangUp(), agent=tools)
    assert said(end)[-1] == ("assistant", "That is 5.")


@pytest.mark.supports("a call out", mode="pipeline", reply_by="model")
@either_carrier
async def test_a_call_out_is_led_by_the_model(world, telnyx, pipeline, carrier):
    steps = (Say("what are your hours"), Wait(2500), HangUp())
    world.twilio.add_phone(TwilioPhone(CALLEE, steps=steps))
    telnyx.add_phone(TelnyxPhone(CALLEE, "answer", steps=steps))
    agent = {"first_message": "Hi {name}!"}
    phone, _ = await served(world, carrier, pipeline, agent=agent, **replying(world, "model"))
    call = await phone.call(CALLEE, variables={"name": "Ada"}, wait=True)
    assert [turn["text"] for turn in call.history][:2] == ["Hi Ada!", "what are your hours"]
    assert call.history[2]["role"] == "assistant"
    assert call.direction == "outbound"


@pytest.mark.supports("a recording of our own", mode="pipeline")
@either_carrier
@whoever_replies
async def test_both_sides_are_recorded(world, telnyx, pipeline, carrier, reply_by):
    options = {"recording": True, "recordings_dir": "calls", **replying(world, reply_by)}
    end, _ = await one_call(world, telnyx, carrier, pipeline, ASKS, Wait(2500), HangUp(), **options)
    wav = read(await asyncio.to_thread(Path(end["recording_path"]).read_bytes))
    assert (wav.channels, wav.sample_rate_hz) == (2, 8000)
    loud = [sum(byte not in (0x7F, 0xFF) for byte in wav.mulaw(side)) for side in (0, 1)]
    assert min(loud) > 4000
