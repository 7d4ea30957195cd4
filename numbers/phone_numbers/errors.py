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


class WebhookUrlTaken(Conflict):
    """The events of the whole application go to somebody else at the carrier."""

    code = "webhook_url_taken"

    def __init__(self, webhook_url: str) -> None:
        super().__init__(
            f"This connection's events go to {webhook_url} now, and with them the calls of all its numbers. "
            "Send replace: true to send them to Patter instead."
        )
        self.webhook_url = webhook_url


class ConnectionTaken(Conflict):
    """The number's calls go to another connection at the carrier."""

    code = "connection_taken"

    def __init__(self, connection_id: str) -> None:
        super().__init__(
            f"This number's calls go to connection {connection_id} now. "
            "Send replace: true to send them to this carrier account's own instead."
        )


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
