"""What people fill in about themselves and their keys."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from patter_site.accounts.models import User
from patter_site.accounts.throttle import forget_failures, note_failure, too_many_tries

SCOPE_NAMES = {
    "agents:read": _("Read agents"),
    "agents:write": _("Change agents"),
    "calls:read": _("Read calls"),
    "calls:write": _("Place and end calls"),
    "recordings:read": _("Hear recordings"),
    "campaigns:read": _("Read campaigns"),
    "campaigns:write": _("Run campaigns"),
    "numbers:read": _("Read numbers"),
    "numbers:write": _("Change numbers"),
    "webhooks:read": _("Read webhooks"),
    "webhooks:write": _("Change webhooks"),
    "billing:read": _("Read billing"),
    "admin": _("Manage people and keys"),
}


class SignInForm(forms.Form):
    email = forms.EmailField(
        label=_("E-mail"), widget=forms.EmailInput({"autocomplete": "username", "autofocus": True})
    )
    password = forms.CharField(
        label=_("Password"), strip=False, widget=forms.PasswordInput({"autocomplete": "current-password"})
    )
    user: User

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        email, password = values.get("email"), values.get("password")
        if not email or not password:
            return values
        if too_many_tries(self.request, email):
            raise forms.ValidationError(
                _("Too many tries. Wait fifteen minutes, then try again."), code="throttled"
            )
        user = authenticate(self.request, username=email, password=password)
        if not isinstance(user, User):
            note_failure(self.request, email)
            raise forms.ValidationError(
                _("This e-mail and password do not belong together. Check both, then try again."),
                code="wrong",
            )
        forget_failures(self.request, email)
        self.user = user
        return values


class ApiKeyForm(forms.Form):
    """``allowed`` are the scopes of the maker's role: a key never has more."""

    name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("Where it will be used, so that you know it again.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("It may"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Give a key only what its program needs."),
    )

    def __init__(self, allowed: frozenset[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["scopes"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(scope, name) for scope, name in SCOPE_NAMES.items() if scope in allowed]
        field.initial = [scope for scope in SCOPE_NAMES if scope in allowed]
