"""Tenants are kept apart in the query itself.

A tenant's table is read with ``Model.objects.of(organisation)``. What really spans tenants says why:
``Model.objects.unscoped("the sweep looks at every organisation")``. The bare forms raise, so that a
forgotten filter fails in the first test instead of leaking.
"""

from __future__ import annotations

from typing import Any, NoReturn, TypeVar

from django.db import models

M = TypeVar("M", bound=models.Model)


class UnscopedQuery(RuntimeError):
    """A tenant's table was read without naming the tenant."""


class TenantManager(models.Manager[M]):
    """The only public way into a tenant's table."""

    def of(self, organisation: models.Model | str) -> models.QuerySet[M]:
        """The rows of one organisation."""
        key = organisation if isinstance(organisation, str) else organisation.pk
        return super().get_queryset().filter(organisation_id=key)

    def unscoped(self, reason: str) -> models.QuerySet[M]:
        """The rows of all organisations; ``reason`` says why that is right here."""
        if not reason:
            raise UnscopedQuery("Say why this query may span organisations.")
        return super().get_queryset()

    def create(self, **fields: Any) -> M:
        if not (fields.get("organisation") or fields.get("organisation_id")):
            raise UnscopedQuery(f"{self.model.__name__} needs an organisation.")
        return super().get_queryset().create(**fields)

    def bulk_create(self, objs: Any, *args: Any, **kwargs: Any) -> list[M]:
        return super().get_queryset().bulk_create(objs, *args, **kwargs)

    def _refuse(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise UnscopedQuery(f"Use {self.model.__name__}.objects.of(organisation) or .unscoped(reason).")

    all = get = filter = exclude = first = last = count = exists = update = delete = order_by = _refuse
    values = values_list = get_or_create = update_or_create = in_bulk = aggregate = annotate = _refuse
    select_related = prefetch_related = earliest = latest = none = iterator = only = defer = _refuse


class TenantRow(models.Model):
    """Gives a table its guarded manager. ``_rows`` comes first: Django's own machinery (reverse
    relations, constraint checks, the admin) uses the first manager, and needs a plain one."""

    _rows: models.Manager[Any] = models.Manager()
    objects: TenantManager[Any] = TenantManager()

    class Meta:
        abstract = True


class TenantModel(TenantRow):
    """A row that belongs to one organisation."""

    organisation = models.ForeignKey("accounts.Organisation", on_delete=models.CASCADE, related_name="+")

    class Meta:
        abstract = True
