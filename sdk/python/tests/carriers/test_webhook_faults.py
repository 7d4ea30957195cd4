"""Webhooks: dropped, repeated, delayed, forged, replayed or told by a wrong clock, at both carriers."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import pytest

from patter.simulators.script import HangUp
from patter.simulators.telnyx import Faults as TelnyxFaults
from patter.simulators.twilio import Faults as TwilioFaults

SHORT = HangUp(at_ms=300)


@pytest.fixture
def names(line):
    """The stream's first word and the call's last one, in the carrier's own."""
    return line.word("stream-started", "streaming.started"), line.word("completed", "call.hangup")


async def test_each_webhook_comes_once(line, names):
    await line.ring(SHORT)
    assert [line.told.count(name) for name in names] == [1, 1]


@pytest.mark.parametrize(("fault", "times"), [("dropped_webhooks", 0), ("repeated_webhooks", 2)])
async def test_one_webhook_of_all(line, names, fault, times):
    started, ended = names
    call = await line.ring(SHORT, **{fault: ended})
    assert (line.told.count(started), line.told.count(ended)) == (1, times)
    assert len(call.of_kind("webhook_dropped")) == (1 if fault == "dropped_webhooks" else 0)


async def test_every_webhook_twice(line):
    await line.ring(SHORT, repeated_webhooks="*")
    assert line.told and all(line.told.count(name) == 2 for name in line.told)


async def test_what_is_late_is_overtaken(line, names):
    started, ended = names
    await line.ring(SHORT, delayed_webhooks=f"{started}=0.6")
    assert line.told.index(ended) < line.told.index(started)


async def test_a_clock_that_is_wrong(line, names):
    await line.ring(SHORT, clock_skew_s=-120)
    if line.carrier == "twilio":
        told = parsedate_to_datetime(line.bodies[names[1]]["Timestamp"]).timestamp()
    else:
        told = float(line.headers["telnyx-timestamp"])
        occurred = datetime.fromisoformat(line.bodies[names[1]]["occurred_at"]).timestamp()
        assert abs(occurred - told) < 10
    assert 110 < datetime.now(UTC).timestamp() - told < 140


async def test_a_forged_and_a_replayed_webhook(line):
    call = await line.ring(SHORT, forged_webhook=True, replayed_webhook=True)
    about = [fact.data["about"] for fact in call.of_kind("webhook")]
    assert about[0] == "forged" and about[-1] == "replayed"


@pytest.mark.parametrize("faults", [TwilioFaults, TelnyxFaults])
@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"rain": True}, "no such fault: rain"),
        ({"no_start": 1}, "wrong type"),
        ({"frame_ms": True}, "wrong type"),
        ({"dropped_webhooks": "call.forgotten"}, "no such webhook: call.forgotten"),
        ({"delayed_webhooks": "*"}, "name=seconds"),
    ],
)
def test_a_fault_that_cannot_be_is_explained(faults, given, says):
    with pytest.raises(ValueError, match=says):
        faults.parse(given)


def test_faults_in_the_words_of_a_command_line():
    words = ["no_start", "frame_ms=100", "late_webhook_s=0.5", "dropped_webhooks=completed,recording"]
    assert TwilioFaults.given_in(words) == {
        "no_start": True,
        "frame_ms": 100,
        "late_webhook_s": 0.5,
        "dropped_webhooks": "completed,recording",
    }
    for wrong in ("frame_ms", "no_start=maybe", "rain", "dropped_webhooks=rain"):
        with pytest.raises(ValueError):
            TwilioFaults.given_in([wrong])
