"""What proves a request for a call's replies: only the call's own conversation at ElevenLabs has it.

It is given to the conversation as a secret variable and comes back in a header. Checked without the database;
it ends with the call, because nobody answers for a call that is over.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.core.signing import BadSignature, Signer

_signer = Signer(salt="patter.calls.reply-token", sep=".")


@dataclass(frozen=True, slots=True)
class ReplyToken:
    agent_id: str
    call_id: str


def issue_reply_token(*, agent_id: str, call_id: str) -> str:
    """For one call of one agent."""
    return _signer.sign(f"{agent_id}:{call_id}")


def read_reply_token(token: str) -> ReplyToken | None:
    """What a token says; None when it is not ours."""
    try:
        agent_id, _, call_id = _signer.unsign(token).partition(":")
    except BadSignature:
        return None
    return ReplyToken(agent_id, call_id)
