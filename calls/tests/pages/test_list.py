"""The list of calls: what the address says is what is shown."""

from datetime import timedelta

import pytest
from django.utils import timezone

from agents.services import create_agent
from calls.listing import PAGE
from calls.scenes import TABLE_FOR_FOUR, make_full_call, make_unanswered_call
from patter_site.testing import make_cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(client):
    cast = make_cast()
    client.force_login(cast.ada)
    return cast


def shown(client, cast, query: str = "") -> list[str]:
    response = client.get(f"/o/{cast.organisation.slug}/calls/{query}")
    assert response.status_code == 200
    return [row.call.pk for row in response.context["page"].rows]


def test_without_calls_one_sentence_and_one_action(client, cast):
    page = client.get(f"/o/{cast.organisation.slug}/calls/").content.decode()
    assert "No calls yet" in page
    assert f"/o/{cast.organisation.slug}/numbers/" in page


def test_a_search_without_result_offers_all_calls(client, cast):
    make_full_call(cast.organisation)
    page = client.get(f"/o/{cast.organisation.slug}/calls/?q=giraffe").content.decode()
    assert "No call fits" in page


def test_filters(client, cast):
    agent = create_agent(organisation=cast.organisation, config={"name": "Desk"})
    old = make_full_call(cast.organisation, recorded=False, answered_at=timezone.now() - timedelta(days=9))
    missed = make_unanswered_call(cast.organisation)
    broken = make_unanswered_call(cast.organisation, outcome="failed", error_code="carrier_error")
    live = make_full_call(cast.organisation, live=True, agent=agent, said=TABLE_FOR_FOUR[:2])
    make_full_call(cast.other)
    assert set(shown(client, cast)) == {live.pk, broken.pk, missed.pk, old.pk}
    assert shown(client, cast, "?status=live") == [live.pk]
    assert shown(client, cast, "?status=unreached") == [missed.pk]
    assert shown(client, cast, "?status=failed") == [broken.pk]
    assert set(shown(client, cast, "?direction=outbound")) == {broken.pk, missed.pk}
    assert shown(client, cast, f"?agent={agent.pk}") == [live.pk]
    day = (timezone.now() - timedelta(days=9)).date().isoformat()
    assert shown(client, cast, f"?since={day}&until={day}") == [old.pk]
    assert shown(client, cast, "?q=sit+outside") == [old.pk]
    assert shown(client, cast, f"?q={broken.pk}") == [broken.pk]


def test_a_value_that_cannot_be_is_said_and_filters_nothing(client, cast):
    call = make_full_call(cast.organisation, recorded=False)
    response = client.get(f"/o/{cast.organisation.slug}/calls/?status=sleeping&since=yesterday")
    assert [row.call.pk for row in response.context["page"].rows] == [call.pk]
    assert 'role="alert"' in response.content.decode()


def test_pages_lead_to_each_other_and_keep_the_filters(client, cast):
    made = sorted((make_unanswered_call(cast.organisation).pk for _ in range(PAGE * 2 + 3)), reverse=True)
    address = f"/o/{cast.organisation.slug}/calls/"
    first = client.get(f"{address}?direction=outbound").context["page"]
    second = client.get(address + first.older).context["page"]
    third = client.get(address + second.older).context["page"]
    seen = [row.call.pk for page in (first, second, third) for row in page.rows]
    assert seen == made
    assert not first.newer and not third.older
    assert "direction=outbound" in second.older
    back = client.get(address + third.newer).context["page"]
    assert [row.call.pk for row in back.rows] == [row.call.pk for row in second.rows]


def test_as_many_queries_for_forty_calls_as_for_two(client, cast, django_assert_max_num_queries):
    for _ in range(2):
        make_full_call(cast.organisation, recorded=False)
    with django_assert_max_num_queries(20) as few:
        shown(client, cast)
    for _ in range(38):
        make_full_call(cast.organisation, recorded=False, said=TABLE_FOR_FOUR[:4])
    with django_assert_max_num_queries(len(few)):
        shown(client, cast)


def test_htmx_gets_the_results_alone(client, cast):
    make_full_call(cast.organisation, recorded=False)
    part = client.get(f"/o/{cast.organisation.slug}/calls/", headers={"HX-Request": "true"}).content.decode()
    assert 'id="results"' in part and "<html" not in part
