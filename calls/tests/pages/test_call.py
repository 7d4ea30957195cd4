"""The page of one call, with everything and with nothing."""

import pytest

from calls.models import Recording
from calls.scenes import TABLE_FOR_FOUR, Said, add_turns, make_full_call, make_unanswered_call
from patter_site.testing import make_cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(client):
    cast = make_cast()
    client.force_login(cast.ada)
    return cast


def page_of(client, call, part: str = "") -> str:
    response = client.get(f"/o/{call.organisation.slug}/calls/{call.pk}/{part}")
    assert response.status_code == 200
    return response.content.decode()


def test_what_was_not_heard_is_struck_through(client, cast):
    page = page_of(client, make_full_call(cast.organisation))
    assert "The terrace is open until ten, and I can<s" in page
    assert "put you next to the old lime tree if you like.</s>" in page
    assert "cut by the caller after 2.5 s" in page


def test_keys_tools_latency_and_evidence(client, cast):
    page = page_of(client, make_full_call(cast.organisation))
    assert "<kbd>1</kbd>" in page and "DTMF" not in page
    assert "check_availability" in page
    assert "612 ms" in page and "end of turn 210" in page
    assert "decided_by speech_final" in page
    assert "p50 612" in page


def test_nothing_a_caller_says_becomes_markup(client, cast):
    said = [Said("user", "<script>alert(1)</script>", 0, 900, full_text="<script>alert(1)</script><b>")]
    page = page_of(client, make_full_call(cast.organisation, said=said, recorded=False))
    assert "<script>alert" not in page and "&lt;script&gt;alert" in page


def test_no_inline_script_and_no_style_attribute(client, cast):
    page = page_of(client, make_full_call(cast.organisation))
    assert "style=" not in page and "hx-on" not in page and "<script>" not in page


@pytest.mark.parametrize("status", ["recording", "processing", "failed"])
def test_a_recording_that_cannot_be_heard_yet(client, cast, status):
    call = make_full_call(cast.organisation, recorded=False)
    Recording.objects.create(organisation=cast.organisation, call=call, status=status)
    page = page_of(client, call)
    assert "<audio" not in page and "blocks show" in page or "being prepared" in page


def test_a_call_that_failed_says_what_to_do(client, cast):
    call = make_unanswered_call(
        cast.organisation, outcome="failed", error_code="provider_error", error_message="401 from the voice"
    )
    page = page_of(client, call)
    assert "check its key and quota" in page and "401 from the voice" in page
    assert "nothing was said" in page and "<audio" not in page


def test_an_unknown_error_code_still_gets_a_sentence(client, cast):
    page = page_of(
        client, make_unanswered_call(cast.organisation, outcome="failed", error_code="from_the_future")
    )
    assert "did not go as it should" in page and "from_the_future" in page


def test_five_hundred_turns_take_as_many_queries_as_two(client, cast, django_assert_max_num_queries):
    short = make_full_call(cast.organisation, recorded=False, said=TABLE_FOR_FOUR[:2])
    many = [Said("user", f"Sentence {i}", i * 2000, i * 2000 + 900) for i in range(500)]
    long = make_full_call(cast.organisation, recorded=False, said=many)
    with django_assert_max_num_queries(20) as few:
        page_of(client, short)
    with django_assert_max_num_queries(len(few)):
        assert page_of(client, long).count('class="entry user"') == 500


def test_a_live_page_grows_by_what_it_does_not_have(client, cast):
    call = make_full_call(cast.organisation, live=True, said=TABLE_FOR_FOUR[:2])
    shown = call.events.order_by("id").last().pk
    add_turns(call, TABLE_FOR_FOUR[2:4], first_index=2)
    part = page_of(client, call, f"growth/?turn=1&event={shown}")
    assert "Let me look." in part and "decided_by" in part
    assert "Good evening" not in part and "call.ringing" not in part
    assert 'hx-swap-oob="true"' in part
    assert page_of(client, call, "growth/?turn=x&event=y").count("data-ms") == 4


def test_a_call_that_ended_meanwhile_says_so(client, cast):
    part = page_of(client, make_full_call(cast.organisation), "growth/?turn=99&event=999999999")
    assert "Show the whole call" in part
