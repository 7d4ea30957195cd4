from __future__ import annotations

import pytest

from patter_site.testing import Cast, make_cast
from phone_numbers.tests.twilio_server import twilio_server


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def carrier(settings):
    with twilio_server() as server:
        settings.PATTER_TWILIO_BASE_URL = server.base_url
        yield server
