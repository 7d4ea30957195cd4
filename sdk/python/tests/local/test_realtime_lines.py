"""OpenAI Realtime on both carriers: calls out, transfers, machines, keys, recordings, whoever replies.

The calls of one carrier run at the same time. Which one a question belongs to is told by the agent's prompt,
and by the number that was called.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from patter.audio.wav import read
from patter.simulators.openai.script import Answer, tool, use_tools
from patter.simulators.script import Digits, HangUp, Listen, Over, Say, Wait
from patter.simulators.sound import is_audible
from patter.simulators.telnyx.world import Phone as TelnyxPhone
from patter.simulators.twilio.world import Phone as TwilioPhone

from .at_telnyx import phone_of

GREETING, ASKED, REPLY = "Hello, this is Acme.", "what are your hours", "We open at nine."
MESSAGE, SUMMARY = "Please call us back.", "Ada wants a price."
LONG = "We open at nine in the morning, the kitchen closes at ten, and on Sundays we rest all day long."
ASKS = Say(ASKED, patience_ms=15_000)
CALLEES = {"keys": "+14155550001", "talk": "+14155550002", "cold": "+14155550003", "warm": "+14155550004"}
CALLEES |= {"machine": "+14155550005"}
HUMANS = {"cold": "+15550170001", "warm": "+15550170002"}


async def hear(recording):
    return ASKED


class Line:
    """A user's phone at one carrier, and whoever replies."""

    def __init__(self, world, simulator, phone, reply_by):
        self.simulator, self.phone, self.reply_by = simulator, phone, reply_by
        self._at_telnyx = simulator is not world.twilio
        self.greeted = asyncio.Event()
        self.recordings = []
        world.model.hear, world.model.answer = hear, self._answer

    def person(self, number, *steps, machine=False, accepts=""):
        """Somebody, or a machine, who takes calls there. ``accepts``: the key that takes an offered call."""
        if self._at_telnyx:
            kind = "machine-beep" if machine else ""
            made = TelnyxPhone(number, steps=steps or (Listen(),), machine=kind, accepts=accepts)
        else:
            keys = (Digits(accepts), Listen()) if accepts else steps or (Listen(),)
            made = TwilioPhone(number, steps=keys, answered_by="machine" if machine else "human")
        self.simulator.add_phone(made)

    async def call(self, about, **more):
        target = {"name": "sales", "number": HUMANS.get(about, ""), "kind": about, "ring_s": 5}
        targets = [target] if about in HUMANS else []
        agent = self.phone.agent(system_prompt=about, transfer_targets=targets, tools=[hours], voice="alloy")
        return await self.phone.call(CALLEES[about], agent=agent, **more)

    def leg(self, about):
        """The call at the carrier."""
        return next(one for one in self.simulator.calls.values() if one.order.to == CALLEES[about])

    def on_transcript(self, turn):
        if turn["text"] == GREETING:
            self.greeted.set()

    def _answer(self, question):
        about = question.messages[0]["content"]
        if about in HUMANS:
            return use_tools(tool("transfer_call", target="sales", summary=SUMMARY))(question)
        if about == "talk" and not question.tool_results:
            return LONG if len(question.messages) > 4 else Answer(tools=(tool("hours"),))
        return REPLY

    async def on_message(self, msg, call):
        about = next(name for name, number in CALLEES.items() if number == msg.callee)
        if about in HUMANS:
            await call.transfer("sales", summary=SUMMARY)
            return None
        return LONG if about == "talk" and len(msg.history) > 2 else REPLY


def hours() -> str:
    """When the shop is open."""
    return "at nine"


async def keys(line):
    """A call out; the program presses keys in it; it is recorded."""
    line.person(CALLEES["keys"], Wait(3000), ASKS, Wait(3500), HangUp())
    call = await line.call("keys", first_message=GREETING)
    await line.greeted.wait()
    await call.send_digits("12")
    pressed = await line.leg("keys").reached("carrier_pressed")
    assert pressed.data["digits"] == "12"
    end = await call.ended
    said = [(turn["role"], turn["text"]) for turn in end["history"]]
    assert said == [("assistant", GREETING), ("user", ASKED), ("assistant", REPLY)]
    line.recordings.append(Path(end["recording_path"]))


def both_sides_are_heard(recording):
    wav = read(recording.read_bytes())
    for side in (wav.mulaw(0), wav.mulaw(1)):
        assert sum(is_audible(side[at : at + 160]) for at in range(0, len(side), 160)) > 20


async def talk(line):
    """The model uses a tool; then the caller speaks over a reply."""
    line.person(CALLEES["talk"], ASKS, Wait(2500), ASKS, Over("no, wait a moment", 900), HangUp())
    call = await line.call("talk", first_message=GREETING)
    end = await call.ended
    cut = next(turn for turn in end["transcript"] if turn["interrupted"])
    assert cut["full_text"].strip() == LONG and LONG.startswith(cut["text"]) and len(cut["text"]) < 60
    assert line.leg("talk").of_kind("cleared")
    assert ("assistant", REPLY) in [(turn["role"], turn["text"]) for turn in end["history"]]


async def put_through(line, about):
    line.person(CALLEES[about], ASKS, Listen())
    line.person(HUMANS[about], accepts="1" if about == "warm" else "")
    call = await line.call(about, first_message=GREETING)
    assert (await call.ended)["reason"] == "transferred"


async def machine(line):
    line.person(CALLEES["machine"], machine=True)
    call = await line.call("machine", voicemail_message=MESSAGE)
    assert (await call.ended)["reason"] == "voicemail"
    assert [turn["text"] for turn in call.history] == [MESSAGE]


SHOWN = (
    "a call out",
    "keys out",
    "a recording of our own",
    "speaking over a reply",
    "a cold transfer",
    "a warm transfer",
    "a message left on an answering machine",
)


def _case(carrier, reply_by):
    marks = [pytest.mark.supports(*SHOWN, mode="realtime", carrier=carrier, reply_by=reply_by)]
    if reply_by == "model":
        marks.append(pytest.mark.supports("tools", mode="realtime", carrier=carrier, reply_by="model"))
    return pytest.param(carrier, reply_by, marks=marks)


@pytest.mark.parametrize(
    ("carrier", "reply_by"),
    [_case(carrier, who) for carrier in ("twilio", "telnyx") for who in ("handler", "model")],
)
async def test_calls_on_a_line(world, telnyx, carrier, reply_by):
    at_telnyx = carrier == "telnyx"
    phone = phone_of(world) if at_telnyx else world.phone()
    line = Line(world, telnyx if at_telnyx else world.twilio, phone, reply_by)
    wishes = {"recording": True, "on_transcript": line.on_transcript}
    wishes |= {"on_message": line.on_message} if reply_by == "handler" else {}
    await world.serve(phone, phone.agent(voice="alloy"), **wishes)
    async with asyncio.timeout(60), asyncio.TaskGroup() as calls:
        for scenario in (keys(line), talk(line), machine(line), *(put_through(line, one) for one in HUMANS)):
            calls.create_task(scenario)
    for leg in list(line.simulator.calls.values()):
        leg.end("shutdown")
    async with asyncio.timeout(20):
        await asyncio.gather(*(session.closed.wait() for session in world.model.realtime.sessions))
    await phone.disconnect()
    await world.close()
    [recording] = line.recordings
    both_sides_are_heard(recording)
    assert [session.errors for session in world.model.realtime.sessions if session.errors] == []
