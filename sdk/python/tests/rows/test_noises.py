"""What sounds over the agent's voice and is no interruption, and what is: over real sockets, in real time."""

import pytest

from patter.simulators.line import PhoneLine
from patter.simulators.sound import tone

ASKED = "what can you do"
ANSWER = "We open at nine in the morning and close at ten, every day but Sunday."


async def sounded_over(call, answers, server, sound: bytes, words: str = "", **phone):
    """A sound of the caller's side, 1.2 s into the answer, and what the recogniser makes of it."""
    server.utterances = [ASKED, words]
    handler = answers(ANSWER, "Very well.")
    async with call(handler, phone=phone) as up:
        await up.phone.speaks()
        await up.phone.until(lambda: up.phone.sounding_ms >= 1200)
        up.phone.says(sound)
        await up.phone.until(lambda: up.home.turns and up.home.turns[-1].role == "assistant")
        await up.phone.hang_up()
        assert await up.ended() == "caller_hung_up"
    return up.home, handler


def kept(home, handler) -> bool:
    """The answer was heard to its end, and nobody was asked anything else."""
    answer = next(turn for turn in home.turns if turn.role == "assistant")
    return answer.text == ANSWER and not answer.interrupted and len(handler.asked) == 1


async def test_a_cough_pauses_at_most(call, answers, ears_and_voice) -> None:
    home, handler = await sounded_over(call, answers, ears_and_voice, tone(160, 150, -15))
    assert kept(home, handler)
    assert home.kinds.count("barge_in.suspected") == home.kinds.count("barge_in.denied") == 1


async def test_mhm_goes_by(call, answers, ears_and_voice) -> None:
    home, handler = await sounded_over(call, answers, ears_and_voice, tone(300, 220), "mhm")
    assert kept(home, handler)


async def test_stop_stops(call, answers, ears_and_voice) -> None:
    home, handler = await sounded_over(call, answers, ears_and_voice, tone(400), "stop")
    assert not kept(home, handler)
    assert handler.asked[-1].text == "stop"
    assert "reply.cut" in home.kinds


async def test_a_television_in_the_background_goes_by(call, answers, ears_and_voice) -> None:
    television = b"".join(tone(200, hz, -46) for hz in (300, 500, 250, 700, 400) * 2)
    home, handler = await sounded_over(call, answers, ears_and_voice, television, "and now the weather")
    assert kept(home, handler)
    assert "barge_in.suspected" not in home.kinds


@pytest.mark.parametrize("profile", ["echo", "echo,noise"])
async def test_the_echo_of_its_own_voice_goes_by(call, answers, ears_and_voice, profile: str) -> None:
    line = PhoneLine(frozenset(profile.split(",")))
    own_words = "we open at nine in the morning"
    home, handler = await sounded_over(call, answers, ears_and_voice, b"", own_words, line=line)
    assert kept(home, handler)
    assert "barge_in.suspected" not in home.kinds
