"""What this room refuses."""

from __future__ import annotations

from patter_site.common.errors import ApiProblem, Conflict


class NumberTaken(Conflict):
    code = "number_taken"

    def __init__(self, number: str) -> None:
        super().__init__(f"{number} already belongs to this carrier account.")


class NumberBound(Conflict):
    """An agent of somebody's answers this number already."""

    code = "number_bound"

    def __init__(self, number: str, agent: str) -> None:
        super().__init__(
            f"The agent {agent!r} answers {number}. Send replace: true to take the number over from it."
        )


class VoiceUrlTaken(Conflict):
    """The number's calls go to somebody else at the carrier."""

    code = "voice_url_taken"

    def __init__(self, voice_url: str) -> None:
        super().__init__(
            f"This number's calls go to {voice_url} now. Send replace: true to send them to Patter instead."
        )
        self.voice_url = voice_url


class CarrierRefused(ApiProblem):
    """The carrier said no, in its own words."""

    status = 502
    code = "carrier_error"


class NotConfigurable(Conflict):
    """Patter cannot set this up itself. The text says what to do instead."""

    code = "not_configurable"


class AccountInUse(Conflict):
    code = "carrier_account_in_use"

    def __init__(self, numbers: int) -> None:
        super().__init__(f"{numbers} number(s) hang on this carrier account. Delete them first.")
