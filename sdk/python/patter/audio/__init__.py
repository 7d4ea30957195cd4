"""Sample arithmetic: µ-law, frames, rates, voice, WAV. Nothing here waits, keeps time or does I/O."""
