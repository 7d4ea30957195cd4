"""Writing live calls down, in batches, off the audio path.

``CallLog.write`` only appends. One task per process takes everything that all calls have written since
the last time and stores it in one thread. A database that is slow or away makes the batch larger, not
the call late; entries are idempotent, so a batch that failed half-way is simply repeated.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, OperationalError

from calls.adapters.threads import write_in_thread
from calls.models import Call
from calls.selectors import recordings_to_join
from calls.services.live_log import LoggedCall, entry_summary, store_entries, store_talk
from calls.tasks import join_call_recording
from patter.bridge.records import CallEnded, Entry, Interim, KeyPressed, Noted, RecordingPiece, TurnSettled
from patter_site.common.bus import publish
from patter_site.common.jobs import wake

logger = structlog.get_logger(__name__)

FLUSH_EVERY_S = 0.3
MOST_WAITING = 50_000
"""Entries of all calls of this process. Beyond it recordings and notes are dropped, never ends."""
MOST_AUDIO_BYTES = 64_000_000
"""Of recordings that wait: 40 s of a hundred calls. Beyond it they are dropped: silence is in their place."""

LONGEST_RETRY_S = 10.0


@dataclass(frozen=True, slots=True)
class Written:
    """One entry with its place in its call's log."""

    call: LoggedCall
    sequence: int
    entry: Entry


class LogWriter:
    """The one writer of this process. ``start`` in its event loop; ``close`` writes what is left."""

    def __init__(self) -> None:
        self._waiting: deque[Written] = deque()
        self._audio_bytes = 0
        self._dropping = False
        self._news = asyncio.Event()
        self._stored = asyncio.Event()
        self.failed = asyncio.Event()
        """Set when a batch could not be stored and will be tried again."""
        self._task: asyncio.Task[None] | None = None
        self._closing = False

    def start(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._write_forever(), name="call log")

    def put(self, written: Written) -> None:
        """Take an entry. Never blocks, never raises."""
        if isinstance(written.entry, KeyPressed):
            return
        if isinstance(written.entry, Interim):
            _show(written)
            return
        if self._has_no_room(written.entry):
            if not self._dropping:  # said once, and not for every piece of every call
                logger.warning("The call log is full; entries are dropped", call=written.call.call_id)
            self._dropping = True
            return
        self._waiting.append(written)
        self._audio_bytes += _audio_bytes(written.entry)
        self._news.set()

    def _has_no_room(self, entry: Entry) -> bool:
        if isinstance(entry, CallEnded):
            return False
        audio_bytes = _audio_bytes(entry)
        too_much = audio_bytes > 0 and self._audio_bytes + audio_bytes > MOST_AUDIO_BYTES
        return too_much or len(self._waiting) >= MOST_WAITING

    async def close(self, timeout_s: float = 5.0) -> None:
        """Write what is left, as far as the time allows."""
        self._closing = True
        self._news.set()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=timeout_s)
            self._task.cancel()
            self._task = None

    async def flushed(self) -> None:
        """Wait until everything that was taken so far is stored. For tests and orderly ends."""
        while self._waiting:
            self._stored.clear()
            await self._stored.wait()

    async def _write_forever(self) -> None:
        while not (self._closing and not self._waiting):
            await self._news.wait()
            self._news.clear()
            await asyncio.sleep(0 if self._closing else FLUSH_EVERY_S)
            await self._write_waiting()

    async def _write_waiting(self) -> None:
        retry_s = 0.2
        while self._waiting:
            batch = list(self._waiting)
            try:
                await write_in_thread(store_batch, batch)
            except (DatabaseError, InterfaceError) as error:
                logger.warning("The call log could not be written", error=type(error).__name__)
                self.failed.set()
                await asyncio.sleep(retry_s)
                retry_s = min(retry_s * 2, LONGEST_RETRY_S)
                continue
            for _ in batch:
                self._audio_bytes -= _audio_bytes(self._waiting.popleft().entry)
            self._dropping = False
            self._stored.set()
            for written in batch:
                _show(written)


def _audio_bytes(entry: Entry) -> int:
    return len(entry.caller) + len(entry.agent) if isinstance(entry, RecordingPiece) else 0


def store_batch(batch: Sequence[Written]) -> None:
    """Store notes and turns of all calls together, and whatever else a call has to say call by call.

    A call whose entries can never be stored does not hold up the others.
    """
    calls: dict[str, list[Written]] = {}
    for written in batch:
        calls.setdefault(written.call.call_id, []).append(written)
    quiet = [written for call in calls.values() if _only_talks(call) for written in call]
    if quiet and _stored_together(quiet):
        calls = {call_id: entries for call_id, entries in calls.items() if not _only_talks(entries)}
    for entries in calls.values():
        _store_call(entries)


def _only_talks(entries: Sequence[Written]) -> bool:
    return all(isinstance(written.entry, Noted | TurnSettled | RecordingPiece) for written in entries)


def _stored_together(entries: Sequence[Written]) -> bool:
    """False: one of them cannot be stored, and each call must answer for itself."""
    try:
        store_talk([(written.call, written.sequence, written.entry) for written in entries])
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        return False
    return True


def _store_call(entries: Sequence[Written]) -> None:
    call = entries[0].call
    pairs = [(written.sequence, written.entry) for written in entries]
    try:
        store_entries(call, pairs)
    except Exception as error:
        if _may_pass(error, call):
            raise
        logger.exception("Entries of a call were refused", call=call.call_id)
        if len(pairs) > 1:
            _store_one_by_one(call, pairs)
    if any(isinstance(entry, CallEnded) for _, entry in pairs):
        for recording in recordings_to_join(call.organisation_id, call.call_id):
            wake(join_call_recording, recording.pk)


def _store_one_by_one(call: LoggedCall, pairs: Sequence[tuple[int, Entry]]) -> None:
    """Only what cannot be stored is lost. Of an end the sweep takes care; all other calls are waiting."""
    for pair in pairs:
        try:
            store_entries(call, [pair])
        except Exception as error:
            if _may_pass(error, call):
                raise
            logger.warning("One of them is lost", call=call.call_id, entry=type(pair[1]).__name__)


def _may_pass(error: Exception, call: LoggedCall) -> bool:
    """Whether the same entries may be stored later. Everybody waits for that: it must not be for ever."""
    if isinstance(error, DataError):
        return False  # a value that no column takes
    if isinstance(error, IntegrityError):
        return Call.objects.of(call.organisation_id).filter(pk=call.call_id).exists()
    return isinstance(error, DatabaseError | InterfaceError)


def _show(written: Written) -> None:
    """Tell open pages and terminals. Entries say that something happened; pages fetch the rest."""
    if isinstance(written.entry, RecordingPiece):
        return
    summary = entry_summary(written.entry)
    call = written.call
    publish(f"call.{call.call_id}.live", {"type": "live.entry", "call": call.call_id, "entry": summary})
    if summary["kind"] == "status":
        message = {"type": "live.entry", "call": call.call_id, "entry": {"kind": "call"}}
        publish(f"organisation.{call.organisation_id}.live", message)


class CallLog:
    """One call's log. Meets ``patter.bridge.ports.CallLog``."""

    def __init__(self, writer: LogWriter, call: LoggedCall) -> None:
        self._writer = writer
        self._call = call
        # Numbers go on across processes and restarts, so that a repeated batch is recognised as such.
        self._epoch = time.time_ns() // 1_000_000
        self._sequence = 0

    def write(self, entry: Entry) -> None:
        self._sequence += 1
        self._writer.put(Written(self._call, self._epoch * 10_000 + self._sequence, entry))
