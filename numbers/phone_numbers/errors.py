"""What this room refuses, as types: the doors turn them into answers."""

from __future__ import annotations


class NumberError(Exception):
    """Base of what this room refuses. ``code`` is for programs, the text for people."""

    code = "number_error"


class NumberTaken(NumberError):
    code = "number_taken"

    def __init__(self, number: str) -> None:
        super().__init__(f"{number} already belongs to this carrier account.")


class VoiceUrlTaken(NumberError):
    """The number's calls go to somebody else at the carrier."""

    code = "voice_url_taken"

    def __init__(self, voice_url: str) -> None:
        super().__init__(
            f"This number's calls go to {voice_url} now. Send replace: true to send them to Patter instead."
        )
        self.voice_url = voice_url


class CarrierRefused(NumberError):
    """The carrier said no, in its own words."""

    code = "carrier_error"

    def __init__(self, message: str, carrier_code: str | None = None) -> None:
        super().__init__(message)
        self.carrier_code = carrier_code


class NotConfigurable(NumberError):
    """Patter cannot set this up itself. The text says what to do instead."""

    code = "not_configurable"


class AccountInUse(NumberError):
    code = "carrier_account_in_use"

    def __init__(self, numbers: int) -> None:
        super().__init__(f"{numbers} number(s) hang on this carrier account. Delete them first.")
