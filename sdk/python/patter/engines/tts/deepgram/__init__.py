"""Deepgram's Aura voices, by the speak v1 socket."""
