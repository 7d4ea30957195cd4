"""A text column that is encrypted at rest and plain in Python."""

from __future__ import annotations

from typing import Any

from django.db import models

from patter_site.common.encryption import decrypt, encrypt


class Ciphertext(str):
    """What the database holds. Kept apart from plain text by its type."""


def associated_data(instance: models.Model, field_name: str) -> str:
    """Binds a ciphertext to its model, column, organisation and row."""
    organisation = getattr(instance, "organisation_id", None) or "-"
    return f"{instance._meta.label_lower}.{field_name}:{organisation}:{instance.pk}"


class _Decrypting:
    """Opens the ciphertext when the attribute is read, because only then the row is known."""

    def __init__(self, field: EncryptedTextField) -> None:
        self.field = field

    def __get__(self, instance: models.Model | None, owner: type | None = None) -> Any:
        if instance is None:
            return self
        name = self.field.attname
        if name not in instance.__dict__:
            instance.refresh_from_db(fields=[name])
        value = instance.__dict__[name]
        if isinstance(value, Ciphertext) and value:
            return decrypt(value, associated_data(instance, name))
        return value

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class EncryptedTextField(models.TextField):
    """Encrypted with AES-GCM; see ``encryption.py``. Cannot be filtered on or set by ``update()``."""

    descriptor_class = _Decrypting

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        setattr(cls, self.attname, _Decrypting(self))

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Ciphertext | None:
        return None if value is None else Ciphertext(value)

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        value = model_instance.__dict__.get(self.attname)
        if not value or isinstance(value, Ciphertext):
            return value
        sealed = Ciphertext(encrypt(value, associated_data(model_instance, self.attname)))
        model_instance.__dict__[self.attname] = sealed
        return sealed

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        if value and not isinstance(value, Ciphertext):
            raise TypeError(f"{self.name} is encrypted: save the instance instead of using update().")
        return super().get_db_prep_save(value, connection)
