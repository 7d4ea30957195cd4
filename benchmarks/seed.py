"""The rows that the benchmark calls: one workspace, keys for the providers, a number for each preset."""

from __future__ import annotations

import sys

import django
import orjson


def seed(account_sid: str, auth_token: str) -> dict[str, str]:
    """Make everything; number by preset."""
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
    from agents.services import create_agent, create_credential
    from patter_site.accounts.models import Organisation
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
    numbers = {}
    for index, preset in enumerate(("quick", "balanced")):
        agent = create_agent(organisation=organisation, config=agent_config(preset))
        numbers[preset] = f"+1202555010{index}"
        create_number(organisation=organisation, number=numbers[preset], carrier_account=account, agent=agent)
    agent = create_agent(organisation=organisation, config=realtime_config())
    numbers["realtime"] = "+12025550109"
    create_number(organisation=organisation, number=numbers["realtime"], carrier_account=account, agent=agent)
    return numbers


def realtime_config() -> dict[str, object]:
    return {
        "name": "Benchmark realtime",
        "mode": "realtime",
        "reply_by": "model",
        "system_prompt": "You answer the telephone of a restaurant.",
        "llm": {"provider": "openai", "options": {"silence_duration_ms": 200}},
    }


def agent_config(preset: str) -> dict[str, object]:
    """As somebody would set an agent up, with the platform's own defaults."""
    return {
        "name": f"Benchmark {preset}",
        "reply_by": "model",
        "system_prompt": "You answer the telephone of a restaurant.",
        "stt": {"provider": "deepgram", "model": "nova-3"},
        "llm": {"provider": "openai", "model": "gpt-6-luna"},
        "tts": {"provider": "elevenlabs", "voice": "bench", "model": "eleven_flash_v2_5"},
        "turn_taking": {"preset": preset},
    }


if __name__ == "__main__":
    django.setup()
    sys.stdout.write(orjson.dumps(seed(*sys.argv[1:3])).decode() + "\n")
