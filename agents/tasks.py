"""The agents' knocks: speaking beforehand what the system itself says."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from agents.models import VersionPhrases
from agents.phrases import MOST_TRIES, store_phrases
from patter_site.common.jobs import backoff_s, claim, fail, is_due, wake
from patter_site.common.sweeps import sweep

AT_ONCE = 20


@shared_task
def store_version_phrases(row_id: str) -> None:
    """Speak one version's phrases, if they are still due."""
    rows = VersionPhrases.objects.unscoped("the task names one version").select_related("version__agent")
    row = rows.filter(pk=row_id).first()
    if row is None or not claim(row, lease_s=180):
        return
    try:
        store_phrases(row)
    except Exception as error:
        again = backoff_s(row.tries) if row.tries < MOST_TRIES else None
        fail(row, f"{type(error).__name__}: {error}", retry_in_s=again)


@sweep("phrases", every_s=10)
def store_due_phrases() -> int:
    """Versions whose task never came, or that are to be tried again."""
    rows = VersionPhrases.objects.unscoped("the sweep speaks for every organisation")
    due = rows.filter(is_due(timezone.now())).order_by("due_at").values_list("pk", flat=True)
    found = list(due[:AT_ONCE])
    for row_id in found:
        wake(store_version_phrases, row_id)
    return len(found)
