"""A new organisation with its first owner."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.text import slugify

from patter_site.accounts.actors import SYSTEM, Actor, person
from patter_site.accounts.models import Membership, Organisation, Role, User
from patter_site.accounts.services.api_keys import create_api_key
from patter_site.accounts.services.audit import record_audit
from patter_site.common.errors import Conflict, ValidationProblem
from patter_site.common.ids import make_id


@dataclass(frozen=True)
class Workspace:
    """``api_key`` is the key itself, shown now and never again."""

    organisation: Organisation
    owner: User
    api_key: str


def free_slug(name: str) -> str:
    """An address for an organisation: its name, with a tail when that is taken or reserved."""
    base = slugify(name)[:40].strip("-") or "workspace"
    if not Organisation.objects.filter(slug=base).exists():
        return base
    return f"{base}-{make_id('s')[-8:]}"


@transaction.atomic
def create_organisation(*, name: str, owner: User, actor: Actor | None = None) -> Organisation:
    """An organisation whose owner is a person that exists already."""
    organisation = _with_free_slug(name)
    Membership.objects.create(organisation=organisation, user=owner, role=Role.OWNER)
    record_audit(
        organisation=organisation,
        actor=actor or person(owner),
        action="organisation.created",
        subject_type="organisation",
        subject_id=organisation.pk,
    )
    return organisation


def _with_free_slug(name: str) -> Organisation:
    for _ in range(3):
        try:
            with transaction.atomic():
                return Organisation.objects.create(name=name, slug=free_slug(name))
        except IntegrityError:
            continue  # somebody took the same slug between the look and the insert
    raise Conflict("Could not find a free address for this organisation. Try again.")


@transaction.atomic
def sign_up(*, name: str, email: str, password: str) -> tuple[Organisation, User]:
    """A new person with a new organisation. Raises ValidationProblem, also when the e-mail is known."""
    email = email.strip().lower()
    user = User(email=email)
    try:
        user.clean_fields(exclude=["password"])
        validate_password(password, user)
    except ValidationError as error:
        fields = error.message_dict if hasattr(error, "error_dict") else {"password": error.messages}
        raise ValidationProblem(next(iter(fields.values()))[0], fields=fields) from None
    if User.objects.filter(email__iexact=email).exists():
        sentence = "There is an account with this e-mail address already. Sign in instead."
        raise ValidationProblem(sentence, fields={"email": [sentence]})
    user = User.objects.create_user(email, password)
    return create_organisation(name=name, owner=user), user


@transaction.atomic
def create_workspace(
    *, name: str, email: str, password: str | None, key_name: str = "Workspace"
) -> Workspace:
    """Organisation, owner and a full-scope key.

    For a known e-mail address: the same organisation, the given password, and a new key.
    """
    user = User.objects.filter(email__iexact=email.strip()).first()
    if user is None:
        user = User.objects.create_user(email.strip(), password)
    elif password is not None:
        user.set_password(password)
        user.save(update_fields=["password"])
    organisation = _owned_by(user) or create_organisation(name=name, owner=user, actor=SYSTEM)
    _, key = create_api_key(organisation=organisation, name=key_name, created_by=user)
    return Workspace(organisation, user, key)


def _owned_by(user: User) -> Organisation | None:
    owned = Membership.objects.unscoped("which organisation is theirs").filter(user=user, role=Role.OWNER)
    membership = owned.select_related("organisation").order_by("pk").first()
    return membership.organisation if membership else None
