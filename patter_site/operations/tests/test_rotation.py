from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from agents.models import ProviderCredential
from patter_site.common.encryption import encrypt, is_current
from patter_site.common.fields import Ciphertext, associated_data
from patter_site.operations import rotation
from patter_site.testing import make_cast

pytestmark = pytest.mark.django_db
OLD, NEW = "o" * 40, "n" * 40


def make_secrets(count: int = 3) -> None:
    organisation = make_cast().organisation
    with override_settings(PATTER_ENCRYPTION_KEYS=[OLD]):
        for number in range(count):
            ProviderCredential.objects.create(
                organisation=organisation, provider="openai", api_key=f"secret {number}"
            )


def rows():
    return ProviderCredential.objects.unscoped("the test looks at everything").order_by("pk")


def stored() -> list[str]:
    return [row.__dict__["api_key"] for row in rows()]


def rotate(**options) -> str:
    out = StringIO()
    call_command("rotate_encryption", stdout=out, stderr=StringIO(), **options)
    return out.getvalue()


@override_settings(PATTER_ENCRYPTION_KEYS=[NEW, OLD])
def test_every_secret_moves_to_the_newest_key():
    make_secrets()
    assert "agents.ProviderCredential.api_key: 3 to rotate" in rotate(dry_run=True)
    assert not any(is_current(value) for value in stored())
    assert "agents.ProviderCredential.api_key: 3 rotated, 0 current" in rotate(batch=2)
    with override_settings(PATTER_ENCRYPTION_KEYS=[NEW]):
        assert sorted(row.api_key for row in rows()) == ["secret 0", "secret 1", "secret 2"]
    assert "0 rotated, 3 current" in rotate()


@override_settings(PATTER_ENCRYPTION_KEYS=[NEW, OLD])
def test_a_secret_that_was_replaced_meanwhile_does_not_come_back(monkeypatch):
    make_secrets(1)
    real = rotation.decrypt

    def replaced_meanwhile(value, associated):
        row = rows().get()
        fresh = Ciphertext(encrypt("fresh", associated_data(row, "api_key")))
        rows().update(api_key=fresh)
        return real(value, associated)

    monkeypatch.setattr(rotation, "decrypt", replaced_meanwhile)
    assert "0 rotated, 0 current, 1 changed meanwhile" in rotate()
    assert rows().get().api_key == "fresh"


@override_settings(PATTER_ENCRYPTION_KEYS=[NEW])
def test_what_no_key_opens_is_named_and_left_alone():
    make_secrets(1)
    before = stored()
    with pytest.raises(CommandError, match="1 secrets"):
        rotate()
    assert stored() == before


def test_all_encrypted_columns_are_found():
    names = {f"{model._meta.label}.{name}" for model, name in rotation.encrypted_columns()}
    assert {"agents.ProviderCredential.api_key", "numbers.CarrierAccount.auth_token"} <= names
