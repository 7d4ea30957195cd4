"""OpenAI Realtime: one model that hears and speaks over one socket."""
