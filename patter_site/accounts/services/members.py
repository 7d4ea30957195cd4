"""People of an organisation. It always keeps an owner, and nobody gives a role above their own."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from patter_site.accounts.actors import Actor
from patter_site.accounts.models import ApiKey, Membership, Organisation, Role, User
from patter_site.accounts.roles import at_least
from patter_site.accounts.services.audit import record_audit
from patter_site.common.errors import Conflict, NotAllowed, ValidationProblem


@transaction.atomic
def add_member(
    *, organisation: Organisation, email: str, role: str, actor: Actor, by_role: str = Role.OWNER
) -> Membership:
    """Make a person a member; one who has no account yet gets one that opens by a sign-in link.

    ``by_role`` is the role of who asks. Raises NotAllowed, ValidationProblem for a member.
    """
    _refuse_above(by_role, role)
    user = User.objects.filter(email__iexact=email.strip()).first()
    user = user or User.objects.create_user(email.strip(), None)
    if Membership.objects.of(organisation).filter(user=user).exists():
        sentence = "This person is a member already."
        raise ValidationProblem(sentence, fields={"email": [sentence]})
    membership: Membership = Membership.objects.create(organisation=organisation, user=user, role=role)
    _note(membership, actor, "member.added", {"role": role})
    return membership


@transaction.atomic
def change_role(*, membership: Membership, role: str, actor: Actor, by_role: str = Role.OWNER) -> Membership:
    """Raises NotAllowed above one's own role, Conflict for the last owner."""
    _refuse_above(by_role, role, membership.role)
    locked = _locked(membership)
    if locked.role == role:
        return locked
    _keep_an_owner(locked, role)
    before, locked.role = locked.role, role
    locked.save(update_fields=["role"])
    _note(locked, actor, "member.role_changed", {"from": before, "to": role})
    return locked


@transaction.atomic
def remove_member(*, membership: Membership, actor: Actor, by_role: str = Role.OWNER) -> None:
    """The person's keys of this organisation end with the membership."""
    _refuse_above(by_role, membership.role)
    locked = _locked(membership)
    _keep_an_owner(locked, "")
    keys = ApiKey.objects.of(locked.organisation_id).filter(created_by=locked.user_id, revoked_at=None)
    revoked = keys.update(revoked_at=timezone.now())
    _note(locked, actor, "member.removed", {"role": locked.role, "keys_revoked": revoked})
    locked.delete()


def _refuse_above(by_role: str, *roles: str) -> None:
    if not all(at_least(by_role, role) for role in roles):
        raise NotAllowed(f"A role above {by_role} can only be given or taken by one that has it.")


def _locked(membership: Membership) -> Membership:
    # All memberships of the organisation: two owners who leave at once must not both succeed.
    rows = (
        Membership.objects.of(membership.organisation_id)
        .select_for_update(of=("self",))
        .select_related("user")
    )
    found: Membership | None = {row.pk: row for row in rows.order_by("pk")}.get(membership.pk)
    if found is None:
        raise Conflict("This person is no longer a member.")
    return found


def _keep_an_owner(membership: Membership, new_role: str) -> None:
    if membership.role != Role.OWNER or new_role == Role.OWNER:
        return
    others = Membership.objects.of(membership.organisation_id).filter(role=Role.OWNER)
    if not others.exclude(pk=membership.pk).exists():
        raise Conflict("This is the last owner. Make another person an owner first.", code="last_owner")


def _note(membership: Membership, actor: Actor, action: str, data: dict[str, object]) -> None:
    record_audit(
        organisation=membership.organisation,
        actor=actor,
        action=action,
        subject_type="member",
        subject_id=membership.pk,
        data={"user": membership.user_id, **data},
    )
