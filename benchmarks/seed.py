"""The rows that the benchmark calls: a workspace with its keys, and a number for each preset and replier."""

from __future__ import annotations

import sys
from typing import Any

import django
import orjson

AGENTS = (
    ("pipeline", "model", "quick"),
    ("pipeline", "model", "balanced"),
    ("pipeline", "handler", "quick"),
    ("pipeline", "handler", "balanced"),
    ("realtime", "model", "realtime"),
)
"""Mode, who replies, and the preset: the row of barge-ins that its calls belong to."""


def seed(account_sid: str, auth_token: str) -> dict[str, Any]:
    """Make everything: ``api_key``, and ``numbers`` with what is behind each."""
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
    from agents.services import create_agent, create_credential
    from patter_site.accounts.models import Organisation
    from patter_site.accounts.services.api_keys import create_api_key
    from phone_numbers.services import create_carrier_account, create_number

    organisation = Organisation.objects.create(name="Benchmark", slug="benchmark")
    for provider in ("deepgram", "openai", "elevenlabs"):
        create_credential(organisation=organisation, provider=provider, api_key="bench")
    account = create_carrier_account(
        organisation=organisation,
        carrier="twilio",
        name="Benchmark",
        account_sid=account_sid,
        auth_token=auth_token,
    )
    numbers = []
    for index, (mode, reply_by, preset) in enumerate(AGENTS):
        config = realtime_config() if mode == "realtime" else agent_config(preset, reply_by)
        agent = create_agent(organisation=organisation, config=config)
        number = f"+1202555010{index}"
        create_number(organisation=organisation, number=number, carrier_account=account, agent=agent)
        numbers.append({"mode": mode, "reply_by": reply_by, "preset": preset, "number": number})
    _, api_key = create_api_key(organisation=organisation, name="Benchmark")
    return {"api_key": api_key, "numbers": numbers}


def realtime_config() -> dict[str, object]:
    return {
        "name": "Benchmark realtime",
        "mode": "realtime",
        "reply_by": "model",
        "system_prompt": "You answer the telephone of a restaurant.",
        "llm": {"provider": "openai", "options": {"silence_duration_ms": 200}},
    }


def agent_config(preset: str, reply_by: str) -> dict[str, object]:
    """As somebody would set an agent up, with the platform's own defaults."""
    return {
        "name": f"Benchmark {reply_by} {preset}",
        "reply_by": reply_by,
        "system_prompt": "You answer the telephone of a restaurant.",
        "stt": {"provider": "deepgram", "model": "nova-3"},
        "llm": {"provider": "openai", "model": "gpt-6-luna"},
        "tts": {"provider": "elevenlabs", "voice": "bench", "model": "eleven_flash_v2_5"},
        "turn_taking": {"preset": preset},
    }


if __name__ == "__main__":
    django.setup()
    sys.stdout.write(orjson.dumps(seed(*sys.argv[1:3])).decode() + "\n")
