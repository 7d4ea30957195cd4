"""For whoever keeps the process running: is it alive, and may it get traffic?"""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from patter_site.common import stopping
from patter_site.operations.probes import probe_database, probe_migrations, probe_redis

logger = structlog.get_logger(__name__)
PROBES: dict[str, Callable[[], None]] = {
    "database": probe_database,
    "migrations": probe_migrations,
    "redis": probe_redis,
}


@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """The process answers. It touches nothing else, so that a slow database does not get it killed."""
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """The parts answer too; 503 names those that do not. Details are in the log, not in the answer.

    A process that stops is not ready either: what is new goes elsewhere.
    """
    if stopping.is_asked():
        return JsonResponse({"status": "stopping", "checks": {}}, status=503)
    checks = {name: _outcome(name, probe) for name, probe in PROBES.items()}
    good = all(outcome == "ok" for outcome in checks.values())
    status = "ok" if good else "unavailable"
    return JsonResponse({"status": status, "checks": checks}, status=200 if good else 503)


def _outcome(name: str, probe: Callable[[], None]) -> str:
    try:
        probe()
    except Exception as error:
        logger.warning("Not ready", part=name, reason=str(error))
        return "failed"
    return "ok"
