"""ElevenLabs as a voice: many contexts on one socket."""
