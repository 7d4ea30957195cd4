"""Telephone numbers as E.164, with a sentence that helps when they are not."""

from __future__ import annotations

import phonenumbers


class NotANumber(ValueError):
    """This is not a telephone number in E.164. The text says what to change."""


def checked_e164(text: str) -> str:
    """The number in E.164, such as ``+41441234567``, without blanks and signs. Raises NotANumber."""
    text = text.strip()
    if not text.startswith("+"):
        raise NotANumber(
            f"Write it in E.164: + and the country code first, such as +14155550100, not {text[:30]!r}."
        )
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException as error:
        raise NotANumber(_sentence(error)) from None
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise NotANumber(_length_sentence(reason, text))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def is_e164(text: str) -> bool:
    try:
        return checked_e164(text) == text
    except NotANumber:
        return False


def _sentence(error: phonenumbers.NumberParseException) -> str:
    if error.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE:
        return "No country has this code. Write + and a country code first, such as +1 or +41."
    if error.error_type == phonenumbers.NumberParseException.TOO_LONG:
        return "This number has too many digits."
    return "This is not a telephone number. Write it in E.164, such as +14155550100."


def _length_sentence(reason: int, text: str) -> str:
    results = phonenumbers.ValidationResult
    if reason == results.TOO_SHORT:
        return f"{text} has too few digits for its country."
    if reason == results.TOO_LONG:
        return f"{text} has too many digits for its country."
    if reason == results.IS_POSSIBLE_LOCAL_ONLY:
        return f"{text} lacks its area code."
    return f"{text} is not a possible number in its country."
