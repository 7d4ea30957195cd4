"""A carrier that buffers everything: what the caller still hears, and what the history says they heard."""

from patter.testing.fakes import FakeLog

LONG = "We open at nine in the morning and close at ten in the evening, every day but Sunday, when we rest."
MS_PER_CHARACTER = 65


async def interrupted(call, answers, *, after_ms: int = 1500, **phone):
    """The caller speaks over a long answer. Gives the call's home, its phone and its handler."""
    handler = answers(LONG, "Yes, of course we do.")
    async with call(handler, phone=phone) as up:
        await up.phone.speaks()
        await up.phone.until(lambda: up.phone.sounding_ms >= after_ms)
        began_ms, heard_ms = up.phone.at_ms, up.phone.sounding_ms
        await up.phone.speaks()
        await up.phone.until(lambda: len(handler.asked) == 2)
        await up.phone.until(lambda: up.phone.sounding_ms >= heard_ms + 400)
        await up.phone.hang_up()
        assert await up.ended() == "caller_hung_up"
    return up, handler, began_ms, heard_ms


async def test_after_an_interruption_at_most_300_ms_more_are_heard(call, answers):
    up, _, began_ms, _ = await interrupted(call, answers)
    first_clear = next(at for at in up.phone.cleared_at if at >= began_ms)
    assert first_clear - began_ms <= 300
    assert up.phone.side.buffer.cleared_bytes > 0, "the carrier had more, and was told to drop it"


async def test_history_ends_at_the_word_that_was_heard(call, answers):
    up, handler, began_ms, heard_ms = await interrupted(call, answers)
    cut = next(turn for turn in up.home.turns if turn.role == "assistant")
    assert cut.interrupted and cut.full_text == LONG
    heard_until = heard_ms + next(at for at in up.phone.cleared_at if at >= began_ms) - began_ms
    words = LONG.split()
    by_clock = len(LONG[: heard_until // MS_PER_CHARACTER].split())
    assert LONG.startswith(cut.text)
    assert abs(len(cut.text.split()) - by_clock) <= 1, (cut.text, words[by_clock - 1])
    assert handler.asked[1].history[1] == {"role": "assistant", "text": cut.text}
    assert handler.cancelled[0] == (handler.asked[0].turn_id, cut.text)


async def test_the_buffer_is_cleared_also_when_the_answer_was_made_long_ago(call, answers):
    """The handler and the voice were done seconds before: what the carrier holds is cleared all the same."""
    up, handler, began_ms, _ = await interrupted(call, answers, after_ms=3000)
    assert any(at >= began_ms for at in up.phone.cleared_at)
    assert len(handler.asked) == 2


async def test_marks_that_come_back_after_a_clear_prove_nothing(call, answers):
    """Twilio echoes the marks of cleared audio at once: the history must not hold it."""
    up, _, _, _ = await interrupted(call, answers)
    assert up.phone.side.counts["mark_echoed"] > 5 and up.phone.side.buffer.cleared_bytes > 0
    cut = next(turn for turn in up.home.turns if turn.role == "assistant")
    assert len(cut.text) < len(LONG) * 0.7


async def test_marks_that_never_come_back_change_nothing(call, answers):
    up, _, began_ms, heard_ms = await interrupted(call, answers, echoes_marks=False)
    cut = next(turn for turn in up.home.turns if turn.role == "assistant")
    heard_until = heard_ms + next(at for at in up.phone.cleared_at if at >= began_ms) - began_ms
    assert abs(len(cut.text.split()) - len(LONG[: heard_until // MS_PER_CHARACTER].split())) <= 2


async def test_marks_have_names_of_their_own_and_nested_as_the_carrier_wants_them(call, answers):
    """``StreamSide`` refuses a flat mark (31951), and ``calling`` asserts that it refused nothing."""
    names: list[str] = []
    handler = answers(LONG, "Yes, of course we do.")
    async with call(handler) as up:
        took = up.phone.side.buffer.mark
        up.phone.side.buffer.mark = lambda name: (names.append(name), took(name))[1]
        await up.phone.speaks()
        await up.phone.until(lambda: up.phone.sounding_ms >= 1500)
        await up.phone.speaks()
        await up.phone.until(lambda: len(handler.asked) == 2 and len(names) > 8)
        await up.phone.hang_up()
        await up.ended()
    assert len(names) == len(set(names))


async def test_the_carrier_never_holds_more_than_the_lead(call, answers):
    """The voice makes speech twenty times faster than it is played: what is sent ahead stays bounded."""
    async with call(answers(LONG * 3)) as up:
        await up.phone.speaks()
        await up.phone.until(lambda: up.phone.sounding_ms >= 4000)
        assert 0 < up.phone.most_queued_bytes <= 8 * 1000
        assert up.phone.side.buffer.underruns == []
        await up.phone.hang_up()
        await up.ended()
    assert isinstance(up.home.log, FakeLog)
