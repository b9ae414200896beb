"""Validates the URL of an app's WebSocket."""

from __future__ import annotations

from urllib.parse import urlsplit

from ringback.webhooks.urls import is_twilio_host
from ringback.websockets.failure import HANDSHAKE_ERROR, MALFORMED_URL, WRONG_SCHEME, HandshakeFailed

MAX_URL_CHARACTERS = 4096


def checked_socket_url(url: str) -> str:
    """The URL without its fragment. Raises HandshakeFailed if it is not a wss URL, or leads to Twilio.

    Twilio connects to wss URLs only (2026-11-26): https://www.twilio.com/docs/api/errors/31922"""
    url = url.strip()
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        raise HandshakeFailed(MALFORMED_URL, url[:200]) from None
    if parts.scheme in ("ws", "http", "https"):
        raise HandshakeFailed(WRONG_SCHEME, url[:200], parts.scheme)
    malformed = len(url) > MAX_URL_CHARACTERS or any(character.isspace() for character in url)
    if not usable or malformed or parts.scheme != "wss":
        raise HandshakeFailed(MALFORMED_URL, url[:200])
    if is_twilio_host(parts.hostname or ""):
        raise HandshakeFailed(HANDSHAKE_ERROR, url, "Ringback opens no connections to the real Twilio")
    return url.partition("#")[0]
