"""One account at a carrier that two organisations have entered: the doctor says what that means."""

import pytest

from patter_site.testing import make_cast
from phone_numbers.services import create_carrier_account, create_number
from phone_numbers.shared_accounts import check_shared_accounts

pytestmark = pytest.mark.django_db
TWILIO = {"carrier": "twilio", "account_sid": "AC00000000000000000000000000000001", "auth_token": "t" * 32}
TELNYX = {"carrier": "telnyx", "api_key": "KEY", "public_key": "", "connection_id": "149440475714"}


@pytest.mark.parametrize("given", [TWILIO, TELNYX], ids=["twilio", "telnyx"])
def test_who_is_meant_is_said(given):
    cast = make_cast()
    ours = create_carrier_account(organisation=cast.organisation, **given)
    assert list(check_shared_accounts()) == []
    theirs = create_carrier_account(organisation=cast.other, **given)
    [finding] = check_shared_accounts()
    assert finding.level == "warn" and {ours.pk, theirs.pk} <= set(finding.says.replace(",", "").split())
    assert "are refused" not in finding.says
    for account in (ours, theirs):
        create_number(organisation=account.organisation, number="+12025550111", carrier_account=account)
    [finding] = check_shared_accounts()
    assert "calls to 1 of their numbers, which several have, are refused" in finding.says


def test_two_accounts_are_two():
    cast = make_cast()
    create_carrier_account(organisation=cast.organisation, **TWILIO)
    create_carrier_account(organisation=cast.other, **{**TWILIO, "account_sid": "AC" + "2" * 32})
    create_carrier_account(organisation=cast.other, **TELNYX)
    assert list(check_shared_accounts()) == []
