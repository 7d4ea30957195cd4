"""Answering machine detection at Telnyx: what can be asked for. Data.

Source: the vendor's own package (telnyx 4.189, ``call_dial_params``). All modes tell beside the call, which
goes on meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping

from patter.errors import ConfigError

OFF = "disabled"
DEFAULT = "premium_ios_call_screening_detection"
MODES: Mapping[str, str] = {
    DEFAULT: "premium, and it tells of iOS call screening; then it begins anew behind the service",
    "premium": "a trained model: residence, business, machine, fax, silence; and the beep",
    "detect": "human or machine",
    "detect_beep": "human or machine, and the beep",
    "detect_words": "human or machine, and the beep or the end of 30 seconds",
    "greeting_end": "human or machine, and the end of the greeting",
    OFF: "nobody listens",
}


def checked_mode(mode: str) -> str:
    """The mode, or the default where it is empty. Raises ConfigError for one that Telnyx does not have."""
    if mode and mode not in MODES:
        raise ConfigError(f"Telnyx's answering machine detection is one of {', '.join(MODES)}, not {mode!r}.")
    return mode or DEFAULT
