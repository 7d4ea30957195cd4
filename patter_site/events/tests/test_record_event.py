import pytest
from django.db import transaction
from jsonschema import Draft202012Validator

from patter_site.events.catalogue import CATALOGUE
from patter_site.events.models import Event
from patter_site.events.services import UnknownEvent, record_event
from patter_site.testing import make_cast

pytestmark = pytest.mark.django_db
READY = {"call_id": "call_1", "recording_id": "rec_1"}


def test_an_event_is_kept_with_its_subject_and_waits_for_nobody():
    cast = make_cast()
    event = record_event(
        organisation=cast.organisation, type="recording.ready", subject=cast.organisation, data=READY
    )
    assert event.pk.startswith("evt_")
    assert (event.subject_type, event.subject_id) == ("organisation", cast.organisation.pk)
    assert event.due_at is None


def test_it_is_not_kept_when_the_thing_itself_is_not():
    cast = make_cast()
    with pytest.raises(RuntimeError), transaction.atomic():
        record_event(organisation=cast.organisation, type="recording.ready", subject=cast.ada, data=READY)
        raise RuntimeError
    assert not Event.objects.of(cast.organisation).exists()


@pytest.mark.parametrize(("type", "data"), [("call.exploded", {}), ("recording.ready", {"call_id": "c"})])
def test_a_promise_cannot_be_broken(type, data):
    cast = make_cast()
    with pytest.raises(UnknownEvent):
        record_event(organisation=cast.organisation, type=type, subject=cast.ada, data=data)


@pytest.mark.parametrize("type", CATALOGUE)
def test_every_schema_is_one(type):
    Draft202012Validator.check_schema(CATALOGUE[type])
