"""What cannot be answered is said to the caller and written down; it never stays in progress."""

import pytest

from agents.services import archive_agent, create_agent
from calls.models import Call, CallEvent
from calls.tests.cast import ACCOUNT_SID, AUTH_TOKEN, Twilio, make_account, make_number
from patter_site.events.models import Event
from phone_numbers.models import CarrierAccount


def the_call(cast) -> Call:
    return Call.objects.of(cast.organisation).get()


def refused(cast, response, code: str) -> None:
    assert response.status_code == 200
    assert (
        b"<Say" in response.content and b"<Hangup/>" in response.content and b"Stream" not in response.content
    )
    call = the_call(cast)
    assert (call.status, call.outcome, call.end_reason) == ("failed", "failed", "failed")
    assert call.error_code == code and call.error_message
    event = CallEvent.objects.of(cast.organisation).get(kind="call.refused")
    assert event.data["code"] == code
    types = set(Event.objects.of(cast.organisation).values_list("type", flat=True))
    assert "call.failed" in types and "call.ended" not in types


def test_an_unknown_number(cast, twilio):
    refused(cast, twilio.voice(To="+15559998888"), "unknown_number")


def test_an_agent_without_a_voice(cast):
    agent = create_agent(organisation=cast.organisation, config={"name": "A", "stt": {"provider": "offline"}})
    number = make_number(cast.organisation, agent=agent)
    refused(cast, Twilio(number.carrier_account).voice(), "agent_has_no_voice")


def test_an_agent_that_is_only_a_draft(cast):
    agent = create_agent(organisation=cast.organisation, config={"name": "A"}, draft=True)
    number = make_number(cast.organisation, agent=agent)
    refused(cast, Twilio(number.carrier_account).voice(), "agent_not_published")


def test_a_deleted_agent_gives_way_to_the_default_one(cast, twilio, number):
    archive_agent(agent=number.agent)
    refused(cast, twilio.voice(), "agent_has_no_ears")
    assert the_call(cast).agent.is_default


def test_a_closed_organisation(cast, twilio):
    cast.organisation.is_active = False
    cast.organisation.save()
    refused(cast, twilio.voice(), "organisation_inactive")


def test_a_refusal_is_repeated_as_it_was(cast, twilio):
    first, again = twilio.voice(To="+15559998888"), twilio.voice(To="+15559998888")
    assert first.content == again.content
    assert Call.objects.of(cast.organisation).count() == 1


def test_the_caller_is_told_nothing_about_our_inside(cast, twilio):
    text = twilio.voice(To="+15559998888").content.decode()
    assert "carrier account" not in text and "agent" not in text


def test_a_number_of_the_platform_that_nobody_has(db):
    account = CarrierAccount(
        owner="platform", carrier="twilio", account_sid=ACCOUNT_SID, auth_token=AUTH_TOKEN
    )
    account.save()
    assert b"<Say" in Twilio(account).voice().content
    assert not Call.objects.unscoped("test").exists()


@pytest.mark.parametrize("to", ["", "sip:x@example.com", "client:mia", "garbage" * 40])
def test_odd_numbers_are_only_unknown(cast, to):
    make_account(cast.organisation)
    assert b"<Say" in Twilio(None).voice(To=to).content
