"""Which provider of a stage is next, and which are left alone for a while. Nothing waits in here.

Health is kept per process: a call learns from the failure of the call before it. Keys count in it, so
that one customer's wrong key says nothing about the provider of another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from patter.bridge.events import ProviderSwitched
from patter.bridge.plan import ProviderSpec

SKIPPED_S = 30.0
SKIPPED_PERMANENT_S = 300.0
"""A wrong key or an unknown model does not mend itself in half a minute."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a provider was given up."""

    error: str
    permanent: bool = False
    late: bool = False
    """It was waited for until its deadline."""


@dataclass(frozen=True, slots=True)
class _Sick:
    until: float
    failure: Failure


class Health:
    """What is known of providers. Bounded by forgetting who is well again."""

    def __init__(self) -> None:
        self._sick: dict[str, _Sick] = {}

    def failed(self, name: str, failure: Failure, now: float) -> None:
        self._sick = {other: sick for other, sick in self._sick.items() if sick.until > now}
        skipped_s = SKIPPED_PERMANENT_S if failure.permanent else SKIPPED_S
        self._sick[name] = _Sick(now + skipped_s, failure)

    def worked(self, name: str) -> None:
        self._sick.pop(name, None)

    def why_skipped(self, name: str, now: float) -> Failure | None:
        """The failure for which it is skipped now; None: it is well."""
        sick = self._sick.get(name)
        return sick.failure if sick is not None and sick.until > now else None

    def forget(self) -> None:
        """Everybody is well. For tests."""
        self._sick.clear()


HEALTH = Health()
"""Of this process."""


class Chain:
    """One call's providers for one stage, in the order in which they are wanted.

    Args:
        stage: ``stt``, ``llm`` or ``tts``.
        specs: the first is the agent's own choice.
        keeps: what is in use goes before the order, as long as it works: a caller's voice does not
            change back.
    """

    def __init__(
        self, stage: str, specs: Sequence[ProviderSpec], health: Health = HEALTH, *, keeps: bool = False
    ) -> None:
        self.stage = stage
        self.specs = tuple(specs)
        self.current = 0
        self._health = health
        self._keeps = keeps
        self._names = [_identity(stage, spec) for spec in self.specs]
        self._last = Failure("")

    def order(self, now: float) -> list[int]:
        """Who may be asked now: those that are well; then, rather than nobody, those that failed lately.

        Whoever failed for good is asked only where there is nobody else at all.
        """
        wanted = list(range(len(self.specs)))
        if self._keeps and wanted:
            wanted.remove(self.current)
            wanted.insert(0, self.current)
        why = {index: self._health.why_skipped(self._names[index], now) for index in wanted}
        well = [index for index in wanted if why[index] is None]
        passing = [index for index in wanted if (failure := why[index]) and not failure.permanent]
        return well + passing or wanted

    def next(self, tried: Collection[int], now: float) -> int | None:
        """Whom to ask after those that were tried; None: nobody is left."""
        return next((index for index in self.order(now) if index not in tried), None)

    def take(self, index: int, now: float) -> ProviderSwitched | None:
        """Use this one from now on. Says so when it is another than before."""
        before, self.current = self.current, index
        if index == before:
            return None
        why = self._health.why_skipped(self._names[before], now) or self._last
        source, target = self._labels(before, index)
        return ProviderSwitched(self.stage, source, target, why.error)

    def failed(self, index: int, failure: Failure, now: float) -> None:
        self._last = failure
        self._health.failed(self._names[index], failure, now)

    def worked(self, index: int) -> None:
        self._health.worked(self._names[index])

    def failed_lately(self, index: int, now: float) -> bool:
        return self._health.why_skipped(self._names[index], now) is not None

    def _labels(self, before: int, after: int) -> tuple[str, str]:
        old, new = self.specs[before], self.specs[after]
        if old.provider != new.provider:
            return old.provider, new.provider
        return _detailed(old), _detailed(new)


def _detailed(spec: ProviderSpec) -> str:
    return " ".join(part for part in (spec.provider, spec.model, spec.voice) if part)


def _identity(stage: str, spec: ProviderSpec) -> str:
    """A name for the same provider with the same settings and key; the key cannot be read from it."""
    parts = (stage, spec.provider, spec.base_url, spec.model, spec.voice, spec.language, spec.api_key)
    return hashlib.sha256(repr(parts).encode()).hexdigest()
