"""Transfers on the page of a call: what became of them, and asking for one."""

import pytest

from agents.services import change_draft, publish_agent
from calls.models import Call
from calls.services.answer import answer_inbound
from calls.services.tokens import consume_stream_token
from calls.services.transfer import TransferNews, note_transfer
from calls.tests.cast import CALLER, NUMBER

pytestmark = pytest.mark.django_db
SALES = [{"name": "sales", "number": "+14155550170"}]


@pytest.fixture
def live(cast, number, client) -> Call:
    """A call that is carried, of an agent with one target, looked at by Ada."""
    change_draft(agent=number.agent, changes={"transfer_targets": SALES})
    publish_agent(agent=number.agent)
    answer_inbound(account=number.carrier_account, carrier_call_id="CA1", caller=CALLER, callee=NUMBER)
    call = Call.objects.of(cast.organisation).get()
    consume_stream_token(call.pk, call.stream_issued, owner="me")
    client.force_login(cast.ada)
    return call


def page(client, call: Call) -> str:
    return client.get(f"/o/{call.organisation.slug}/calls/{call.pk}/").content.decode()


def ask(client, call: Call, target: str):
    address = f"/o/{call.organisation.slug}/calls/{call.pk}/transfer/"
    return client.post(address, {"target": target, "summary": "Ada asks."}, follow=True)


def test_a_target_can_be_chosen_while_the_caller_is_on_the_line(client, live, sent):
    assert '<option value="sales">' in page(client, live)
    assert "The caller is being put through" in ask(client, live, "sales").content.decode()
    wish = {"type": "call.transfer", "target": "sales", "kind": "", "summary": "Ada asks."}
    assert sent == [(f"call.{live.pk}", wish)]


def test_nobody_else_can_be_meant(client, live, sent):
    assert "Possible: &#x27;sales&#x27;" in ask(client, live, "+19005550123").content.decode()
    assert sent == []


def test_a_call_that_is_over_offers_nothing(client, live):
    Call.objects.of(live.organisation_id).update(status="completed", lease_until=None)
    assert "Put the caller through" not in page(client, live)


def test_what_became_of_transfers_is_shown(client, live):
    about = {"target": "sales", "number": "+14155550170", "kind": "warm", "summary": "Ada asks."}
    note_transfer(call_id=live.pk, news=TransferNews("x1", "requested", **about))
    note_transfer(call_id=live.pk, news=TransferNews("x1", "ringing"))
    note_transfer(call_id=live.pk, news=TransferNews("x1", "failed", "busy"))
    shown = page(client, live)
    assert "Transfers" in shown and "busy" in shown and "ringing" in shown and "Ada asks." in shown
