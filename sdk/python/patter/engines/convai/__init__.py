"""ElevenLabs Agents (ConvAI) as the voice of a call: one socket that hears, decides and speaks."""
