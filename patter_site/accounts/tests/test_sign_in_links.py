from datetime import timedelta

import pytest

from patter_site.accounts.models import SignInLink
from patter_site.accounts.services.sign_in_links import create_sign_in_link, use_sign_in_link
from patter_site.testing import make_user

pytestmark = pytest.mark.django_db


def test_a_link_signs_in_once():
    ada = make_user("ada@example.com")
    token = create_sign_in_link(user=ada)
    assert use_sign_in_link(token) == ada
    assert use_sign_in_link(token) is None
    assert not SignInLink.objects.filter(token_hash=token).exists()


def test_an_old_link_or_that_of_a_closed_account_opens_nothing():
    ada = make_user("ada@example.com")
    old = create_sign_in_link(user=ada, valid_for=timedelta(seconds=-1))
    assert use_sign_in_link(old) is None
    token = create_sign_in_link(user=ada)
    ada.is_active = False
    ada.save()
    assert use_sign_in_link(token) is None
    assert use_sign_in_link("") is None
