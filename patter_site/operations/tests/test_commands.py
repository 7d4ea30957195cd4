import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from patter_site.accounts.models import Organisation, User
from patter_site.accounts.services.api_keys import verify_api_key
from patter_site.common import doctor
from patter_site.common.doctor import bad, doctor_check

pytestmark = pytest.mark.django_db


def create(**options) -> dict:
    out = StringIO()
    given = {"name": "Ada's", "email": "ada@example.com", "password": "one", "json": True, **options}
    call_command("create_workspace", **given, stdout=out)
    return json.loads(out.getvalue())


def test_a_workspace_has_an_owner_and_a_full_key():
    made = create()
    grant = verify_api_key(made["api_key"])
    assert grant.organisation.pk == made["organisation"]
    assert "billing:read" in grant.scopes and "admin" in grant.scopes


def test_a_known_email_keeps_its_organisation_and_gets_the_password_and_a_new_key():
    first, second = create(), create(email="ADA@example.com", password="two", name="Other")
    assert first["organisation"] == second["organisation"]
    assert first["api_key"] != second["api_key"]
    assert verify_api_key(first["api_key"])
    assert User.objects.get().check_password("two")
    assert Organisation.objects.count() == 1


def test_what_is_no_email_is_refused():
    with pytest.raises(CommandError):
        create(email="ada")


def doctor_says(**options) -> tuple[str, int]:
    out = StringIO()
    try:
        call_command("doctor", stdout=out, **options)
    except SystemExit as left:
        return out.getvalue(), int(left.code or 0)
    return out.getvalue(), 0


def test_the_doctor_finds_a_healthy_installation(tmp_path):
    storage = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path}}
    with override_settings(STORAGES={"default": storage}):
        said, code = doctor_says()
    assert code == 0, said
    assert "All migrations are applied." in said


def test_the_doctor_says_how_to_mend_and_mends_when_asked(monkeypatch):
    broken = [True]
    monkeypatch.setattr(doctor, "_checks", {})

    @doctor_check("roof")
    def roof():
        if broken:
            yield bad("The roof leaks.", "Mend it.", fix=broken.clear)

    said, code = doctor_says()
    assert code == 1
    assert "WRONG" in said and "The roof leaks." in said and "Mend it." in said
    said, code = doctor_says(fix=True)
    assert code == 0 and "mending roof: The roof leaks." in said
    said, code = doctor_says(fix=True)
    assert code == 0 and "There is nothing that a program can mend." in said


def test_a_check_that_breaks_is_a_finding(monkeypatch):
    def broken():
        raise RuntimeError("no roof")

    monkeypatch.setattr(doctor, "_checks", {"roof": broken})
    said, code = doctor_says()
    assert code == 1
    assert "no roof" in said


def test_a_fix_that_fails_is_told_and_the_next_one_is_tried(monkeypatch):
    broken = [True]

    def refused():
        raise ValueError("The ladder is too short.")

    def house():
        yield bad("The roof leaks.", "Mend it.", fix=refused)
        if broken:
            yield bad("The door squeaks.", "Oil it.", fix=broken.clear)

    monkeypatch.setattr(doctor, "_checks", {"house": house})
    said, code = doctor_says(fix=True)
    assert code == 1 and "could not mend house: The ladder is too short." in said
    assert not broken and "WRONG  house:       The roof leaks." in said
