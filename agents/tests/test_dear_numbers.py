"""The list of dear numbers against the numbering plans of the world."""

from __future__ import annotations

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from patter.bridge.dear_numbers import costs_more_than
from patter.bridge.transfers import TransferPolicy

COUNTRIES = "US GB DE AT CH FR ES IT NL BE DK SE NO FI PL PT IE AU NZ JP RU TR MX BR ZA".split()


def example(region: str, kind: int) -> str:
    number = phonenumbers.example_number_for_type(region, kind)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164) if number else ""


@pytest.mark.parametrize("region", COUNTRIES)
def test_a_whole_country_does_not_mean_its_premium_services(region):
    dear = example(region, PhoneNumberType.PREMIUM_RATE)
    prefix = f"+{phonenumbers.country_code_for_region(region)}"
    assert TransferPolicy(prefixes=(prefix,)).find(dear) is None


@pytest.mark.parametrize("kind", [PhoneNumberType.FIXED_LINE, PhoneNumberType.MOBILE])
def test_nobodys_ordinary_number_is_dear(kind):
    numbers = [one for region in phonenumbers.SUPPORTED_REGIONS if (one := example(region, kind))]
    assert len(numbers) > 200
    assert [one for one in numbers if costs_more_than(one, one[:2])] == []
