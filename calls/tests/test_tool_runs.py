"""Tools of hosted calls: written down before they are sent, tried by whoever is there, answered once."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone

from calls.adapters.tool_runner import JournaledTools
from calls.models import Call, ToolInvocation, ToolTry
from calls.services.invocations import due_invocations
from calls.services.retry_tools import retry_invocation
from calls.tests.cast import make_call
from patter.bridge.commands import ToolRun
from patter.testing.tool_server import Server, answers, drops, hangs, serving
from patter.tools.spec import ToolContext, ToolOutcome, ToolSpec
from patter_site.events.models import Event
from patter_site.testing import make_cast

pytestmark = pytest.mark.django_db(transaction=True)

RUN = ToolRun("t1r1.0", "book", {"seats": 2})


def a_call(status: str = Call.Status.IN_PROGRESS) -> Call:
    return make_call(make_cast().organisation, status=status)


def spec(server: Server, **more: object) -> ToolSpec:
    given = {"url": server.url, "timeout_s": 5, "headers": {"X-Key": "very secret key"}, **more}
    return ToolSpec("book", **given)  # type: ignore[arg-type]


async def perform(call: Call, tool: ToolSpec) -> ToolOutcome:
    context = ToolContext(call.pk, "+15550001111", "+15550002222")
    return await JournaledTools(call.organisation_id, context).perform(tool, RUN)


def the_run() -> ToolInvocation:
    return ToolInvocation.objects.unscoped("a test").get()


def tries() -> list[ToolTry]:
    return list(ToolTry.objects.unscoped("a test").order_by("number"))


def let_the_claim_run_out() -> None:
    late = timezone.now() - timedelta(seconds=1)
    ToolInvocation.objects.unscoped("a test").update(lease_until=late)


async def begun(call: Call, server: Server, **more: object) -> None:
    """A request is on its way, and then its process dies."""
    work = asyncio.create_task(perform(call, spec(server, **more)))
    await asyncio.wait_for(server.received(), 30)
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    await sync_to_async(let_the_claim_run_out)()


async def test_500_twice_then_200_works_with_no_worker_running():
    call = await sync_to_async(a_call)()
    async with serving(answers(500), answers(503), answers(200, b'{"table": 7}')) as server:
        outcome = await perform(call, spec(server))
    assert outcome == ToolOutcome({"table": 7})
    run = await sync_to_async(the_run)()
    assert server.effects == {run.pk}
    assert (run.outcome, run.state, run.result) == ("ok", "done", {"table": 7})
    made = await sync_to_async(tries)()
    assert [(one.number, one.status) for one in made] == [(1, 500), (2, 503), (3, 200)]


async def test_a_worker_makes_the_tries_when_there_is_one():
    call = await sync_to_async(a_call)()
    async with serving(answers(500), answers(500), answers(200, b'"ok"')) as server:
        work = asyncio.create_task(perform(call, spec(server)))
        async with asyncio.timeout(30):
            while not work.done():
                for invocation_id in await sync_to_async(due_invocations)(10):
                    await asyncio.to_thread(retry_invocation, invocation_id)
                await asyncio.sleep(0.05)
        assert (await work).result == "ok"
    assert len(server.requests) == 3
    assert len(server.effects) == 1


async def test_the_row_is_there_before_the_request_and_keeps_no_key():
    call = await sync_to_async(a_call)()
    seen: list[ToolInvocation] = []

    async def looks(writer):
        seen.append(await sync_to_async(the_run)())
        await answers(204)(writer)

    async with serving(looks) as server:
        assert (await perform(call, spec(server))).ok
    assert seen[0].outcome == ""
    assert seen[0].arguments == {"seats": 2}
    run = await sync_to_async(the_run)()
    stored = await sync_to_async(lambda: ToolInvocation.objects.unscoped("a test").values().get())()
    assert "very secret" not in str(stored)
    assert run.request["headers"] == {"X-Key": "••••"}
    assert run.sealed == "", "what is over can be sent no more"


async def test_a_crash_between_request_and_journal_never_sends_again():
    call = await sync_to_async(a_call)()
    async with serving(hangs) as server:
        await begun(call, server)
        assert await sync_to_async(due_invocations)(10) == [(await sync_to_async(the_run)()).pk]
        for _ in range(3):
            await asyncio.to_thread(retry_invocation, (await sync_to_async(the_run)()).pk)
    assert len(server.requests) == 1
    run = await sync_to_async(the_run)()
    assert run.outcome == "unknown"
    assert "Do not call the tool again" in run.result["error"]
    event = await sync_to_async(lambda: Event.objects.of(call.organisation_id).get(type="tool.failed"))()
    assert event.data["may_have_taken_effect"] is True


@pytest.mark.parametrize("harmless", [{"idempotent": True}, {"effects": False}])
async def test_after_a_crash_it_is_sent_again_where_that_is_harmless(harmless):
    call = await sync_to_async(a_call)()
    async with serving(hangs, answers(200, b'"ok"')) as server:
        await begun(call, server, **harmless)
        await asyncio.to_thread(retry_invocation, (await sync_to_async(the_run)()).pk)
    assert len(server.requests) == 2
    assert len(server.effects) == 1
    assert (await sync_to_async(the_run)()).outcome == "ok"


async def test_a_worker_that_dies_between_tries_is_replaced_and_one_that_dies_within_is_not():
    call = await sync_to_async(a_call)()
    async with serving(answers(500), hangs) as server:
        work = asyncio.create_task(perform(call, spec(server)))
        await asyncio.wait_for(server.received(2), 30)  # the second try is on its way
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        await sync_to_async(let_the_claim_run_out)()
        await asyncio.to_thread(retry_invocation, (await sync_to_async(the_run)()).pk)
    assert len(server.requests) == 2
    assert (await sync_to_async(the_run)()).outcome == "unknown"


@pytest.mark.parametrize(("background", "outcome"), [(False, "stopped"), (True, "ok")])
async def test_at_the_end_of_the_call_tries_stop_unless_it_runs_in_the_background(background, outcome):
    call = await sync_to_async(a_call)()
    async with serving(answers(500), answers(200, b'"ok"')) as server:
        work = asyncio.create_task(perform(call, spec(server, background=background)))
        await asyncio.wait_for(server.received(), 30)
        over = {"status": Call.Status.COMPLETED}
        await sync_to_async(lambda: Call.objects.of(call.organisation_id).update(**over))()
        assert (await work).ok is background
    assert (await sync_to_async(the_run)()).outcome == outcome
    assert len(server.requests) == (2 if background else 1)


async def test_what_failed_for_good_is_told_and_is_an_event():
    call = await sync_to_async(a_call)()
    async with serving(answers(404, b"no such table")) as server:
        outcome = await perform(call, spec(server))
    assert not outcome.ok
    assert "404" in outcome.result["error"]
    event = await sync_to_async(lambda: Event.objects.of(call.organisation_id).get(type="tool.failed"))()
    assert (event.data["tool"], event.data["tries"], event.data["call_id"]) == ("book", 1, call.pk)
    assert (await sync_to_async(tries)())[0].response == "no such table"


async def test_a_silence_and_a_broken_line_leave_the_effect_unknown():
    call = await sync_to_async(a_call)()
    async with serving(drops, answers(404)) as server:
        outcome = await perform(call, spec(server))
    assert outcome.result["status"] == "unknown", "the first one may have taken effect"
    assert len(server.effects) == 1


async def test_without_a_database_nothing_is_sent(monkeypatch):
    def away(*_: object) -> None:
        raise RuntimeError("the database is away")

    monkeypatch.setattr("calls.adapters.tool_runner.begin_invocation", away)
    call = await sync_to_async(a_call)()
    async with serving() as server:
        outcome = await perform(call, spec(server))
    assert not outcome.ok
    assert "not called" in outcome.result["error"]
    assert not server.requests


async def test_an_address_that_leads_inside_is_refused_when_it_is_called(settings):
    settings.PATTER_ALLOW_PRIVATE_URLS = []
    call = await sync_to_async(a_call)()
    async with serving() as server:
        outcome = await perform(call, spec(server))
    assert "private network" in outcome.result["error"]
    assert not server.requests
