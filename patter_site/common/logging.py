"""Logs: a static sentence with named values, JSON in production, readable while developing.

Never speech, prompts, digits, phone numbers or keys. The processor below is the net under that rule, not
the rule itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

Event = MutableMapping[str, Any]

SENSITIVE = frozenset(
    {
        *(
            "api_key",
            "auth_token",
            "authorization",
            "cookie",
            "key",
            "password",
            "secret",
            "signature",
            "token",
        ),
        *("digit", "digits", "dtmf", "speech", "text", "transcript", "prompt", "utterance", "message_text"),
        *("caller", "callee", "from_number", "to_number", "number", "phone_number", "e164", "email"),
        *("body", "headers", "payload", "history", "variables"),
    }
)
SECRETS = re.compile(
    r"pt_[0-9a-z]{20,}|(?i:bearer\s+\S+)"
    # Numbers, also as addresses have them.
    r"|(?:(?<![\w.])\+|%2[Bb])[1-9]\d{6,14}(?!\w)"
    # Keys of OpenAI, ElevenLabs and Telnyx, and those that sign webhooks: who refuses one may repeat it.
    r"|\bsk[-_][\w-]{20,}|\bKEY[0-9A-F]{16,}\w*|\bwhsec_[\w+/=]{16,}"
)
ROWS = re.compile(r"^((?:DETAIL|CONTEXT):).*$", re.MULTILINE)
"""PostgreSQL shows the row that it refuses, and what is in it is speech."""
CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]+")


def drop_sensitive(_logger: Any, _method: str, event: Event) -> Event:
    """Values of sensitive names go; keys and phone numbers inside other texts are blotted out."""
    for name, value in event.items():
        if name.lower() in SENSITIVE:
            event[name] = "[dropped]"
        elif name == "exception":  # a traceback is ours and has lines
            event[name] = SECRETS.sub("[dropped]", ROWS.sub(r"\1 [dropped]", str(value)))
        else:
            event[name] = _clean(value)
    return event


def _clean(value: Any) -> Any:
    """Without secrets, and on one line: a text may come from a client."""
    match value:
        case str():
            return CONTROL.sub(" ", SECRETS.sub("[dropped]", value))
        case Mapping():
            return {
                name: "[dropped]" if str(name).lower() in SENSITIVE else _clean(inner)
                for name, inner in value.items()
            }
        case list() | tuple() | set() | frozenset():
            return [_clean(inner) for inner in value]
        case _:
            return value


def shared_processors() -> list[Any]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        drop_sensitive,
    ]


def logging_config(*, debug: bool) -> dict[str, Any]:
    """For Django's ``LOGGING``. Sets structlog up too, so that both kinds of logger give the same lines."""
    structlog.configure(
        processors=[*shared_processors(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    plain = structlog.dev.plain_traceback
    renderer: Any = structlog.processors.JSONRenderer()
    if debug:
        renderer = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=plain)
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        "foreign_pre_chain": [structlog.stdlib.ExtraAdder(), *shared_processors()],
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": formatter},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "lines"}},
        "root": {"handlers": ["stderr"], "level": "INFO" if not debug else "WARNING"},
        "loggers": {
            "django": {"handlers": [], "level": "WARNING", "propagate": True},
            # Each refused request is an answer, not an event of ours.
            "django.request": {"level": "ERROR"},
            "django.server": {"handlers": [], "propagate": True},
            "uvicorn.access": {"level": "WARNING"},
            # These name addresses, and addresses hold phone numbers and tokens.
            "httpx": {"level": "WARNING"},
            "httpcore": {"level": "WARNING"},
            "websockets": {"level": "WARNING"},
            "celery": {"level": "WARNING"},
            "kombu": {"level": "WARNING"},
        },
    }
