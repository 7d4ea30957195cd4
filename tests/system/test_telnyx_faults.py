"""What Telnyx gets wrong, one row of the list for each: the call goes on, and there is one of it.

Rows are those of the public reference of carrier traps: webhooks and call state (1 to 20), the media
socket (21 to 50). They run at the same time, and each test looks at one of them.
"""

from __future__ import annotations

import asyncio

import pytest
import pytest_asyncio

from patter.simulators.demo import AGENT
from patter.simulators.telnyx import Faults
from tests.system.chosen import chosen
from tests.system.steps import BOOK, BYE, HANG_UP, LISTEN, answered, press
from tests.system.telnyx import TelnyxTenant, telnyx_embedded

SLOWLY = (BOOK, {"wait_s": 4}, BYE, LISTEN)
"""Whoever takes so long after a reply that broke off is not in the middle of a word when the line is back."""
AT_ONCE = 6
SCENARIOS = {}


def scenario(function):
    SCENARIOS[function.__name__] = function
    return function


async def rung(tenant: TelnyxTenant, steps=(BOOK, BYE, LISTEN), meanwhile=None, **faults):
    """A call from ring to end, and the platform's row of it. ``meanwhile``: what is done in the answer."""
    leg = await tenant.ring(list(steps), faults=Faults(**faults))
    if meanwhile:
        await answered(leg)
        meanwhile(leg)
    await leg.ended()
    return leg, await tenant.settled((await tenant.found(leg))["id"])


async def goes_on(tenant: TelnyxTenant, **how):
    """A whole conversation in spite of it: heard, answered, ended by the agent, once."""
    leg, row = await rung(tenant, **how)
    assert row["end_reason"] == "agent_ended", row
    told = await tenant.told(row["id"])
    assert (told.count("call.started"), told.count("call.ended")) == (1, 1)
    said = [(turn["role"], turn["text"]) for turn in await tenant.turns(row["id"])]
    assert ("user", BOOK["say"]) in said, said
    assert said.count(("assistant", AGENT["first_message"])) == 1, said
    return leg, row


def lose_socket(leg) -> None:
    leg.stream.lose()


def move_socket(leg) -> None:
    leg.stream.move()


async def notes(tenant: TelnyxTenant, row) -> list[str]:
    events = await tenant.timeline(row["id"])
    return [event["data"].get("reason", "") for event in events if event["kind"] == "frame.rejected"]


# -- webhooks and call state ------------------------------------------------------------------------


@scenario
async def row_1_every_webhook_comes_twice(tenant: TelnyxTenant):
    leg, _ = await goes_on(tenant, duplicate_webhooks=True)
    asked = [fact.data["name"] for fact in leg.of_kind("command")]
    assert asked == ["answer", "streaming_start", "hangup"]


@scenario
async def row_2_webhooks_come_in_the_wrong_order(tenant: TelnyxTenant):
    await goes_on(tenant, shuffled_webhooks=True)


@scenario
async def row_6_every_webhook_is_answered_within_two_seconds(tenant: TelnyxTenant):
    for _ in range(2):  # a machine may stand still for two seconds, but not in every call
        leg, _ = await goes_on(tenant)
        hooks = leg.of_kind("webhook")
        assert hooks
        assert all(fact.data["status"] == 200 and fact.data["attempt"] == 1 for fact in hooks)
        if max(fact.data["took_ms"] for fact in hooks) < 2000:
            return
    pytest.fail(f"answered late: {hooks}", pytrace=False)


@scenario
async def row_8_a_200_does_not_answer_a_call(tenant: TelnyxTenant):
    leg, _ = await rung(tenant, [{"hang_up_at_ms": 200}])
    assert leg.of_kind("command")[0].data["name"] == "answer"


@scenario
async def row_9_the_caller_is_gone_when_our_command_comes(tenant: TelnyxTenant):
    leg, row = await rung(tenant, hangs_up_first=True)
    assert (row["status"], row["outcome"], leg.answered_ms) == ("cancelled", "cancelled", None)


@scenario
async def row_9_the_call_is_over_when_we_hang_up(tenant: TelnyxTenant):
    await goes_on(tenant, hang_up_422=True)


@scenario
async def row_18_unknown_events_are_taken_politely(tenant: TelnyxTenant):
    """Keys are told by a webhook too, which is one of the kinds that mean nothing here."""
    leg, row = await rung(tenant, [press("5"), BYE, LISTEN])
    assert not leg.complaints and row["end_reason"] == "agent_ended"


