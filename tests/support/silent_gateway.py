"""Replaces the Twilio gateway in a test, and sends nothing."""

from collections.abc import Mapping

from config import Settings
from store import Store


class SilentGateway:
    """Releases no message, as if all sending were stopped."""

    def __init__(self, settings: Settings, redis: Store) -> None:
        self.settings, self.redis = settings, redis

    def release(self, most: int, ahead: Mapping[str, float]) -> list[str]:
        """Release nothing."""
        return []
