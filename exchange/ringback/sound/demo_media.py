"""Addresses of Twilio's own that apps borrow for music and demonstrations: answered here, as no network is needed."""

from __future__ import annotations

import math
import re
from array import array
from functools import cache
from urllib.parse import urlsplit

from ringback.sound import wav
from ringback.webhooks.request import WebhookResponse

MUSIC = re.compile(r"com\.twilio\.(music|sounds)\.[a-z-]+(\.s3\.amazonaws\.com)?")
SOUNDS = {("demo.twilio.com", "/docs/classic.mp3"), ("api.twilio.com", "/cowbell.mp3")}
HOLD_MUSIC_DOCUMENT = (
    '<Response><Play loop="0">http://com.twilio.music.classical.s3.amazonaws.com/BusyStrings.mp3</Play></Response>'
)
DEMO_DOCUMENTS = {
    ("twimlets.com", "/holdmusic"): HOLD_MUSIC_DOCUMENT,
    (
        "demo.twilio.com",
        "/docs/voice.xml",
    ): "<Response><Say>Thanks for trying our documentation. Enjoy!</Say></Response>",
    ("demo.twilio.com", "/welcome/voice/"): "<Response><Say>Your phone number works.</Say></Response>",
    ("demo.twilio.com", "/welcome/sms/reply/"): "<Response><Message>Your phone number works.</Message></Response>",
}
TUNE_HZ = (262, 330, 392, 523, 392, 330)  # Hz: C E G c G E
NOTE_SECONDS = 0.5  # seconds
ROUNDS = 4


def demo_response(url: str) -> WebhookResponse | None:
    """What the exchange itself answers there, None for every other address."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    place = ((parts.hostname or "").removeprefix("www."), parts.path)
    if MUSIC.fullmatch(place[0]) or place in SOUNDS:
        return WebhookResponse(url, 200, {"content-type": "audio/wav"}, music(), request=_request(url))
    if place in DEMO_DOCUMENTS:
        return WebhookResponse(
            url, 200, {"content-type": "text/xml"}, DEMO_DOCUMENTS[place].encode(), request=_request(url)
        )
    return None


def _request(url: str) -> dict[str, object]:
    return {"method": "GET", "url": url, "parameters": []}


@cache
def music() -> bytes:
    """A few bars, as WAV."""
    samples = array("h")
    for pitch in TUNE_HZ * ROUNDS:
        count = int(NOTE_SECONDS * wav.SAMPLE_RATE_HZ)
        samples.extend(
            int(5000 * (1 - n / count) * math.sin(n * math.tau * pitch / wav.SAMPLE_RATE_HZ)) for n in range(count)
        )
    return wav.to_wav(samples.tobytes())
