"""What failed one call so far, whoever replies or the voice, and when that is enough."""

from __future__ import annotations

from patter.engines.pipeline.reply import Kind, Reply

MOST_FAILURES = 3
MOST_VOICE_FAILURES = 2


class Troubles:
    """Failures that follow each other; one success, and they are forgotten."""

    def __init__(self) -> None:
        self._answers = 0
        self._voices = 0

    def answered(self) -> None:
        """Whoever replies gave an answer, or is another from now on."""
        self._answers = 0

    def answer_failed(self) -> bool:
        """Whether that was the last time that they are asked."""
        self._answers += 1
        return self._answers >= MOST_FAILURES

    def voice_spoke(self, reply: Reply) -> None:
        if reply.kind is not Kind.SYSTEM:  # a phrase may be stored: it proves nothing
            self._voices = 0

    def voice_failed(self, reply: Reply) -> bool:
        """Whether the call cannot go on without this reply, or without a voice."""
        self._voices += 1
        return reply.closing or self._voices >= MOST_VOICE_FAILURES or _spoils_the_call(reply)


def asks_again(reply: Reply) -> bool:
    """Whether the caller is owed a word for an answer that was not spoken. After a greeting we listen."""
    broken = reply.speech.failed is not None and reply.tools.transfer is None
    return broken and reply.kind not in (Kind.SYSTEM, Kind.FIRST)


def _spoils_the_call(reply: Reply) -> bool:
    """An announcement that was not heard must not be passed over; a dead voice cannot carry a call."""
    return reply.kind is Kind.NOTICE or (reply.kind is Kind.FIRST and reply.speech.failed_for_good)
