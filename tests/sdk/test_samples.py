"""Every cloud sample of the public README, as a program of its own against a running platform."""

from __future__ import annotations

import asyncio
import signal
import textwrap
import time

import pytest

from patter.simulators.script import parse_steps
from patter.simulators.twilio.world import Phone
from tests.sdk.samples import Program, sample, within_main
from tests.sdk.shop import Shop, shop
from tests.system.steps import LISTEN

SAY = {"say": "anything at all"}
HANDLER = """async def agent(msg):
    return f"You said: {msg.text}"

"""


async def until(true, within_s: float = 60.0) -> None:
    """Wait until something that is looked at from outside is so."""
    deadline = time.monotonic() + within_s
    while not await true():
        assert time.monotonic() < deadline, "it never came"
        await asyncio.sleep(0.1)


async def heard(shop: Shop, call, reply: str) -> str:
    """Wait until the call's transcript has this reply."""
    call_id = await shop.call_of(call)

    async def is_there() -> bool:
        return reply in await shop.said(call_id)

    await until(is_there)
    return call_id


@pytest.mark.timeout(500)
async def test_the_samples_of_the_readme(tmp_path):
    async with shop(tmp_path, ["what are your hours"]) as opened:
        await quickstart(opened)
        await inbound(opened)
        await outbound(opened)
        await voicemail(opened)
        await custom_voice(opened)
        await self_hosting(opened)


async def quickstart(shop: Shop) -> None:
    """It goes on serving though its ``main()`` is over, and ends on Ctrl-C."""
    program = Program(shop, sample("quickstart"))
    await shop.connected()
    call = await shop.tenant.ring([SAY, LISTEN])
    await heard(shop, call, "You said: what are your hours")
    assert program.process.poll() is None
    assert program.stop() == 0, program.said
    assert program.said == ""
    call.end("done")
    await call.ended()


async def inbound(shop: Shop) -> None:
    await shop.new_key()
    program = Program(shop, sample("inbound"))
    await shop.connected()
    call = await shop.tenant.ring([SAY, LISTEN])
    await heard(shop, call, "We're open Monday through Friday, 9 to 5.")
    call.end("done")
    await call.ended()

    async def both_said() -> bool:
        return "Call from +12025550187" in program.said and "Call ended" in program.said

    await until(both_said)
    program.stop(signal.SIGINT)


async def outbound(shop: Shop) -> None:
    await shop.new_key()
    shop.world.simulator.add_phone(Phone("+14155551234", steps=tuple(parse_steps([SAY, LISTEN]))))
    program = Program(shop, sample("outbound"))
    call_id = await placed(shop, program)

    async def both_said() -> bool:
        said = await shop.said(call_id)
        return said[:2] == [
            "Hi, this is an automated reminder from Acme Corp.",
            "Thanks for picking up. This is a reminder about your appointment tomorrow.",
        ]

    await until(both_said)
    assert program.stop(signal.SIGTERM) == 0, program.said


async def voicemail(shop: Shop) -> None:
    await shop.new_key()
    connected = sample("quickstart").partition("\n\nasyncio.run")[0]
    call = textwrap.indent(sample("voicemail"), "    ")
    program = Program(shop, f"{connected}\n{call}\n\nasyncio.run(main())\n")
    call_id = await placed(shop, program)
    row = await shop.tenant.get(f"calls/{call_id}")
    assert (row["machine_detection"], row["on_machine"]) == (True, "leave_message")
    assert row["voicemail_message"] == "Hi, we tried to reach you. Please call us back at 555-0123."
    assert program.stop() == 0, program.said


async def placed(shop: Shop, program: Program) -> str:
    """The newest call, once the program has placed it."""
    before = {row["id"] for row in (await shop.tenant.get("calls"))["results"]}

    async def is_there() -> bool:
        assert program.process.poll() is None, program.said
        return bool({row["id"] for row in (await shop.tenant.get("calls"))["results"]} - before)

    await until(is_there)
    return str((await shop.tenant.get("calls"))["results"][0]["id"])


async def custom_voice(shop: Shop) -> None:
    """The carrier account, the number and the voices are brought, and a call is answered with them."""
    await shop.new_key()
    number = "+14155550000"
    shop.world.simulator.add_number(number, shop.tenant.account_sid)
    program = Program(
        shop,
        within_main(sample("custom-voice"), HANDLER),
        ACxxxxxxxx=shop.tenant.account_sid,
        your_auth_token=shop.tenant.auth_token,
        dg_xxx="deepgram-test-key",
        el_xxx="xi-simulated",
    )
    await shop.connected()

    async def is_registered() -> bool:
        return number in [row["number"] for row in (await shop.tenant.get("numbers"))["results"]]

    await until(is_registered)
    await asyncio.sleep(0.5)
    call = await shop.tenant.ring([SAY, LISTEN], to=number)
    await heard(shop, call, "You said: what are your hours")
    assert program.stop() == 0, program.said
    call.end("done")
    await call.ended()


async def self_hosting(shop: Shop) -> None:
    """Socket and REST are where the sample says."""
    await shop.new_key()
    connect = "await phone.connect(on_message=agent)\nprint(len(await phone.rest.numbers.list()))\n"
    program = Program(shop, within_main(sample("self-hosting") + connect, HANDLER))
    await shop.connected()

    async def has_listed() -> bool:
        return program.said.strip() == "2"

    await until(has_listed)
    assert program.stop() == 0, program.said
