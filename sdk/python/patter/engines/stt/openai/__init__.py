"""OpenAI's transcription, utterance by utterance."""
