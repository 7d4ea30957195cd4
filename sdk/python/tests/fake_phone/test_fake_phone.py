"""The phone that users dial their own agents with."""

from __future__ import annotations

import asyncio
import time

import pytest

from patter import ConfigError, Patter, PatterError
from patter.testing import FakePhone

phone = Patter(mode="local")


async def on_message(msg):
    if "hours" in msg.text.lower():
        return "We're open Monday through Friday, 9 to 5."
    return f"You said: {msg.text}"


async def test_a_conversation_takes_no_time():
    agent = phone.agent(first_message="Hi {name}! How can I help you today?", variables={"name": "Jane"})
    began = time.monotonic()
    async with FakePhone(agent, on_message=on_message) as call:
        assert await call.listen() == "Hi Jane! How can I help you today?"
        assert await call.say("What are your hours?") == "We're open Monday through Friday, 9 to 5."
        assert await call.say("Thank you") == "You said: Thank you"
        assert call.history[-1] == {"role": "assistant", "text": "You said: Thank you"}
        assert call.transcript[-1]["ended_ms"] > 5000
    assert call.reason == "caller_hung_up"
    assert time.monotonic() - began < 5


async def test_history_and_callbacks_are_what_a_real_call_gives():
    told = []
    async with FakePhone(
        variables={"plan": "gold"},
        custom_params={"order": 7},
        on_message=lambda msg: f"Turn {len(msg.history)}.",
        on_call_start=lambda data: told.append(("start", data["variables"], data["metadata"])),
        on_transcript=lambda data: told.append((data["role"], data["text"])),
        on_call_end=lambda data: told.append(("end", data["reason"])),
        on_dtmf=lambda data: told.append(("key", data["digit"])),
    ) as call:
        assert await call.say("Hello") == "Turn 1."
        assert await call.press("5") == "Turn 3."
        await call.hang_up()
        assert told == [
            ("start", {"order": "7", "plan": "gold"}, {}),
            ("user", "Hello"),
            ("assistant", "Turn 1."),
            ("key", "5"),
            ("user", "[DTMF: 5]"),
            ("assistant", "Turn 3."),
            ("end", "caller_hung_up"),
        ]


async def test_a_handler_sees_its_call_as_it_is():
    seen = []

    async def on_message(msg, call):
        seen.append((call.status, call.history == msg.history))
        return "Fine."

    async with FakePhone(phone.agent(first_message="Hello!"), on_message=on_message) as call:
        await call.say("one")
        await call.say("two")
        assert call.call.history == call.history and len(call.history) == 5
    assert seen == [("answered", True)] * 2
    assert call.call.status == "ended"


async def test_interrupting_leaves_what_was_heard():
    async def talks(msg):
        if msg.text == "Stop, please":
            return "Of course."
        return "One two three four five six seven eight nine ten eleven twelve thirteen fourteen."

    async with FakePhone(on_message=talks) as call:
        await call.say("Count", listen=False)
        await call.listen(2)
        assert await call.interrupt("Stop, please") == "Of course."
        cut = call.transcript[1]
    assert cut["interrupted"]
    assert cut["text"].startswith("One two three")
    assert "fourteen" not in cut["text"]


async def test_a_handler_that_thinks_is_bridged_by_the_filler():
    go = asyncio.Event()

    async def thinks(msg):
        await go.wait()
        return "Here it is."

    async with FakePhone(on_message=thinks) as call:
        await call.say("Look it up", listen=False)
        assert await call.listen(4) == "One moment, please."
        go.set()
        assert await call.listen() == "Here it is."


async def test_silence_is_asked_about_and_ends_the_call():
    agent = phone.agent(turn_taking={"idle_prompt_s": 5, "idle_prompts": 1})
    async with FakePhone(agent, on_message=lambda msg: None) as call:
        assert await call.say("Hm") == ""
        assert await call.listen(8) == "Are you still there?"
        await call.listen(20)
        assert call.is_over
        assert call.reason == "idle"


