"""Local mode with an ElevenLabs agent: many calls at once, at either carrier, whoever replies."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import pytest

from patter.simulators.deepgram import DeepgramServer
from patter.simulators.elevenlabs import ElevenLabsServer
from patter.simulators.elevenlabs.convai_brain import Answer
from patter.simulators.fault_plan import Fault
from patter.simulators.openai import OpenAiServer
from patter.simulators.telnyx import TelnyxSimulator
from patter.simulators.telnyx.world import Phone as TelnyxPhone
from patter.simulators.twilio import TwilioSimulator
from patter.simulators.twilio.world import Phone as TwilioPhone

from .at_telnyx import furnish, phone_of
from .conftest import ACCOUNT_SID, AUTH_TOKEN, NUMBER, World

GREETING = "Hello, this is Acme."
LONG = "We open at nine in the morning. Then we serve lunch until three. And at night we dance until two."
SALES, OWNER = "+15550170000", "+15550170001"
TARGETS = [
    {"name": "sales", "number": SALES, "ring_s": 5},
    {"name": "owner", "number": OWNER, "kind": "warm", "ring_s": 5},
]
SCRIPT = {
    "tell me": Answer(LONG),
    "stop": Answer("Fine."),
    "sales please": Answer("", tool=("transfer_call", {"target": "sales"})),
    "owner please": Answer("", tool=("transfer_call", {"target": "owner", "summary": "Ada wants a price."})),
    "bye": Answer("Goodbye then.", tool=("end_call", {})),
    "is it there": Answer("Let me look.", tool=("check", {"item": "a table"})),
    'tool:{"left": 3}': Answer("Three are left."),
}


class Line:
    """``hears``: what is understood of somebody, by their number. ``faults``: of their answers, likewise."""

    def __init__(self, world: World, carrier: str, simulator: Any, reply_by: str) -> None:
        self.world = world
        self.vendor = world.voice
        self.carrier = carrier
        self.simulator = simulator
        self.reply_by = reply_by
        self.hears: dict[str, Iterator[str]] = {}
        self.faults: dict[str, Mapping[int, Fault] | Fault] = {}
        self.digits: list[str] = []
        self.ends: dict[str, asyncio.Future[dict[str, Any]]] = {}

    async def serve(self) -> None:
        ways = self.world.voice.convai.ways
        ways.hears = self._utterances
        ways.answer_fault = self._fault
        ways.script = model
        at_telnyx = self.carrier == "telnyx"
        self.phone = phone_of(self.world) if at_telnyx else self.world.phone()
        agent = self.phone.agent(
            convai_agent_id=self.world.voice.convai.add_agent(),
            first_message=GREETING,
            transfer_targets=TARGETS,
            tools=[check],
        )
        answers = {"on_message": on_message} if self.reply_by == "handler" else {}
        await self.world.serve(
            self.phone,
            agent,
            on_call_end=self._ended,
            on_dtmf=lambda data: self.digits.append(data["digit"]),
            recording=True,
            replace=True,
            **answers,
        )

    def _utterances(self, variables: Mapping[str, Any]) -> Iterator[str]:
        """One after the other, however many conversations a call has."""
        return self.hears[_somebody(variables)]

    def _fault(self, variables: Mapping[str, Any], number: int) -> Fault | None:
        faults = self.faults.get(_somebody(variables))
        return faults.pop(number, None) if isinstance(faults, dict) else faults

    def _ended(self, end: dict[str, Any]) -> None:
        somebody = end["callee"] if end["direction"] == "outbound" else end["caller"]
        self.ends[somebody].set_result(end)

    def add_phone(self, number: str, *, twilio: Any = None, telnyx: Any = None, **more: Any) -> None:
        """A phone in the world; ``twilio`` and ``telnyx`` are what only one of the simulators knows."""
        own = (telnyx if self.carrier == "telnyx" else twilio) or {}
        kind = TelnyxPhone if self.carrier == "telnyx" else TwilioPhone
        self.simulator.add_phone(kind(number, **more, **own))

    async def inbound(self, caller: str, *steps: Any, hears: Any = ()) -> tuple[Any, dict[str, Any]]:
        """Somebody calls, until it is over: the carrier's side of it, and what ``on_call_end`` is given."""
        self._expect(caller, hears)
        leg = await self.simulator.dial_in(NUMBER, caller, list(steps))
        await leg.ended(50)
        return leg, await asyncio.wait_for(self.ends[caller], 10)

    async def outbound(self, callee: str, *, hears: Any = (), **options: Any) -> Any:
        """Calls somebody. Returns while it rings."""
        self._expect(callee, hears)
        return await self.phone.call(callee, **options)

    def _expect(self, somebody: str, hears: Any) -> None:
        self.hears[somebody] = iter(hears)
        self.ends[somebody] = asyncio.get_running_loop().create_future()


def model(text: str) -> Answer:
    """What the vendor's model answers: it does as it is told."""
    if told := re.fullmatch(r"\[Say to the caller exactly .*: (.*)\]", text):
        return Answer(told[1])
    return SCRIPT.get(text, Answer(f"You said {text}."))


def check(item: str) -> dict[str, int]:
    """How many are left."""
    return {"left": 3}


async def on_message(msg: Any, call: Any) -> str | None:
    match msg.text:
        case "sales please":
            await call.transfer("sales")
        case "owner please":
            await call.transfer("owner", summary="Ada wants a price.")
        case "bye":
            await call.hang_up()
        case text:
            return SCRIPT[text].text if text in SCRIPT else f"You said {text}."
    return None


def _somebody(variables: Mapping[str, Any]) -> str:
    outbound = variables["patter_direction"] == "outbound"
    return str(variables["patter_callee" if outbound else "patter_caller"])


@contextlib.asynccontextmanager
async def line_of(carrier: str, reply_by: str, folder: Any) -> AsyncIterator[Line]:
    """Everything outside of the user's process, and the user's process serving into it."""
    from patter.local.environment import BASE_URLS, NAMES

    async with (
        TwilioSimulator(webhook_budget_s=5) as twilio,
        TelnyxSimulator() as telnyx,
        DeepgramServer() as ears,
        ElevenLabsServer() as voice,
        OpenAiServer() as model,
    ):
        with pytest.MonkeyPatch.context() as patch:
            for name in [*NAMES.values(), *BASE_URLS.values(), "PATTER_API_KEY"]:
                patch.delenv(name, raising=False)
            patch.chdir(folder)
            patch.setenv("PATTER_TWILIO_BASE_URL", twilio.base_url)
            patch.setenv("PATTER_TELNYX_BASE_URL", telnyx.base_url)
            patch.setenv("PATTER_ELEVENLABS_BASE_URL", voice.base_url)
            twilio.add_account(ACCOUNT_SID, AUTH_TOKEN)
            twilio.add_number(NUMBER, ACCOUNT_SID)
            world = World(twilio, ears, voice, model)
            world.telnyx_account = furnish(telnyx)
            line = Line(world, carrier, telnyx if carrier == "telnyx" else twilio, reply_by)
            await line.serve()
            try:
                yield line
            finally:
                await world.close()
