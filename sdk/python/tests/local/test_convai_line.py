"""Everything that happens on a line, with an ElevenLabs agent: at both carriers, whoever replies.

The calls of one home are carried at once; each test waits for its own.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import pytest_asyncio

from patter.audio.wav import read
from patter.simulators.fault_plan import Fault
from patter.simulators.script import Digits, HangUp, Listen, Over, Say, Wait

from .convai_line import GREETING, LONG, OWNER, SALES, line_of

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(180),
    pytest.mark.parametrize("reply_by", ["handler", "model"], scope="module"),
    pytest.mark.parametrize("carrier", ["twilio", "telnyx"], scope="module"),
]
APOLOGY = "Sorry, something went wrong on our side. Please try again later. Goodbye."
SCENARIOS = {}
AT_ONCE = 6


def scenario(run):
    SCENARIOS[run.__name__] = run
    return run


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def outcomes(carrier, reply_by, tmp_path_factory):
    async with line_of(carrier, reply_by, tmp_path_factory.mktemp("line")) as line:
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(run):
            async with gate:
                return await run(line)

        tasks = {name: asyncio.create_task(one(run)) for name, run in SCENARIOS.items()}
        yield tasks
        await asyncio.gather(*tasks.values(), return_exceptions=True)


def said(end):
    return [(row["role"], row["text"]) for row in end["transcript"]]


@scenario
async def a_call_out_with_a_reply_that_is_spoken_over(line):
    callee = "+14155550001"
    line.add_phone(callee, steps=(Say("a"), Over("bb", after_ms=1500), HangUp()))
    call = await line.outbound(callee, hears=["tell me", "stop"])
    return await call.ended


@pytest.mark.supports("a call out", "greeting", "several turns", "speaking over a reply", mode="convai")
async def test_a_call_out_whose_callee_speaks_over_the_agent(outcomes):
    end = await outcomes["a_call_out_with_a_reply_that_is_spoken_over"]
    assert end["reason"] == "caller_hung_up"
    turns = said(end)
    assert turns[:2] == [("assistant", GREETING), ("user", "tell me")]
    role, heard = turns[2]
    assert role == "assistant" and heard.startswith("We open at nine") and "dance" not in heard
    assert end["transcript"][2]["full_text"] == LONG
    assert turns[3:] == [("user", "stop"), ("assistant", "Fine.")]


@pytest.mark.supports("a recording of our own", mode="convai")
async def test_it_is_recorded_with_both_sides(outcomes):
    end = await outcomes["a_call_out_with_a_reply_that_is_spoken_over"]
    wav = read(await asyncio.to_thread(Path(end["recording_path"]).read_bytes))
    caller, agent = wav.mulaw(0), wav.mulaw(1)
    loud = [sum(byte not in (0x7F, 0xFF) for byte in side) for side in (caller, agent)]
    assert min(loud) > 2000
    # The duration begins with the answer, the recording with the media; between them threads have work.
    assert 0 <= end["duration"] * 1000 - len(caller) / 8 + 500 < 2500


@scenario
async def keys_in_both_directions(line):
    callee = "+14155550002"
    line.add_phone(callee, steps=(Digits("7"), Wait(3000), Say("a"), HangUp()))
    call = await line.outbound(callee, hears=["one"])
    [leg] = [leg for leg in line.simulator.calls.values() if leg.order.to == callee]
    await leg.reached("agent_stopped", 2, timeout_s=20)
    await call.send_digits("1w2#")
    pressed = await leg.reached("carrier_pressed", timeout_s=20)
    return await call.ended, pressed


@pytest.mark.supports("keys", "keys out", mode="convai")
async def test_a_key_is_answered_and_keys_are_sent(outcomes):
    end, pressed = await outcomes["keys_in_both_directions"]
    assert pressed.data["digits"] == "1w2#"
    assert said(end)[:3] == [
        ("assistant", GREETING),
        ("user", "[DTMF: 7]"),
        ("assistant", "You said [DTMF: 7]."),
    ]
    assert end["reason"] == "caller_hung_up" and said(end)[-1][0] == "assistant"


@scenario
async def a_cold_transfer(line):
    line.add_phone(SALES, talk_s=0.5)
    _, end = await line.inbound("+15550002001", Say("a"), Listen(), hears=["sales please"])
    return end


@pytest.mark.supports("a cold transfer", mode="convai")
async def test_a_caller_is_put_through(outcomes):
    assert (await outcomes["a_cold_transfer"])["reason"] == "transferred"


@scenario
async def a_warm_transfer(line):
    line.add_phone(OWNER, twilio={"steps": (Digits("1"), Wait(500), HangUp())}, telnyx={"accepts": "1"})
    _, end = await line.inbound("+15550002002", Say("a"), Wait(14_000), HangUp(), hears=["owner please"])
    humans = [leg for leg in line.simulator.calls.values() if leg.order and leg.order.to == OWNER]
    return end, humans[-1]


@pytest.mark.supports("a warm transfer", mode="convai")
async def test_a_human_hears_the_summary_and_takes_the_caller(outcomes):
    end, human = await outcomes["a_warm_transfer"]
    assert end["reason"] == "transferred"
    assert human.of_kind("carrier_said")[0].data["text"].startswith("Ada wants a price.")


@scenario
async def a_machine(line):
    callee = "+14155550003"
    line.add_phone(callee, twilio={"answered_by": "machine"}, telnyx={"machine": "machine-beep"})
    call = await line.outbound(callee, voicemail_message="Please call us back.")
    return await call.ended


@pytest.mark.supports("a message left on an answering machine", mode="convai")
async def test_a_message_is_left_where_a_machine_answers(outcomes):
    end = await outcomes["a_machine"]
    assert end["reason"] == "voicemail"
    assert said(end)[-1] == ("assistant", "Please call us back.")


@scenario
async def a_break_within_a_word(line):
    caller = "+15550002003"
    line.faults[caller] = {2: Fault(cut_after=3)}
    _, end = await line.inbound(caller, Say("a"), Wait(9000), Say("b"), HangUp(), hears=["tell me", "stop"])
    return end


@pytest.mark.supports("a provider that breaks within a word", mode="convai")
async def test_a_conversation_that_breaks_within_a_word_is_replaced(outcomes):
    end = await outcomes["a_break_within_a_word"]
    assert end["reason"] == "caller_hung_up"
    turns = said(end)
    assert turns[:2] == [("assistant", GREETING), ("user", "tell me")]
    assert " ".join(text for role, text in turns[2:] if role == "assistant") == f"{LONG} Fine."
    assert turns[-2:] == [("user", "stop"), ("assistant", "Fine.")]


@scenario
async def a_provider_that_is_down(line):
    caller = "+15550002004"
    line.faults[caller] = Fault(code="llm_timeout")
    return await line.inbound(caller, Listen())


@pytest.mark.supports("a spoken apology when the provider is down", mode="convai")
async def test_a_provider_that_is_down_is_an_apology(outcomes):
    leg, end = await outcomes["a_provider_that_is_down"]
    assert end["reason"] == "provider_error"
    assert [fact.data["text"] for fact in leg.of_kind("carrier_said")] == [APOLOGY]


@scenario
async def an_end_by_the_agent(line):
    _, end = await line.inbound("+15550002005", Wait(3000), Say("a"), Listen(), hears=["bye"])
    return end


@pytest.mark.supports("the agent ends the call", mode="convai")
async def test_the_agent_ends_the_call(outcomes, reply_by):
    end = await outcomes["an_end_by_the_agent"]
    if reply_by == "handler":
        assert end["reason"] == "api_hung_up"
    else:
        assert end["reason"] == "agent_ended" and said(end)[-1] == ("assistant", "Goodbye then.")


@scenario
async def a_tool(line):
    if line.reply_by == "model":  # a handler calls its own functions
        _, end = await line.inbound("+15550002006", Say("a"), HangUp(), hears=["is it there"])
        return end
    return None


@pytest.mark.supports("tools", mode="convai", reply_by="model")
async def test_a_tool_of_the_user(outcomes, reply_by):
    if end := await outcomes["a_tool"]:
        assert said(end)[-1] == ("assistant", "Let me look. Three are left.")