@scenario
async def a_forged_an_old_and_a_garbled_webhook_are_refused(tenant: TelnyxTenant):
    leg, _ = await goes_on(tenant, forged_webhook=True, old_webhook=True, garbage_webhook=True)
    status = {fact.data["about"]: fact.data["status"] for fact in leg.of_kind("webhook")}
    assert (status["forged"], status["old"], status["garbage"]) == (403, 403, 403)


@scenario
async def a_replayed_webhook_changes_nothing(tenant: TelnyxTenant):
    leg, row = await goes_on(tenant, replayed_webhook=True)
    replayed = [fact for fact in leg.of_kind("webhook") if fact.data["about"] == "replayed"]
    assert replayed[0].data["status"] == 200
    same = [one for one in (await tenant.get("calls"))["results"] if one["carrier_call_id"] == leg.id]
    assert len(same) == 1 and same[0]["status"] == "completed" and row["status"] == "completed"


@scenario
async def webhooks_come_late(tenant: TelnyxTenant):
    await goes_on(tenant, late_webhook_s=1.5)


@scenario
async def the_end_is_never_told(tenant: TelnyxTenant):
    leg, row = await rung(tenant, [BOOK, HANG_UP], dropped_webhooks="call.hangup")
    assert (row["status"], row["end_reason"]) == ("completed", "caller_hung_up")
    assert leg.of_kind("webhook_dropped")


# -- media ------------------------------------------------------------------------------------------


@scenario
async def row_26_the_goodbye_is_heard_in_full(tenant: TelnyxTenant):
    leg, row = await goes_on(tenant)
    last = [turn for turn in await tenant.turns(row["id"]) if turn["role"] == "assistant"][-1]
    assert not last["interrupted"] and not leg.media.counts["agent_bytes_cleared"]


@scenario
async def row_28_nothing_shorter_than_20_ms_is_sent(tenant: TelnyxTenant):
    leg, _ = await goes_on(tenant)
    assert not leg.media.counts["invalid_media"] and not leg.media.counts["malformed_frame"]


@scenario
async def row_29_nothing_comes_for_three_seconds_then_all_at_once(tenant: TelnyxTenant):
    await goes_on(tenant, gap_at_ms=8000, gap_ms=3000)


@scenario
async def row_30_media_comes_out_of_order_twice_and_not_at_all(tenant: TelnyxTenant):
    _, row = await goes_on(tenant, shuffled_media=True, repeated_media=True, lost_media=True)
    assert await notes(tenant, row) == []


@scenario
async def row_31_a_network_that_sends_no_silence(tenant: TelnyxTenant):
    """After the caller has spoken nothing comes any more: they are answered all the same."""
    leg = await tenant.ring([BOOK, LISTEN], faults=Faults(goes_silent_after_voice=True))
    await answered(leg, "agent_stopped")
    leg.end("caller_hung_up")
    row = await tenant.settled((await tenant.found(leg))["id"])
    assert row["end_reason"] == "caller_hung_up"
    said = [turn["text"] for turn in await tenant.turns(row["id"]) if turn["role"] == "assistant"]
    assert len(said) > 1, said


@scenario
async def row_32_a_call_to_which_nothing_is_sent_would_be_dropped(tenant: TelnyxTenant):
    agent = await tenant.post("agents", {**AGENT, "name": "mute", "first_message": ""})
    number = await tenant.add_number(agent["id"])
    speaks_first = [{"wait_s": 2.5}, {"say": BYE["say"]}, LISTEN]
    leg = await tenant.ring(speaks_first, to=number, faults=Faults(drops_mute_calls=True))
    await leg.ended()
    row = await tenant.settled((await tenant.found(leg))["id"])
    assert (leg.cause, row["end_reason"]) == ("application_hung_up", "agent_ended")


@scenario
async def row_33_our_sound_is_asked_for_as_rtp(tenant: TelnyxTenant):
    leg, _ = await goes_on(tenant)
    assert leg.media.counts["sounded"] and not leg.media.counts["ignored"]


@scenario
async def row_34_a_law_comes_though_mu_law_was_asked_for(tenant: TelnyxTenant):
    await goes_on(tenant, leg_codec="PCMA", keeps_codec=True, counts_anew_at_ms=3000)


@scenario
async def row_45_wideband_comes_though_mu_law_was_asked_for(tenant: TelnyxTenant):
    await goes_on(tenant, leg_codec="L16", keeps_codec=True)


@scenario
async def wideband_in_network_order_is_understood(tenant: TelnyxTenant):
    await goes_on(tenant, leg_codec="L16", keeps_codec=True, big_endian=True)


@scenario
async def a_codec_that_nobody_here_speaks_ends_the_call_with_a_reason(tenant: TelnyxTenant):
    leg, row = await rung(tenant, [LISTEN], leg_codec="G722", keeps_codec=True)
    assert (row["error"]["code"], "G722" in row["error"]["message"]) == ("codec_unknown", True)
    assert leg.cause == "application_hung_up"


