"""The carrier's own recordings of a call."""

from __future__ import annotations

from dataclasses import dataclass

from patter.simulators.twilio.call import Call
from patter.simulators.twilio.webhooks import Fields, rfc_2822_now
from patter.simulators.twilio.world import new_sid


@dataclass(frozen=True, slots=True)
class Recording:
    """``callback`` empty: nobody is told. Times are milliseconds since the call began to exist."""

    sid: str
    callback: str
    started_ms: int
    started_at: str
    source: str

    @classmethod
    def begin(cls, call: Call, callback: str, *, source: str = "StartCallRecordingTwiML") -> Recording:
        """From now until the call's end. ``source``: Twilio's word for who asked."""
        started_at = rfc_2822_now(call.order.faults.clock_skew_s)
        recording = cls(new_sid("RE"), callback, call.now_ms(), started_at, source)
        call.recordings[recording.sid] = recording
        call.note("recording_started", recording_sid=recording.sid)
        return recording

    def seconds(self, call: Call) -> int:
        """Started seconds, until the end of the call."""
        ended_ms = (call.answered_ms or 0) + call.duration_s * 1000
        return max(1, -(-(ended_ms - self.started_ms) // 1000))

    def fields(self, call: Call, base_url: str) -> Fields:
        """What the recording's callback says."""
        account_sid = call.order.account.account_sid
        failed = call.order.faults.recording_failed
        return [
            ("AccountSid", account_sid),
            ("CallSid", call.sid),
            ("RecordingSid", self.sid),
            ("RecordingUrl", f"{base_url}/2010-04-01/Accounts/{account_sid}/Recordings/{self.sid}"),
            ("RecordingStatus", "failed" if failed else "completed"),
            ("RecordingDuration", str(self.seconds(call))),
            ("RecordingChannels", "2"),
            ("RecordingTrack", "both"),
            ("RecordingStartTime", self.started_at),
            ("RecordingSource", self.source),
            ("ErrorCode", "0"),
        ]
