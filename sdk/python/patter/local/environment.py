"""Keys and addresses that were not given as arguments: from the environment, else from a file ``.env``.

Only the names listed here are read from the file, and nothing is put into the process's environment.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path

from patter.errors import ConfigError
from patter.options import LocalOptions, checked_number

NAMES = {
    "twilio_sid": "TWILIO_ACCOUNT_SID",
    "twilio_token": "TWILIO_AUTH_TOKEN",
    "telnyx_key": "TELNYX_API_KEY",
    "telnyx_public_key": "TELNYX_PUBLIC_KEY",
    "telnyx_connection_id": "TELNYX_CONNECTION_ID",
    "telnyx_detection": "PATTER_TELNYX_DETECTION",
    "openai_key": "OPENAI_API_KEY",
    "deepgram_key": "DEEPGRAM_API_KEY",
    "elevenlabs_key": "ELEVENLABS_API_KEY",
    "phone_number": "PATTER_PHONE_NUMBER",
    "webhook_url": "PATTER_PUBLIC_URL",
}
"""An option of ``Patter(...)`` and the name under which the environment has it."""
CARRIER_NAMES = {
    "twilio": ("twilio_sid", "twilio_token"),
    "telnyx": ("telnyx_key", "telnyx_public_key", "telnyx_connection_id", "telnyx_detection"),
}
BASE_URLS = {
    provider: f"PATTER_{provider.upper()}_BASE_URL"
    for provider in ("openai", "deepgram", "elevenlabs", "twilio", "telnyx")
}


def read_environment(directory: Path | None = None) -> dict[str, str]:
    """The variables that local mode knows. What the process was started with wins over the file."""
    known = {*NAMES.values(), *BASE_URLS.values()}
    path = (directory or Path.cwd()) / ".env"
    try:
        found = parse_env(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        found = {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}") from None
    return {name: value for name, value in {**found, **os.environ}.items() if name in known and value}


def parse_env(text: str) -> dict[str, str]:
    """``NAME=value`` a line; ``#`` begins a comment; quotes and a leading ``export`` are taken off."""
    found = {}
    for line in text.splitlines():
        name, given, value = line.strip().removeprefix("export ").partition("=")
        if not given or name.startswith("#"):
            continue
        value = value.strip()
        if value[:1] in ("'", '"') and value[0] in value[1:]:
            value = value[1 : value.index(value[0], 1)]
        else:
            value = value.partition(" #")[0].rstrip()
        found[name.strip()] = value
    return found


def completed(options: LocalOptions, environment: Mapping[str, str]) -> LocalOptions:
    """What was left out, from the environment; no keys of another carrier than the one that was given."""
    others = [names for carrier, names in CARRIER_NAMES.items() if options.carrier not in ("", carrier)]
    left_out = {name for names in others for name in names}
    missing = {
        each.name: environment[NAMES[each.name]]
        for each in fields(options)
        if each.name in NAMES and each.name not in left_out
        if not getattr(options, each.name) and NAMES[each.name] in environment
    }
    if "phone_number" in missing:
        missing["phone_number"] = checked_number(NAMES["phone_number"], missing["phone_number"])
    return replace(options, **missing)