@scenario
async def row_35_stop_without_close(tenant: TelnyxTenant):
    leg, row = await rung(tenant, [BOOK, HANG_UP], stop_without_close=True)
    assert row["end_reason"] == "caller_hung_up"
    assert leg.of_kind("application_closed")


@scenario
async def row_35_close_without_stop(tenant: TelnyxTenant):
    _, row = await rung(tenant, [BOOK, HANG_UP], close_without_stop=True)
    assert row["end_reason"] == "caller_hung_up"


@scenario
async def row_35_neither_stop_nor_any_word_on_the_end(tenant: TelnyxTenant):
    dropped = "call.hangup,streaming.stopped"
    _, row = await rung(tenant, [BOOK, HANG_UP], close_without_stop=True, dropped_webhooks=dropped)
    assert row["status"] in ("completed", "failed")


@scenario
async def row_38_media_before_start(tenant: TelnyxTenant):
    _, row = await goes_on(tenant, media_before_start=True)
    assert await notes(tenant, row) == ["media before start"]


@scenario
async def row_38_no_start_at_all(tenant: TelnyxTenant):
    leg, row = await rung(tenant, [{"hang_up_at_ms": 14_000}], no_start=True)
    assert row["status"] in ("failed", "completed")
    assert not await tenant.turns(row["id"])


@scenario
async def row_39_the_socket_breaks_and_telnyx_opens_it_again(tenant: TelnyxTenant):
    leg, _ = await goes_on(tenant, steps=SLOWLY, meanwhile=lose_socket, reconnects=True)
    assert len(leg.of_kind("stream_started")) == 2
    assert [fact.data["name"] for fact in leg.of_kind("command")].count("streaming_start") <= 2


@scenario
async def row_39_a_second_socket_takes_over_from_one_that_fell_silent(tenant: TelnyxTenant):
    """The carrier has moved on, and the first socket was never closed."""
    leg, row = await goes_on(tenant, steps=SLOWLY, meanwhile=move_socket)
    assert leg.of_kind("stream_moved") and leg.of_kind("application_closed")
    kinds = [event["kind"] for event in await tenant.timeline(row["id"])]
    assert kinds.count("leg.replaced") == 1


@scenario
async def row_49_the_socket_breaks_and_we_ask_for_another(tenant: TelnyxTenant):
    leg, _ = await goes_on(tenant, steps=SLOWLY, meanwhile=lose_socket)
    assert [fact.data["name"] for fact in leg.of_kind("command")].count("streaming_start") == 2


@scenario
async def row_43_binary_garbage_and_huge_frames(tenant: TelnyxTenant):
    _, row = await goes_on(tenant, garbage_text=True, binary_frame=True, huge_frame=True)
    assert sorted(await notes(tenant, row)) == ["binary frame", "frame over 64 kB", "not JSON"]


@scenario
async def frames_of_100_ms_and_frames_without_sound(tenant: TelnyxTenant):
    await goes_on(tenant, frame_ms=100, empty_payloads=True)


@scenario
async def marks_that_never_come_back(tenant: TelnyxTenant):
    await goes_on(tenant, marks_never_echoed=True)


@scenario
async def parameters_as_a_list(tenant: TelnyxTenant):
    await goes_on(tenant, parameters_as_list=True)


@scenario
async def a_socket_that_cannot_be_opened_at_first(tenant: TelnyxTenant):
    leg, _ = await goes_on(tenant, socket_fails=2)
    assert len(leg.of_kind("stream_failed")) == 2


@scenario
async def a_socket_that_can_never_be_opened(tenant: TelnyxTenant):
    leg, row = await rung(tenant, [LISTEN], socket_fails=50)
    assert (row["error"]["code"], leg.cause) == ("media_unreachable", "application_hung_up")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def outcomes(request, tmp_path_factory):
    async with telnyx_embedded(tmp_path_factory.mktemp("telnyx")) as world:
        tenant = await world.tenant()
        gate = asyncio.Semaphore(AT_ONCE)
        tasks = {name: asyncio.create_task(_one(gate, SCENARIOS[name], tenant)) for name in chosen(request)}
        yield tasks
        await asyncio.gather(*tasks.values(), return_exceptions=True)
        for leg in list(world.simulator.calls.values()):
            await leg.ended()
        assert await tenant.live_calls() == []


async def _one(gate: asyncio.Semaphore, run, tenant: TelnyxTenant) -> None:
    async with gate:
        await run(tenant)


@pytest.mark.timeout(600)
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize("name", SCENARIOS)
async def test_telnyx_fault(outcomes, name):
    await outcomes[name]
