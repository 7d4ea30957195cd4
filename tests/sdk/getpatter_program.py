"""A program for getpatter 0.4.4, run with nothing of ours in sight. It prints what it saw as JSON lines."""

import asyncio
import json
import os
import sys

import patter
from patter import IncomingMessage, Patter

OUT = sys.stdout


def say(kind: str, **facts: object) -> None:
    OUT.write(json.dumps({"kind": kind, **facts}, default=str) + "\n")
    OUT.flush()


async def on_message(msg: IncomingMessage) -> str:
    say("message", text=msg.text, caller=msg.caller, call_id=msg.call_id)
    return f"You said: {msg.text}"


async def on_call_start(data: dict) -> None:
    say("call_start", **data)


async def on_call_end(data: dict) -> None:
    say("call_end", **data)


async def main() -> None:
    say("version", version=patter.__version__)
    phone = Patter(api_key=os.environ["KEY"], backend_url=os.environ["SOCKETS"], rest_url=os.environ["REST"])
    agent = await phone.create_agent(name="Old", system_prompt="Be brief.", first_message="Hello.")
    changed = await phone.update_agent(agent["id"], system_prompt="Be very brief.")
    say("agents", made=agent, changed=changed, listed=await phone.list_agents())
    for _ in range(2):
        await phone.connect(
            on_message=on_message,
            on_call_start=on_call_start,
            on_call_end=on_call_end,
            provider="twilio",
            provider_key=os.environ["ACCOUNT"],
            provider_secret=os.environ["TOKEN"],
            number=os.environ["NUMBER"],
            stt=Patter.deepgram(api_key=os.environ["DEEPGRAM"]),
            tts=Patter.elevenlabs(api_key=os.environ["ELEVENLABS"], voice="rachel"),
        )
        if _ == 0:
            await phone._connection.disconnect()
    numbers = await phone.list_numbers()
    say("connected", numbers=numbers)
    await phone.call(
        to=os.environ["CALLEE"], first_message="Hi from the past.", from_number=os.environ["NUMBER"]
    )
    await asyncio.to_thread(sys.stdin.readline)
    calls = await phone.list_calls(limit=5)
    say("calls", listed=calls, first=await phone.get_call(calls[0]["id"]))
    assigned = await phone.assign_agent(numbers[0]["id"], agent["id"])
    await phone.delete_agent(agent["id"])
    say("assigned", number=assigned, left=await phone.list_agents())
    await phone.disconnect()


asyncio.run(main())
