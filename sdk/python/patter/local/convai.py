"""ElevenLabs agents in local mode: set up when ``serve()`` begins, and where they get a handler's replies."""

from __future__ import annotations

import hmac
import logging
import time
import uuid
from collections.abc import Awaitable, Callable
from hashlib import sha256

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from patter.bridge.plan import CallPlan
from patter.engines.convai.ask_line import AskRefusedError
from patter.engines.convai.completions import (
    CALL_HEADER,
    MOST_BODY_BYTES,
    BadCompletionError,
    CompletionStream,
    bearer_of,
    read_request,
    refusal,
    whole_answer,
)
from patter.engines.convai.provision import Account
from patter.engines.convai.serving import events_of, open_reply
from patter.engines.convai.wanted_agent import Finding, Wanted
from patter.errors import ConfigError, EngineError
from patter.local.call import LocalCall
from patter.local.calls import LocalCalls
from patter.types import Agent

logger = logging.getLogger("patter")
Confirm = Callable[[str], Awaitable[bool]]


def reply_key(api_key: str, agent_id: str) -> str:
    """What the ElevenLabs agent sends as its bearer token: the same after every start."""
    proof = hmac.new(api_key.encode(), f"patter.reply-key:{agent_id}".encode(), sha256)
    return f"llm_{proof.hexdigest()}"


# -- setting up -------------------------------------------------------------------------------


async def set_up_agent(agent: Agent, plan: CallPlan, base_url: str, confirm: Confirm) -> str:
    """Look whether the ElevenLabs agent is as calls need it, and mend it where that is confirmed.

    Gives a sentence for whoever serves where something is left to do. Raises ConfigError for an agent or
    a key that ElevenLabs does not know.
    """
    spec = plan.speech
    assert spec is not None and spec.api_key is not None, "plan_of saw to it"
    agent_id = str(spec.options["agent_id"])
    wanted = _wanted(agent, plan, base_url)
    account = Account(spec.api_key, spec.base_url)
    try:
        found: list[Finding] = await account.check(agent_id, wanted)
        if found and await confirm(
            f"The ElevenLabs agent {agent_id} has {len(found)} settings that do not suit calls. Change them?"
        ):
            found = list((await account.provision(agent_id, wanted)).left)
    except EngineError as error:
        if error.permanent:
            raise ConfigError(f"{error}. Check elevenlabs_key and convai_agent_id.") from error
        return f"The ElevenLabs agent could not be checked ({error})."
    if not found:
        return ""
    sentences = "\n".join(f"- {finding.sentence}" for finding in found)
    return f"Change this in the ElevenLabs agent {agent_id}, or serve(replace=True):\n{sentences}"


def _wanted(agent: Agent, plan: CallPlan, base_url: str) -> Wanted:
    assert plan.speech is not None
    agent_id, by_handler = str(plan.speech.options["agent_id"]), plan.reply_by == "handler"
    return Wanted(
        name="",
        language=plan.language,
        voice=agent.voice or "",
        keyterms=agent.keyterms,
        tools=() if by_handler else plan.tools,
        first_message_interruptible=plan.turn_taking.first_message_interruptible,
        max_duration_s=plan.turn_taking.max_duration_s,
        reply_url=f"{base_url}/llm/v1/{agent_id}" if by_handler else "",
        reply_key=reply_key(plan.speech.api_key or "", agent_id) if by_handler else "",
    )


# -- replies ----------------------------------------------------------------------------------


class ReplyDoor:
    """``POST /llm/v1/{agent}/chat/completions``, in OpenAI's protocol."""

    def __init__(self, calls: LocalCalls) -> None:
        self._calls = calls

    def routes(self) -> list[BaseRoute]:
        return [Route("/llm/v1/{agent_id}/chat/completions", self._completions, methods=["POST"])]

    async def _completions(self, request: Request) -> Response:
        agent_id = request.path_params["agent_id"]
        call = self._proven(request, agent_id)
        if call is None:
            return _refused(401, "unauthorized", "This names no call of this agent.")
        if int(request.headers.get("content-length") or 0) > MOST_BODY_BYTES:
            return _refused(413, "too_large", "The request is larger than 1 MB.")
        try:
            completion = read_request(await request.body())
            pieces = await open_reply(call.asks, completion)
        except BadCompletionError as error:
            return _refused(400, "invalid_request", f"The request cannot be used: {error}.")
        except AskRefusedError as refused:
            logger.warning("A reply was asked for in vain: %s", refused.code, extra={"call": call.id})
            return _refused(409, refused.code, "This call has no conversation now.")
        completion_id, created_at = f"chatcmpl-{uuid.uuid4().hex}", int(time.time())
        if not completion.stream:
            text = "".join([piece async for piece in pieces]).strip()
            return JSONResponse(whole_answer(completion_id, completion, created_at, text))
        stream = CompletionStream(completion_id, completion, created_at)
        return StreamingResponse(events_of(pieces, stream), media_type="text/event-stream")

    def _proven(self, request: Request, agent_id: str) -> LocalCall | None:
        """The call that the request proves itself for: with its agent's key and its own token."""
        key = bearer_of(request.headers.get("authorization", ""))
        token = request.headers.get(CALL_HEADER, "")
        for call in self._calls.live:
            spec = call.plan.speech
            if spec is None or spec.options.get("agent_id") != agent_id:
                continue
            expected = str(spec.options.get("call_token", ""))
            mine = bool(expected) and hmac.compare_digest(token.encode(), expected.encode())
            if mine and hmac.compare_digest(key.encode(), reply_key(spec.api_key or "", agent_id).encode()):
                return call
        return None


def _refused(status: int, code: str, message: str) -> Response:
    return JSONResponse(refusal(code, message), status)
