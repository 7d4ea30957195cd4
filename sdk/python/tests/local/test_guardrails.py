"""Sentences that an agent must not say are not said."""

from __future__ import annotations

import asyncio

import pytest

import patter.guardrails
from patter import ConfigError, Guardrail
from patter.bridge.commands import HandlerAsk, LlmAsk
from patter.bridge.events import HandlerDelta, HandlerDone, HandlerFailed, LlmDelta, LlmDone, LlmToolCall
from patter.guardrails import GuardedHandler, GuardedLlm, read_guardrails
from patter.testing.fakes import FakePerformer

NO_PRICES = Guardrail("no prices", blocked_terms=["dollars", "Euro"], replacement="Please ask us by mail.")


def handler_saying(*pieces, end=None, stays=False):
    def says(asked, emit):
        for piece in pieces:
            emit(HandlerDelta(asked.turn_id, piece))
        if not stays:
            emit(end or HandlerDone(asked.turn_id))

    return FakePerformer(says, stays=stays)


async def spoken(performer, *rails):
    events = []
    guarded = GuardedHandler(performer, read_guardrails(rails))
    await guarded.ask(HandlerAsk("t1", "hi", []), events.append)
    text = "".join(event.text for event in events if isinstance(event, HandlerDelta))
    return text, events[-1]


async def test_what_is_fine_is_said_sentence_by_sentence():
    text, end = await spoken(handler_saying("It co", "sts a lot. And m", "ore"), NO_PRICES)
    assert text == "It costs a lot. And more"
    assert end == HandlerDone("t1")


@pytest.mark.parametrize("term", ["ten DOLLARS", "a euro"])
async def test_a_refused_sentence_is_replaced_and_ends_the_reply(term):
    performer = handler_saying("Sure. ", f"It costs {term}! ", "Deal? ", stays=True)
    text, end = await spoken(performer, NO_PRICES)
    assert text == "Sure. Please ask us by mail."
    assert end == HandlerDone("t1")
    assert performer.stopped == 1


async def test_the_last_sentence_is_checked_too_and_part_of_a_word_is_no_term():
    assert (await spoken(handler_saying("ten dollars"), NO_PRICES))[0] == "Please ask us by mail."
    assert (await spoken(handler_saying("in Europe"), NO_PRICES))[0] == "in Europe"


@pytest.mark.parametrize(
    "words",
    [
        "ten _dollars_",
        "ten **dollars**",
        "ten dol\u200blars",
        "ten \uff24\uff4f\uff4c\uff4c\uff41\uff52\uff53",
        "money  back",
        "money\u00a0back",
    ],
)
async def test_what_is_heard_counts_and_not_how_it_is_written(words):
    rail = {"blocked_terms": ["dollars", "money back"], "replacement": "No."}
    assert (await spoken(handler_saying(f"Sure, {words}. Bye."), rail))[0] == "No."


async def test_a_term_that_ends_in_the_next_sentence_is_found_there():
    rail = {"blocked_terms": ["Dr. Smith", "money back", "so. much"], "replacement": "No."}
    assert (await spoken(handler_saying("Ask Dr. Smith about it."), rail))[0] == "Ask Dr. No."
    assert (await spoken(handler_saying("You get your money\n\nback."), rail))[
        0
    ] == "You get your money\n\nNo."
    assert (await spoken(handler_saying("Dr. Who smiths. Much."), rail))[0] == "Dr. Who smiths. Much."


async def test_checks_of_any_kind():
    async def slow(sentence):
        await asyncio.sleep(0)
        return "secret" in sentence

    for check in (slow, lambda sentence: "secret" in sentence, lambda sentence: slow(sentence)):
        assert (await spoken(handler_saying("A secret."), check))[0] == patter.guardrails.REPLACEMENT
        assert (await spoken(handler_saying("No."), {"check": check}))[0] == "No."


async def test_a_check_that_fails_or_hangs_refuses(monkeypatch):
    monkeypatch.setattr(patter.guardrails, "CHECK_WITHIN_S", 0.02)

    async def hangs(sentence):
        await asyncio.Event().wait()

    for check in (lambda sentence: 1 / 0, hangs):
        rail = {"check": check, "replacement": ""}
        assert (await spoken(handler_saying("Hello."), rail))[0] == ""


async def test_a_failure_stays_one():
    failed = HandlerFailed("t1", "handler_error")
    text, end = await spoken(handler_saying("So", end=failed), NO_PRICES)
    assert (text, end) == ("So", failed)


async def test_a_models_reply_is_checked_and_its_tools_go_on():
    def says(asked, emit):
        emit(LlmDelta("a1", "Let me see."))
        emit(LlmToolCall("a1", "c1", "look", "{}"))
        emit(LlmDone("a1"))

    events = []
    await GuardedLlm(FakePerformer(says), [NO_PRICES]).ask(LlmAsk("a1", []), events.append)
    assert events == [LlmToolCall("a1", "c1", "look", "{}"), LlmDelta("a1", "Let me see."), LlmDone("a1")]
    events.clear()
    bad = FakePerformer(lambda asked, emit: [emit(LlmDelta("a1", "10 dollars")), emit(LlmDone("a1"))])
    await GuardedLlm(bad, [NO_PRICES]).ask(LlmAsk("a1", []), events.append)
    assert events == [LlmDelta("a1", "Please ask us by mail."), LlmDone("a1")]


async def test_a_cut_reaches_the_handler():
    performer = handler_saying("Hello", stays=True)
    guarded = GuardedHandler(performer, [NO_PRICES])
    turn = asyncio.create_task(guarded.ask(HandlerAsk("t1", "hi", []), lambda event: None))
    await asyncio.sleep(0)
    guarded.cancel("t1", "Hel")
    turn.cancel()
    with pytest.raises(asyncio.CancelledError):
        await turn
    assert performer.cancelled == [("t1", "Hel")]


@pytest.mark.parametrize(
    "wrong", ["dollars", {"words": []}, {"blocked_terms": "dollars"}, {"check": "dollars"}, 1]
)
def test_what_is_no_guardrail(wrong):
    with pytest.raises(ConfigError):
        read_guardrails([wrong])
