"""Whom a caller may be given to: what a model, or somebody who talks it into something, may ask for."""

from __future__ import annotations

import pytest

from patter.bridge.transfers import TransferPolicy, TransferTarget

SALES = TransferTarget("Sales", "+493012345678")
POLICY = TransferPolicy((SALES,), ("+4930", "+1212", "+449"))

WAYS_TO_SAY_IT = ["Sales", " sales ", "+493012345678", "+49 (30) 123-456/78", "+49.30.12345678"]
NOBODY = [
    *("", " ", "+", "anonymous", "112", "911", "+1911", "+49110", "00493099887766", "493099887766"),
    *("tel:+493099887766", "sip:+493099887766@evil.example", "+493099887766@evil.example"),
    *("+493099887766;ext=9", "+493099887766,,9", "+493099887766 ext. 9", "+493099887766#9"),
    *("+4930998877661234567", "+493012", "+1213 555 0100", "+12 12", "++4930998877", "+٤٩٣٠٩٩٨٨٧٧٦٦"),
    *("+493099887766\n+1900555", "Sales\x00", "+4930 9988\u200b7766", "-+493099887766x"),
]


@pytest.mark.parametrize("asked", WAYS_TO_SAY_IT)
def test_a_target_by_its_name_or_its_number(asked):
    assert POLICY.find(asked) == SALES


@pytest.mark.parametrize("asked", ["+4930 99887766", "+1 (212) 555-0100", "+449061234567"])
def test_a_number_that_a_prefix_allows(asked):
    found = POLICY.find(asked)
    plain = asked.translate({ord(sign): None for sign in " ()-"})
    assert found is not None and found.number == found.name == plain


@pytest.mark.parametrize("asked", NOBODY)
def test_what_is_no_number_that_is_allowed_calls_nobody(asked):
    assert POLICY.find(asked) is None
    assert "cannot be transferred" in POLICY.refusal(asked)


DEAR = [("+44", "+449061234567"), ("+88", "+881612345678"), ("+97", "+979123456789")]


@pytest.mark.parametrize(("prefix", "number"), DEAR)
def test_what_costs_more_needs_a_prefix_or_a_target_of_its_own(prefix, number):
    assert TransferPolicy(prefixes=(prefix,)).find(number) is None
    refusal = TransferPolicy(prefixes=(prefix,)).refusal(number)
    assert f"The prefix {prefix} does not mean premium" in refusal and f"begin with {prefix}." in refusal
    assert TransferPolicy(prefixes=(number[:6],)).find(number) is not None
    assert TransferPolicy((TransferTarget("hotline", number),)).find(number) is not None


def test_an_ordinary_number_is_not_refused_as_a_dear_one():
    assert POLICY.refusal("+13105550100") == (
        "Callers cannot be transferred to '+13105550100'. "
        "Possible: 'Sales', numbers that begin with +4930 or +1212 or +449."
    )
    assert TransferPolicy().refusal("sales").endswith("This agent has no transfer targets.")
