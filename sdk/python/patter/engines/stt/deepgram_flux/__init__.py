"""Deepgram's Flux recogniser, which decides itself when a turn ends, by the listen v2 socket."""
