"""Real-time transcription of calls."""
