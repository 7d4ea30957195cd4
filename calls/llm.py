"""``POST /llm/v1/{agent}/chat/completions``: where ElevenLabs gets the replies of an agent's handler.

OpenAI's protocol. The agent's key proves ElevenLabs, the call's token the call; neither needs the database,
and any web process may get the request: whoever carries the call is asked.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncIterator

import structlog
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from agents.reply_keys import is_reply_key
from calls.adapters.replies import ask_owner
from calls.live import live_calls
from calls.services.reply_tokens import read_reply_token
from patter.engines.convai.ask_line import AskRefusedError
from patter.engines.convai.completions import (
    CALL_HEADER,
    MOST_BODY_BYTES,
    BadCompletionError,
    Completion,
    CompletionStream,
    bearer_of,
    read_request,
    refusal,
    whole_answer,
)
from patter.engines.convai.serving import events_of, open_reply

logger = structlog.get_logger(__name__)

REFUSALS = {
    "not_carried": "This call is over, or nobody carries it.",
    "no_conversation": "This call has no conversation with ElevenLabs now.",
    "too_many_asks": "Too many requests for this call at once.",
}


@csrf_exempt
@require_POST
async def chat_completions(request: HttpRequest, agent_id: str) -> HttpResponseBase:
    """The reply to what the caller said last."""
    if not is_reply_key(agent_id, bearer_of(request.headers.get("authorization", ""))):
        return _refused(401, "invalid_api_key", "This is not the key of this agent.")
    token = read_reply_token(request.headers.get(CALL_HEADER, ""))
    if token is None or token.agent_id != agent_id:
        return _refused(401, "invalid_call", f"The header {CALL_HEADER} names no call of this agent.")
    if int(request.headers.get("content-length") or 0) > MOST_BODY_BYTES:
        return _refused(413, "too_large", "The request is larger than 1 MB.")
    try:
        completion = read_request(request.body)
    except BadCompletionError as error:
        return _refused(400, "invalid_request", f"The request cannot be used: {error}.")
    try:
        pieces = await _ask(token.call_id, completion)
    except AskRefusedError as refused:
        logger.warning("A reply was asked for in vain", call=token.call_id, reason=refused.code)
        return _refused(409, refused.code, REFUSALS.get(refused.code, "There is no reply."))
    return await _answered(completion, pieces)


async def _ask(call_id: str, completion: Completion) -> AsyncIterator[str]:
    """Here, where this process carries the call; else over the channel layer."""
    live = live_calls().carried(call_id)
    return await (open_reply(live.asks, completion) if live else ask_owner(call_id, completion))


async def _answered(completion: Completion, pieces: AsyncIterator[str]) -> HttpResponseBase:
    completion_id, created_at = f"chatcmpl-{uuid.uuid4().hex}", int(time.time())
    if not completion.stream:
        text = "".join([piece async for piece in pieces]).strip()
        return JsonResponse(whole_answer(completion_id, completion, created_at, text))
    stream = CompletionStream(completion_id, completion, created_at)
    response = StreamingHttpResponse(events_of(pieces, stream), content_type="text/event-stream")
    response["Cache-Control"] = "no-cache"
    response["X-Accel-Buffering"] = "no"  # a proxy must not wait for the whole answer
    return response


def _refused(status: int, code: str, message: str) -> HttpResponse:
    return JsonResponse(refusal(code, message), status=status)
