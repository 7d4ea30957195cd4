"""Deepgram's Nova recognisers, by the listen v1 socket."""
