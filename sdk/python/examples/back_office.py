"""The REST interface from Python, with types: set up an agent that a model answers for, and place a call.

    PATTER_API_KEY=pt_… python back_office.py +14155550100 +14155551234

`mypy --strict` knows every field: what is misspelt here does not pass `./dev check`.
"""

from __future__ import annotations

import asyncio
import sys

from patter import ApiError, Patter, rows

AGENT: rows.AgentCreate = {
    "name": "Reminder",
    "reply_by": "model",
    "stt": {"provider": "deepgram", "language": "en"},
    "llm": {"provider": "openai"},
    "tts": {"provider": "elevenlabs", "voice": "rachel"},
    "system_prompt": "Remind {name} of the appointment tomorrow, and say goodbye.",
    "variables": {"name": "the caller"},
}


async def agent_named(phone: Patter, name: str) -> rows.Agent | None:
    async for agent in phone.rest.agents.all():
        if agent["name"] == name:
            return agent
    return None


async def remind(phone: Patter, own: str, to: str) -> None:
    agent = await agent_named(phone, AGENT["name"]) or await phone.rest.agents.create(**AGENT)
    call = await phone.call(to, from_number=own, agent=agent["id"], variables={"name": "Jane"}, wait=True)
    print(f"{call.id} ended: {call.reason}")
    for turn in await phone.rest.calls.transcript(call.id):
        print(f"{turn['started_ms'] / 1000:6.1f}  {turn['role']:<10} {turn['text']}")


async def main() -> None:
    phone = Patter()
    try:
        await remind(phone, *sys.argv[1:3])
    except ApiError as refused:
        print(f"{refused} ({refused.code}, request {refused.request_id})")
        for field, sentences in refused.fields.items():
            print(f"  {field}: {' '.join(sentences)}")
    finally:
        await phone.disconnect()


if __name__ == "__main__":
    asyncio.run(main())
