"""Listen v2 (Flux): Connected, then the turns of a conversation. The model decides when a turn ends."""

from __future__ import annotations

from typing import Any

from patter.audio.frames import ms_of
from patter.simulators.deepgram.hearing import Paused, Recogniser, Resumed, Sound, VoiceBegan, Words
from patter.simulators.deepgram.session import Line, Over, check_audio, control

MODEL_END_MS = 400
"""Silence after which the simulated model is sure."""
DEFAULT_TIMEOUT_MS = 5000


class ListenV2:
    """One stream."""

    def __init__(self, line: Line, recogniser: Recogniser) -> None:
        self._line = line
        self._query = line.session.query
        self._ears = recogniser
        self._now_ms = 0
        self._sequence = 0
        self._turn = 0
        self._turn_from_ms = 0
        self._finals: list[str] = []
        self._interim = ""
        self._started = False
        self._eager = False

    async def run(self) -> None:
        """Until the client closes the stream. Raises Over."""
        self._ears.start(self._sound, self._end_ms())
        self._say({"type": "Connected"})
        try:
            while True:
                message = await self._line.receive()
                self._line.heard_something()
                if isinstance(message, bytes):
                    self._audio(message)
                else:
                    self._control(control(message))
        finally:
            await self._ears.stop()

    def _end_ms(self) -> int:
        timeout_ms = int(self._query.get("eot_timeout_ms", [str(DEFAULT_TIMEOUT_MS)])[0])
        never = float(self._query.get("eot_threshold", ["0.7"])[0]) >= 1.0
        return timeout_ms if never else min(MODEL_END_MS, timeout_ms)

    # -- from the client --------------------------------------------------------------------------

    def _audio(self, payload: bytes) -> None:
        check_audio(payload, first=not self._now_ms)
        self._line.trouble()
        self._now_ms += ms_of(len(payload))
        self._ears.feed(payload)
        self._line.check_drop(self._now_ms)

    def _control(self, data: Any) -> None:
        match data:
            case {"type": "CloseStream"}:
                raise Over(1000)
            case {"type": "ForceEndTurn"}:
                if self._started:
                    self._ears.finalize()
                    self._end("manual")
            case {"type": "Configure"}:
                self._say({"type": "ConfigureSuccess", "thresholds": data.get("thresholds", {})})
            case _:
                self._say(
                    {
                        "type": "Error",
                        "code": "UNPARSABLE_CLIENT_MESSAGE",
                        "description": "unknown message type",
                    }
                )
                raise Over(1008, "DATA-0000: unknown message type")

    # -- to the client ----------------------------------------------------------------------------

    def _sound(self, sound: Sound) -> None:
        match sound:
            case VoiceBegan(at_ms):
                self._turn_from_ms = at_ms
            case Words(text, final, ended):
                self._words(text, final, ended)
            case Paused() if self._started and "eager_eot_threshold" in self._query:
                self._eager = True
                self._info("EagerEndOfTurn", 0.5)
            case Resumed() if self._eager:
                self._eager = False
                self._info("TurnResumed", 0.1)
            case _:
                pass

    def _words(self, text: str, final: bool, ended: bool) -> None:
        if final and text:
            self._finals.append(text)
        self._interim = "" if final else text
        if self._transcript() and not self._started:
            self._started = True
            self._info("StartOfTurn", 0.0)
        elif not final:
            self._info("Update", 0.1)
        if ended and self._started:
            self._end("model")

    def _end(self, trigger: str) -> None:
        self._info("EndOfTurn", 0.9, trigger=trigger)
        self._turn += 1
        self._finals, self._interim, self._started, self._eager = [], "", False, False
        self._turn_from_ms = self._now_ms

    def _transcript(self) -> str:
        return " ".join(part for part in [*self._finals, self._interim] if part)

    def _info(self, event: str, confidence: float, **more: str) -> None:
        transcript = self._transcript()
        self._say(
            {
                "type": "TurnInfo",
                "event": event,
                "turn_index": self._turn,
                "audio_window_start": self._turn_from_ms / 1000,
                "audio_window_end": self._now_ms / 1000,
                "transcript": transcript,
                "words": [{"word": word, "confidence": 0.99} for word in transcript.split()],
                "end_of_turn_confidence": confidence,
                **more,
            }
        )

    def _say(self, message: dict[str, Any]) -> None:
        numbered = {"request_id": self._line.session.request_id, "sequence_id": self._sequence}
        self._sequence += 1
        self._line.say({**message, **numbered})
