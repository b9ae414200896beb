"""What listens in on a call: recorders and media streams."""

from __future__ import annotations

from typing import Protocol

from ringback.calls.audio_path import CallerInput, HeardItem


class CallListener(Protocol):
    """Receives everything that is said and heard in a call."""

    def on_input(self, event: CallerInput) -> None: ...
    def on_item_started(self, item: HeardItem) -> None: ...
    def on_item_ended(self, item: HeardItem) -> None: ...


class AudioTap(CallListener, Protocol):
    """Listens until the call ends, or until the tap removes itself."""

    def on_app_audio(self, sound: bytes) -> None:
        """Takes 16-bit mono PCM that the app has sent, to be heard after what is already queued."""

    def close(self) -> None:
        """Ends the tap because the call has ended."""
