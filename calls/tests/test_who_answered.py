"""Who answered, as carriers tell it: the row's outcome, the timeline, and what customers hear."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from calls.models import Call, CallEvent, CarrierNotice
from calls.services.finish import finish_call
from calls.services.live_log import LoggedCall, store_entries
from calls.services.place import PlaceOptions, place_call
from calls.tests.cast import CALLER
from calls.tests.telnyx_cast import Telnyx, make_telnyx_number
from calls.webhooks.notices import work_off
from patter.bridge.records import Noted
from patter_site.events.models import Event

JUDGED = "call.machine.premium.detection.ended"
SCREENED = "call.machine.premium.call_screening.detected"
GREETED = "call.machine.premium.greeting.ended"
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def carrier(telnyx_api):
    return telnyx_api


class Answered:
    """A call of ours at Telnyx that something answered."""

    def __init__(self, organisation) -> None:
        self.telnyx = Telnyx(make_telnyx_number(organisation).carrier_account)
        self.call = place_call(
            organisation=organisation, to=CALLER, options=PlaceOptions(machine_detection=True)
        )
        self.tell("call.answered", direction="outgoing")

    def tell(self, kind: str, at_s: int = 0, **payload: str) -> None:
        at = (BEGAN + timedelta(seconds=at_s)).isoformat()
        self.telnyx.tell(kind, ours=self.call.pk, occurred_at=at, event_id=f"{kind}:{at_s}", **payload)
        rows = CarrierNotice.objects.unscoped("a test works everything off").filter(state="due")
        for pk in rows.order_by("pk").values_list("pk", flat=True):
            work_off(pk)
        self.call.refresh_from_db()

    def finish(self, reason: str) -> str:
        finish_call(self.call.pk, end_reason=reason, duration_ms=9000, transcript=[], history=[], usage={})
        self.call.refresh_from_db()
        return str(self.call.outcome)

    @property
    def announced(self) -> list[str]:
        rows = Event.objects.of(self.call.organisation_id).filter(type="call.machine_detected")
        return [event.data["result"] for event in rows.order_by("pk")]


@pytest.fixture
def answered(cast, carrier) -> Answered:
    return Answered(cast.organisation)


@pytest.mark.parametrize(
    ("kind", "result", "outcome"),
    [
        (JUDGED, "machine", "machine"),
        (GREETED, "beep_detected", "machine"),
        (GREETED, "prompt_ended", ""),
        ("call.machine.greeting.ended", "ended", ""),
        ("call.machine.detection.ended", "not_sure", ""),
        (JUDGED, "human_residence", ""),
        (JUDGED, "", ""),
    ],
)
def test_one_verdict(answered, kind, result, outcome):
    answered.tell(kind, result=result)
    assert answered.call.outcome == outcome


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_human_behind_a_screening_service_is_a_human_in_whatever_order_it_is_told(answered, order):
    told = [(JUDGED, 1, "machine"), (SCREENED, 2, "screening"), (JUDGED, 4, "human_residence")]
    for index in order:
        kind, at_s, result = told[index]
        for _ in range(2):
            answered.tell(kind, at_s, result=result)
    assert answered.call.outcome == ""
    assert sorted(answered.announced) == ["human", "machine"]
    heard = CallEvent.objects.of(answered.call.organisation_id).filter(kind="machine.detected")
    assert {row.data["result"] for row in heard} == {"machine", "screening", "human"} and heard.count() == 3
    assert answered.finish("caller_hung_up") == "human"


def test_a_mailbox_behind_a_screening_service_is_a_machine(answered):
    """Told in the same words as the first verdict, which was about the service."""
    answered.tell(JUDGED, 1, result="machine")
    answered.tell(SCREENED, 2, result="screening")
    assert answered.call.outcome == ""
    answered.tell(JUDGED, 4, result="machine")
    assert answered.call.outcome == "machine"
    assert answered.finish("caller_hung_up") == "machine"


@pytest.mark.parametrize("late", [False, True], ids=["verdict first", "verdict later"])
def test_a_service_that_the_agent_knew_by_its_words_was_no_machine(answered, late):
    introduced = Noted("machine.introduce", 5000, {"by": "words", "sign": "screening_service"})
    if not late:
        answered.tell(JUDGED, 1, result="machine")
    store_entries(LoggedCall(answered.call.pk, answered.call.organisation_id), [(1, introduced)])
    if late:
        answered.tell(JUDGED, 1, result="machine")
    assert answered.finish("caller_hung_up") == "human"


@pytest.mark.parametrize(("reason", "outcome"), [("machine", "machine"), ("voicemail", "voicemail_left")])
def test_how_the_agent_ended_it_says_more_than_any_verdict(answered, reason, outcome):
    answered.tell(JUDGED, 1, result="human_residence")
    assert answered.finish(reason) == outcome


def test_a_verdict_after_the_end_is_noted_and_changes_nothing(answered):
    assert answered.finish("caller_hung_up") == "human"
    answered.tell(JUDGED, 1, result="machine")
    assert (answered.call.outcome, answered.announced) == ("human", ["machine"])


def test_twilio_tells_it_once_however_often_it_is_sent(cast, number, twilio):
    call = place_call(organisation=cast.organisation, to=CALLER, options=PlaceOptions(machine_detection=True))
    for word in ("machine_start", "machine_start", ""):
        assert twilio.post("amd", {"call": call.pk}, CallSid="CA1", AnsweredBy=word).status_code in (200, 204)
    call = Call.objects.of(cast.organisation).get(pk=call.pk)
    assert call.outcome == "machine"
    assert CallEvent.objects.of(cast.organisation).filter(call=call, kind="machine.detected").count() == 1
