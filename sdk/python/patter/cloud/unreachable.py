"""Why a platform is not reached, in a sentence that says what to change."""

from __future__ import annotations

import ssl

from patter.errors import ConnectError


def unreachable(address: str, option: str, error: Exception) -> ConnectError:
    """``option`` is the argument of ``Patter`` that holds the address."""
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLCertVerificationError):
        cause = cause.__cause__ or cause.__context__
    if cause is not None:
        return ConnectError(
            f"The certificate of {address} is not trusted here: {cause.verify_message}. If it is your own, "
            "name its file in SSL_CERT_FILE."
        )
    return ConnectError(f"{address} cannot be reached: {str(error).rstrip('.')}. Check {option}.")
