"""What the system itself says, spoken beforehand in the agent's voice and kept per version.

A row per version is the job and its result. It is made when a version is published, or by the first call
of a version that has none; neither waits for it, and neither fails with it.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence

import structlog
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from agents.errors import AgentNotReady
from agents.models import Agent, AgentVersion, VersionPhrases
from agents.phrase_audio import PHRASE_AUDIO
from agents.plan import CallWishes, resolve_plan
from agents.selectors import version_of
from patter.bridge.discreet import blotted
from patter.bridge.plan import ProviderSpec
from patter.engines.phrasebook import chunks_of_phrases, record_phrase
from patter.engines.tts import open_tts
from patter.engines.web import close_clients
from patter.errors import PatterError
from patter_site.common.jobs import backoff_s, fail, finish, wake

logger = structlog.get_logger(__name__)

MOST_TRIES = 6


def phrase_path(version: AgentVersion, text: str) -> str:
    digest = hashlib.sha256(text.encode()).hexdigest()[:32]
    return f"phrases/{version.organisation_id}/{version.agent_id}/{version.number}/{digest}.ulaw"


def want_phrases(version: AgentVersion) -> None:
    """Have this version's phrases spoken soon. Harmless when they are already."""
    from agents.tasks import store_version_phrases  # it imports this module

    row, made = VersionPhrases.objects.of(version.organisation_id).get_or_create(
        version=version,
        defaults={"organisation_id": version.organisation_id, "due_at": timezone.now()},
    )
    if not made and row.state == VersionPhrases.State.FAILED:
        again = VersionPhrases.objects.of(version.organisation_id).filter(pk=row.pk, state=row.state)
        made = bool(again.update(state=VersionPhrases.State.DUE, due_at=timezone.now()))
    if made:
        wake(store_version_phrases, row.pk)


def stored_phrases(agent: Agent, number: int) -> dict[str, bytes]:
    """The audio of what is stored, by its text, as µ-law 8 kHz. For a thread; never raises.

    A call without them is still a call: what is missing is spoken live, and asked for, for the next one.
    """
    try:
        with transaction.atomic():
            return _stored_phrases(agent, number)
    except Exception as error:
        logger.warning("Stored phrases could not be read", agent=agent.pk, reason=type(error).__name__)
        return {}


def _stored_phrases(agent: Agent, number: int) -> dict[str, bytes]:
    version = version_of(agent, number)
    if version is None:
        return {}
    row = VersionPhrases.objects.of(agent.organisation_id).filter(version=version).first()
    if row is None or row.state == VersionPhrases.State.FAILED:
        want_phrases(version)
    found = {}
    for text, path in (row.files if row else {}).items():
        try:
            found[text] = PHRASE_AUDIO.get(path)
        except OSError:
            logger.warning("A stored phrase is gone", agent=agent.pk, version=number)
    return found


def store_phrases(row: VersionPhrases) -> None:
    """Speak and keep what this version still lacks; ``row`` is claimed. Failures are tried again."""
    version = row.version
    try:
        plan = resolve_plan(version.agent, CallWishes(call_id=""), version.number).plan
        if plan.tts is None:  # a mode that brings its own voice, and no other was chosen
            finish(row)
            return
        wanted = chunks_of_phrases(plan.phrases, transfers=plan.transfers.some)
        missing = [text for text in wanted if text not in row.files]
        spoken, failure = asyncio.run(_speak(plan.tts, missing))
    except (AgentNotReady, PatterError) as error:
        _failed(row, str(error))
        return
    for text, audio in spoken.items():
        row.files[text] = default_storage.save(phrase_path(version, text), ContentFile(audio))
    row.save(update_fields=["files"])
    if failure:
        _failed(row, failure)
    else:
        finish(row)


async def _speak(spec: ProviderSpec, texts: Sequence[str]) -> tuple[dict[str, bytes], str]:
    """What could be spoken, and why the rest could not."""
    spoken: dict[str, bytes] = {}
    voice = open_tts(spec)
    try:
        for text in texts:
            spoken[text] = await record_phrase(voice, text)
    except PatterError as error:
        return spoken, blotted(str(error), [spec.api_key or ""])
    finally:
        await voice.close()
        await close_clients()
    return spoken, ""


def _failed(row: VersionPhrases, error: str) -> None:
    fail(row, error, retry_in_s=backoff_s(row.tries) if row.tries < MOST_TRIES else None)
