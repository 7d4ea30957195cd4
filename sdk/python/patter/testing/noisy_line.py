"""A bad line, and its two figures: how often it makes the agent pause, how fast a caller does.

Noise at -45 dBFS and the agent's own echo at -20 dB, with real (synthesised) voices on a virtual clock.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from patter.testing.spoken import Speaker, SpokenScene, caller_saying, noise, voices_for
from patter.turn_taking import turn_taking_of

NOISE_DBFS = -45
ECHO_DB = -20
FIVE_MINUTES_MS = 300_000
HOURS = (
    "We open at nine in the morning, and on Sundays at eleven. The kitchen closes at ten, but the bar stays "
    "open until two. Please bring a document with your name on it. Parking is behind the house, next to the "
    "river. If you would rather sit outside, tell us the day before, and we shall keep a table for you."
)
WORDS = [
    *("stop", "no", "hello", "excuse me", "wait a moment please", "I have a question", "that is wrong"),
    *("perhaps tomorrow", "one moment", "can I ask you something", "yes but", "operator"),
]


def begin_speaking(call: SpokenScene, text: str, ms: int) -> SpokenScene:
    """A handler answers with this text, and so much time passes."""
    call.hears("tell me please")
    call.handler_says(text)
    call.let(ms)
    return call


async def five_minutes(agent: Speaker, preset: str) -> SpokenScene:
    """The agent has spoken so long; its false pauses are among ``kinds``."""
    values = turn_taking_of({"preset": preset, "idle_prompt_s": 60})
    voices = await voices_for(HOURS, speaker=agent)
    call = SpokenScene(voices, noise_dbfs=NOISE_DBFS, echo_db=ECHO_DB, turn_taking=values).open()
    while len(call.played) < FIVE_MINUTES_MS * 8:
        begin_speaking(call, HOURS, 24_000)
    return call


async def silent_after_ms(
    agent: Speaker, preset: str, callers: Sequence[Speaker], words: Sequence[str] = WORDS
) -> float:
    """From a caller's first voiced frame to ``clear``, over noise and echo: the 95th percentile."""
    values = turn_taking_of({"preset": preset})
    voices = await voices_for(HOURS, speaker=agent)
    took = []
    for at, word in enumerate([*words] * len(callers)):
        call = SpokenScene(voices, noise_dbfs=NOISE_DBFS, echo_db=ECHO_DB, turn_taking=values).open()
        begin_speaking(call, HOURS, 2400 + 80 * at)
        before, began_ms = len(call.cleared_at), call.media_ms
        call.sound(await caller_saying(word, speaker=callers[at % len(callers)]))
        call.sound(noise(400, -60))
        cleared = call.cleared_at[before:]
        took.append(cleared[0] - began_ms if cleared else 9999)
    # One of those that were measured: between two frames there is no time at which it could be cleared.
    return float(np.percentile(took, 95, method="inverted_cdf"))