async def test_a_handler_acts_on_the_call():
    async def acts(msg, call):
        match msg.text:
            case "keys":
                await call.send_digits("12#")
            case "say":
                await call.say("Now hear this.")
            case "sales":
                await call.transfer("sales")
            case "bye":
                await call.hang_up()

    agent = phone.agent(transfer_targets=[{"name": "sales", "number": "+15550170000"}])
    async with FakePhone(agent, on_message=acts, transfers="busy") as call:
        await call.say("keys")
        assert call.digits_sent == "12#"
        assert await call.say("say") == "Now hear this."
        assert "could not reach" in await call.say("sales")
        assert call.transferred_to == "+15550170000"
        await call.say("bye")
        assert call.reason == "api_hung_up"
    async with FakePhone(agent, on_message=acts) as call:
        await call.say("sales")
        assert call.reason == "transferred"


async def test_what_both_homes_refuse_is_refused_in_a_test_too():
    refused = []

    async def tries(msg, call):
        for attempt in (call.transfer("+14155559999"), call.send_digits("call me")):
            try:
                await attempt
            except ConfigError as error:
                refused.append(str(error))
        return "I could not."

    agent = phone.agent(transfer_targets=[{"name": "sales", "number": "+14155550170"}])
    async with FakePhone(agent, on_message=tries) as call:
        assert await call.say("a human please") == "I could not."
        with pytest.raises(ConfigError, match="The keys of a phone are"):
            await call.press("one")
        assert (call.transferred_to, call.digits_sent) == ("", "")
    assert refused == [
        "Callers cannot be transferred to '+14155559999'. Possible: 'sales'.",
        "Digits are 1 to 32 of 0-9 A-D * # and w (waits 0.5 s), W (waits 1 s).",
    ]
    with pytest.raises(PatterError, match="is over"):
        await call.call.say("Still there?")


async def test_a_model_answers_where_there_is_no_handler():
    agent = phone.agent("You work for {shop}.", variables={"shop": "Acme"})
    asked = []

    def model(messages):
        asked.append(messages)
        return "Certainly."

    async with FakePhone(agent, model=model, direction="outbound") as call:
        assert await call.say("Can you help me?") == "Certainly."
        assert call.call.direction == "outbound"
    assert asked[0][0]["content"] == "You work for Acme."


async def test_what_a_handler_must_not_say_is_replaced():
    agent = phone.agent(
        guardrails=[{"name": "no prices", "blocked_terms": ["dollars"], "replacement": "Ask us."}]
    )
    async with FakePhone(agent, on_message=lambda msg: "Sure. It costs ten dollars. Deal?") as call:
        assert await call.say("How much?") == "Sure. Ask us."


async def test_a_handler_that_never_answers_fails_the_test():
    async def never(msg):
        await asyncio.Event().wait()

    async with FakePhone(on_message=never, patience_s=0.05) as call:
        with pytest.raises(AssertionError, match="nothing answered within"):
            await call.say("Hello")


async def test_wrong_arguments_are_said():
    with pytest.raises(ConfigError, match="on_message"):
        FakePhone()
    with pytest.raises(ConfigError, match="transfers is one of"):
        FakePhone(on_message=on_message, transfers="lost")
    with pytest.raises(ConfigError, match="turn_taking"):
        FakePhone(phone.agent(turn_taking={"speed": 1}), on_message=on_message)
    with pytest.raises(ConfigError, match=r"agent is what phone.agent\(...\) returns, not function"):
        FakePhone(on_message)
    with pytest.raises(ConfigError, match="model is a function"):
        FakePhone(model="gpt")
    async with FakePhone(on_message=on_message) as call:
        with pytest.raises(ConfigError, match="text is a text, not int"):
            await call.say(5)


async def test_whoever_forgets_to_dial_is_told_how():
    call = FakePhone(on_message=on_message)
    for does in (call.say("hello"), call.listen(), call.press("1"), call.hang_up()):
        with pytest.raises(ConfigError, match="async with FakePhone"):
            await does
    assert not call.is_over


async def test_a_model_may_take_its_time():
    async def model(messages):
        return f"{len(messages)} messages."

    async with FakePhone(model=model) as call:
        assert (await call.say("hello")).endswith("messages.")
