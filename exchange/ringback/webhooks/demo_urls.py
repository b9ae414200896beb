"""Twilio's public demo URLs for music and documents. The exchange serves them itself, without network access.

https://www.twilio.com/docs/voice/twiml/enqueue (2026-11)"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from ringback.sound.hold_music_tune import music
from ringback.webhooks.request import WebhookResponse
from ringback.webhooks.twimlets import twimlet_document

DEMO_DOMAINS = re.compile(r"twilio|twimlets", re.IGNORECASE)  # matches every demo URL; others need not be parsed
MUSIC_HOST = re.compile(r"com\.twilio\.(music|sounds)\.[a-z-]+(\.s3\.amazonaws\.com)?")
SOUNDS = {("demo.twilio.com", "/docs/classic.mp3"), ("api.twilio.com", "/cowbell.mp3")}
DEMO_DOCUMENTS = {
    (
        "demo.twilio.com",
        "/docs/voice.xml",
    ): "<Response><Say>Thanks for trying our documentation. Enjoy!</Say></Response>",
    ("demo.twilio.com", "/welcome/voice/"): "<Response><Say>Your phone number works.</Say></Response>",
    ("demo.twilio.com", "/welcome/sms/reply/"): "<Response><Message>Your phone number works.</Message></Response>",
}


def demo_response(url: str, parameters: Iterable[tuple[str, str]]) -> WebhookResponse | None:
    """Returns the exchange's own response to a request with these parameters, or None if `url` is not a demo URL."""
    if not DEMO_DOMAINS.search(url):
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    host, path = (parts.hostname or "").removeprefix("www."), parts.path
    if MUSIC_HOST.fullmatch(host) or (host, path) in SOUNDS:
        return _response(url, "audio/wav", music())
    document = DEMO_DOCUMENTS.get((host, path)) or twimlet_document(url, parameters)
    return _response(url, "text/xml", document.encode()) if document else None


def _response(url: str, content_type: str, body: bytes) -> WebhookResponse:
    request = {"method": "GET", "url": url, "parameters": []}
    return WebhookResponse(url, 200, {"content-type": content_type}, body, request=request)
