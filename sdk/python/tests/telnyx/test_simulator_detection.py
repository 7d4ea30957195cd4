"""What each mode of answering machine detection tells about each kind of answer, in Telnyx's own words."""

from __future__ import annotations

import pytest

from patter.carriers.telnyx import commands
from patter.carriers.telnyx.detection import DEFAULT, MODES, checked_mode
from patter.errors import ConfigError
from patter.simulators.telnyx.detection import MACHINES, webhooks_of

VERDICT, GREETING = "call.machine.premium.detection.ended", "call.machine.premium.greeting.ended"
STANDARD, STANDARD_GREETING = "call.machine.detection.ended", "call.machine.greeting.ended"
SCREENED = "call.machine.premium.call_screening.detected"
IOS = "premium_ios_call_screening_detection"


@pytest.mark.parametrize(
    ("mode", "machine", "told"),
    [
        ("premium", "human", [(VERDICT, "human_residence")]),
        ("premium", "business", [(VERDICT, "human_business")]),
        ("premium", "machine", [(VERDICT, "machine")]),
        ("premium", "machine-beep", [(VERDICT, "machine"), (GREETING, "beep_detected")]),
        ("premium", "beep-only", [(GREETING, "beep_detected")]),
        ("premium", "not-sure", [(VERDICT, "not_sure")]),
        ("premium", "fax", [(VERDICT, "fax_detected")]),
        ("premium", "silence", [(VERDICT, "silence")]),
        ("premium", "screening", [(VERDICT, "machine")]),
        (IOS, "human", [(VERDICT, "human_residence")]),
        (IOS, "machine", [(VERDICT, "machine"), (GREETING, "prompt_ended")]),
        (
            IOS,
            "screening",
            [(VERDICT, "machine"), (SCREENED, "screening"), (VERDICT, "human_residence")],
        ),
        (IOS, "screening-machine", [(VERDICT, "machine"), (SCREENED, "screening"), (VERDICT, "machine")]),
        ("detect", "machine-beep", [(STANDARD, "machine")]),
        ("detect_beep", "machine-beep", [(STANDARD, "machine"), (STANDARD_GREETING, "beep_detected")]),
        ("detect_beep", "machine", [(STANDARD, "machine")]),
        ("detect_words", "machine", [(STANDARD, "machine"), (STANDARD_GREETING, "not_sure")]),
        ("greeting_end", "machine-beep", [(STANDARD, "machine"), (STANDARD_GREETING, "ended")]),
        ("greeting_end", "human", [(STANDARD, "human")]),
        ("disabled", "machine-beep", []),
    ],
)
def test_what_is_told(mode, machine, told):
    assert [(webhook.kind, webhook.result) for webhook in webhooks_of(mode, machine)] == told


@pytest.mark.parametrize("mode", MODES)
def test_every_kind_of_answer_is_told_in_order(mode):
    for machine in MACHINES:
        steps = [webhook.steps for webhook in webhooks_of(mode, machine)]
        assert steps == sorted(steps)
        assert bool(steps) is (mode != "disabled" and machine != "")


def test_a_mode_that_telnyx_does_not_have_is_said_before_it_is_asked():
    assert checked_mode("") == DEFAULT and checked_mode("detect_beep") == "detect_beep"
    with pytest.raises(ConfigError, match="greeting_end"):
        commands.dial(connection_id="1", to="+1", from_="+2", command_id="c", detection="clever")
