from decimal import Decimal

import pytest

from billing.models import UsageRecord
from billing.services import record_usage
from patter_site.testing import make_cast


@pytest.fixture
def cast(db):
    return make_cast()


def use(cast, quantity=3, key="call_1:media_ms", **fields):
    given = {"subject_type": "call", "subject_id": "call_1", "meter": "media_ms", "unit": "ms", **fields}
    return record_usage(organisation=cast.organisation, quantity=quantity, idempotency_key=key, **given)


def test_usage_is_written_down(cast):
    row = use(cast, provider="twilio", simulated=True)
    assert (row.quantity, row.unit, row.provider, row.simulated) == (Decimal(3), "ms", "twilio", True)
    assert row.organisation == cast.organisation


def test_the_same_key_is_one_row_and_the_first_stays(cast):
    assert use(cast).pk == use(cast, quantity=99).pk
    assert UsageRecord.objects.of(cast.organisation).get().quantity == 3


def test_another_key_is_another_row(cast):
    use(cast)
    use(cast, key="call_1:tts_characters")
    assert UsageRecord.objects.of(cast.organisation).count() == 2
