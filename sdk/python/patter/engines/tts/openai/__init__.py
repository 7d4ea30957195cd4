"""OpenAI's speech endpoint as a voice."""
