"""A recording that is ready, over HTTP, for the API and for the dashboard."""

from __future__ import annotations

from functools import partial

import structlog
from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponseBase

from calls.models import Recording
from calls.ranged import ranged_response
from patter_site.common.errors import NotFound, Unavailable

logger = structlog.get_logger(__name__)


def recording_response(request: HttpRequest, recording: Recording | None) -> HttpResponseBase:
    """The file, or the part of it that is asked for. Raises NotFound and Unavailable."""
    size = _size(recording) if recording is not None else None
    if recording is None or size is None:
        raise NotFound("This call has no recording that is ready.", code="no_recording")
    return ranged_response(request, partial(default_storage.open, recording.file), size, "audio/wav")


def _size(recording: Recording) -> int | None:
    """In bytes; None where the file is gone."""
    try:
        return default_storage.size(recording.file) if default_storage.exists(recording.file) else None
    except Exception as error:  # each storage has errors of its own
        logger.warning("The storage does not answer", call=recording.call_id, error=type(error).__name__)
        raise Unavailable(
            "The storage of recordings does not answer at the moment. Try again.", code="storage_unavailable"
        ) from None
