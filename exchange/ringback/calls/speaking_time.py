"""How long it takes to speak a text."""

from __future__ import annotations

from ringback.calls.audio_path import AudioClip, Speech

CHARACTERS_PER_SECOND = 14  # of natural speech
MIN_SPEAKING_SECONDS = 0.3


def speaking_seconds(text: str) -> float:
    """Returns how long it takes to speak a text at a natural speed."""
    return max(len(text) / CHARACTERS_PER_SECOND, MIN_SPEAKING_SECONDS)


def remaining_speech_seconds(event: Speech | AudioClip, pace: float) -> float:
    """Returns the seconds until the input ends: typed text takes time to speak, but an audio clip has already ended."""
    return speaking_seconds(event.text) * pace if isinstance(event, Speech) else 0.0
