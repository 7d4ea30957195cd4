"""The errors that Patter raises.

* PatterError
  x ConfigError         something you gave us cannot work; the text says what to change
  x ApiError            a REST answer of 4xx or 5xx (status, code, fields, request_id, retry_after_s)
  x ConnectError        the platform could not be reached, or is not one that we can speak to
    + AuthError         it refused the API key
  x CarrierError        Twilio or Telnyx refused or failed (permanent says whether to try again)
  x EngineError         a speech, voice or model provider refused or failed
  x ToolError           a tool could not be run
"""

from __future__ import annotations

from collections.abc import Mapping


class PatterError(Exception):
    """Base of everything that Patter raises on purpose."""


class ConfigError(PatterError):
    """A setting that cannot work. The text says what to change."""


class ApiError(PatterError):
    """A REST answer that is not a success.

    Args:
        status: HTTP status of the answer.
        code: the machine-readable word of the error shape, such as ``not_found``; ``not_patter`` where
            something else answered.
        message: the sentence for a person, which says what to do.
        request_id: the id to give to support, when the server sent one.
        fields: what is wrong with single values: ``{"stt.model": ["A sentence."]}``.
        retry_after_s: when to try again, where the server says so.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        request_id: str | None = None,
        *,
        fields: Mapping[str, list[str]] | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.request_id = request_id
        self.fields = dict(fields or {})
        self.retry_after_s = retry_after_s


class ConnectError(PatterError):
    """The platform could not be reached, or what answers there is not a Patter that we can speak to."""


class AuthError(ConnectError):
    """The platform refused the API key. Trying again with the same key would not help."""


class ProviderError(PatterError):
    """Common part of the errors that somebody else's service caused."""

    def __init__(self, provider: str, message: str, *, permanent: bool, code: str | None = None) -> None:
        super().__init__(f"{provider}: {message}")
        self.provider = provider
        self.permanent = permanent
        self.code = code


class CarrierError(ProviderError):
    """A carrier refused or failed. ``permanent`` is false when the same request may work later."""


class EngineError(ProviderError):
    """A speech, voice or model provider refused or failed."""


class ToolError(PatterError):
    """A tool could not be run."""

    def __init__(self, message: str, *, permanent: bool) -> None:
        super().__init__(message)
        self.permanent = permanent
