from __future__ import annotations

from functools import partial

import pytest

from calls.tasks import hang_up_lost_call
from calls.tests.cast import Twilio, make_number
from patter_site.testing import Cast, make_cast
from phone_numbers.tests.telnyx_server import telnyx_server
from phone_numbers.tests.twilio_server import twilio_server


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


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict]]:
    """What is published on the bus, instead of publishing it: as if somebody were in every group."""
    messages: list[tuple[str, dict]] = []
    monkeypatch.setattr("patter_site.common.bus._nobody_is_in", lambda group: False)
    monkeypatch.setattr("patter_site.common.bus._post", lambda call: call(_Layer(messages)))
    return messages


class _Layer:
    def __init__(self, messages: list[tuple[str, dict]]) -> None:
        self.messages = messages

    def group_send(self, group: str, message: dict) -> None:
        self.messages.append((group, message))


@pytest.fixture
def carrier(settings):
    """A Twilio that can be asked; it takes every call as CA100."""
    with twilio_server() as server:
        settings.PATTER_TWILIO_BASE_URL = server.base_url
        server.answer("POST", "/Calls.json", 201, {"sid": "CA100", "status": "queued"})
        yield server


@pytest.fixture
def telnyx_api(settings):
    """A Telnyx that can be asked; it takes every command."""
    with telnyx_server() as server:
        settings.PATTER_TELNYX_BASE_URL = server.base_url
        yield server


@pytest.fixture
def tasks_at_once(django_capture_on_commit_callbacks):
    """Tasks are carried out as soon as the door's transaction commits: ``with tasks_at_once():``."""
    conf = hang_up_lost_call.app.conf
    before, conf.task_always_eager = conf.task_always_eager, True
    yield partial(django_capture_on_commit_callbacks, execute=True)
    conf.task_always_eager = before
