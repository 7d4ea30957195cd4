"""Telephone numbers as E.164, under the name that this app's users know it by."""

from patter_site.common.e164 import NotANumber, checked_e164, is_e164

__all__ = ["NotANumber", "checked_e164", "is_e164"]
