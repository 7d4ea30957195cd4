"""Carrier accounts and numbers, for support."""

from __future__ import annotations

from django.contrib import admin

from patter_site.common.admin import ReadOnlyAdmin
from phone_numbers.models import CarrierAccount, PhoneNumber


@admin.register(CarrierAccount)
class CarrierAccountAdmin(ReadOnlyAdmin):
    """Tokens and keys are on no page."""

    list_display = [
        "id",
        "carrier",
        "name",
        "account_sid",
        "owner",
        "organisation",
        "checked_at",
        "check_error",
    ]
    list_filter = ["carrier", "owner", "simulated"]
    list_select_related = ["organisation"]
    search_fields = ["=id", "name", "=account_sid", "=organisation__id", "organisation__name"]
    ordering = ["-id"]
    exclude = ["auth_token", "api_key"]


@admin.register(PhoneNumber)
class PhoneNumberAdmin(ReadOnlyAdmin):
    list_display = ["id", "number", "label", "organisation", "agent", "carrier_account"]
    list_select_related = ["organisation", "agent", "carrier_account"]
    search_fields = ["=id", "number", "label", "=organisation__id", "organisation__name", "agent__name"]
    ordering = ["-id"]
