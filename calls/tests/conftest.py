from __future__ import annotations

import pytest

from calls.testing import Twilio, make_number
from patter_site.testing import Cast, make_cast


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def number(cast: Cast):
    """Ada's number at Ada's Twilio account, answered by Ada's agent."""
    return make_number(cast.organisation)


@pytest.fixture
def twilio(number) -> Twilio:
    return Twilio(number.carrier_account)
