"""What Deepgram's recognisers and voices have in common."""
