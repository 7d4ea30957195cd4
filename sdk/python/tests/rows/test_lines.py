"""Lines that stutter, fall silent, come twice, or never begin; and keys."""

import asyncio

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from patter.simulators.sound import tone

GREETING = "Hello, this is the restaurant Luna."


async def test_a_gap_and_then_everything_at_once_is_one_turn(call, answers):
    """The caller's words are timed by the carrier's own clock, not by when their frames come."""
    handler = answers("Of course.")
    async with call(handler) as up:
        await up.phone.passes(200)
        up.phone.says(tone(1000))
        await up.phone.passes(300)
        up.phone.held = []
        await up.phone.passes(1500)
        await up.phone.release()
        await up.phone.until(lambda: handler.asked)
        await up.phone.until(lambda: up.phone.sounding_ms > 300)
        await up.phone.hang_up()
        await up.ended()
    assert [command.text for command in handler.asked] == ["what can you do"]
    assert [turn.text for turn in up.home.turns if turn.role == "user"] == ["what can you do"]


async def test_a_line_that_sends_nothing_in_silence_is_silence(call, answers):
    """Turns end, and a silent caller is asked, by the clock where no frame comes."""
    handler = answers("Of course.")
    async with call(handler, turn_taking={"idle_prompt_s": 1.5}, phone={"silent_line": True}) as up:
        await up.phone.speaks()
        await up.phone.until(lambda: len(handler.asked) == 1)
        await up.phone.until(lambda: "Are you still there?" in [turn.text for turn in up.home.turns])
        await up.phone.hang_up()
        await up.ended()


async def test_a_callee_who_speaks_first_is_answered_by_the_first_message(call, answers):
    handler = answers("Of course.")
    values = {"first_message_delay_ms": 2500}
    async with call(handler, first_message=GREETING, turn_taking=values) as up:
        await up.phone.passes(200)
        await up.phone.speaks(600)
        await up.phone.until(lambda: len(up.home.turns) == 2)
        await up.phone.hang_up()
        await up.ended()
    assert [(turn.role, turn.text) for turn in up.home.turns] == [
        ("user", "what can you do"),
        ("assistant", GREETING),
    ]
    assert handler.asked == []


async def test_a_callee_who_says_nothing_is_asked_and_then_left(call, answers):
    values = {"idle_prompt_s": 1.0, "idle_prompts": 1}
    async with call(answers("x"), first_message=GREETING, turn_taking=values) as up:
        assert await up.ended() == "idle"
    assert [turn.text for turn in up.home.turns] == [GREETING, "Are you still there?", "Goodbye."]


async def test_without_a_greeting_and_without_marks_a_call_goes_its_way(call, answers):
    handler = answers("Of course.", "Yes.")
    async with call(handler, phone={"echoes_marks": False}) as up:
        await up.phone.speaks()
        await up.phone.until(lambda: up.phone.sounding_ms >= 600)
        await up.phone.passes(3000)
        await up.phone.speaks()
        await up.phone.until(lambda: len(handler.asked) == 2)
        await up.phone.hang_up()
        await up.ended()
    assert ("assistant", "Of course.", False) in [
        (turn.role, turn.text, turn.interrupted) for turn in up.home.turns
    ]


async def test_a_key_during_the_voice_stops_it_and_is_one_turn_of_the_same_call(call, answers):
    handler = answers("You pressed a key.")
    async with call(handler, first_message=GREETING * 3) as up:
        await up.phone.until(lambda: up.phone.sounding_ms > 600)
        await up.phone.press("1")
        await up.phone.until(lambda: up.phone.cleared_at)
        await up.phone.until(lambda: handler.asked)
        await up.phone.until(lambda: up.phone.side.buffer.queued_bytes > 0)
        await up.phone.hang_up()
        await up.ended()
    assert [command.text for command in handler.asked] == ["[DTMF: 1]"]
    assert [(turn.role, turn.interrupted) for turn in up.home.turns][:2] == [
        ("assistant", True),
        ("user", False),
    ]


async def test_the_newest_socket_wins_and_the_conversation_goes_on(call, answers):
    handler = answers("Of course.")
    async with call(handler, first_message=GREETING) as up:
        await up.phone.until(lambda: up.phone.sounding_ms > 400)
        newer = await up.another()
        try:
            await up.phone.over.wait()
            await newer.until(lambda: newer.sounding_ms > 400)
            await newer.speaks()
            await newer.until(lambda: handler.asked)
            await newer.hang_up()
            await up.ended()
        finally:
            await newer.put_away()
    assert up.home.kinds.count("leg.replaced") == 1
    greetings = [turn for turn in up.home.turns if turn.text.startswith("Hello")]
    assert len(greetings) == 1


async def test_a_socket_that_never_starts_costs_nothing(call, answers, ears_and_voice):
    async with call(answers("x")) as up:
        async with connect(up.address, compression=None, proxy=None) as socket:
            await socket.send(up.phone.side.connected())
            await up.phone.until(lambda: ears_and_voice.sessions)
            opened = len(ears_and_voice.sessions)
            began = asyncio.get_running_loop().time()
            with pytest.raises(ConnectionClosed):
                await socket.recv()
            assert asyncio.get_running_loop().time() - began >= 9
        assert len(ears_and_voice.sessions) == opened, "nobody was contacted for it"
        await up.phone.hang_up()
        await up.ended()
