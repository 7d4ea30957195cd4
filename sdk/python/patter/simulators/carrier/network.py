"""How the caller's sound is cut into media messages, and when they come: packets, gaps, silence. Pure."""

from __future__ import annotations

from patter.audio.frames import FRAME_MS
from patter.simulators.carrier.faults import CarrierFaults
from patter.simulators.sound import is_audible

QUIET_FRAMES = 20
Packet = tuple[bytes, int]
"""Sound (µ-law 8 kHz; empty for a message without any) and its time, ms since the start."""


class Network:
    """Carriers send 20 ms at a time, and promise nothing of the kind."""

    def __init__(self, faults: CarrierFaults) -> None:
        self._faults = faults
        self._packets = _Packets(faults.frame_ms or FRAME_MS)
        self._hush = _Hush()
        self._is_silent = False
        self._dammed: list[Packet] = []

    def take(self, frame: bytes, at_ms: int) -> list[Packet]:
        """A frame of the caller's; gives the packets that go now, each with its time."""
        faults = self._faults
        self._is_silent = self._is_silent or (faults.goes_silent_after_voice and self._hush.fell(frame))
        packet = self._packets.take(frame, at_ms)
        if packet is not None and not self._is_silent:
            sound, from_ms = packet
            timed = (sound, from_ms + from_ms * faults.clock_drift_ppm // 1_000_000)
            self._dammed += [(b"", timed[1]), timed] if faults.empty_payloads else [timed]
        if faults.gap_at_ms <= at_ms < faults.gap_at_ms + faults.gap_ms:
            return []
        out, self._dammed = self._dammed, []
        return out


class _Packets:
    """Frames of 20 ms gathered into packets of another length."""

    def __init__(self, packet_ms: int) -> None:
        self._bytes = packet_ms * 8
        self._held = bytearray()
        self._from_ms = 0

    def take(self, frame: bytes, at_ms: int) -> Packet | None:
        """A packet and the time of its beginning, when it is full."""
        if not self._held:
            self._from_ms = at_ms
        self._held += frame
        if len(self._held) < self._bytes:
            return None
        sound = bytes(self._held)
        self._held.clear()
        return sound, self._from_ms


class _Hush:
    """Notices the end of the caller's first voice."""

    def __init__(self) -> None:
        self._spoke = False
        self._quiet = 0

    def fell(self, frame: bytes) -> bool:
        voiced = is_audible(frame)
        self._spoke = self._spoke or voiced
        self._quiet = 0 if voiced else self._quiet + 1
        return self._spoke and self._quiet >= QUIET_FRAMES
