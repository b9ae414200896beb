"""The content types that Twilio accepts as TwiML, and those that it plays.

https://www.twilio.com/docs/voice/twiml (2026-11)"""

from __future__ import annotations

XML_CONTENT_TYPES = {"text/xml", "application/xml", "text/html"}
AUDIO_CONTENT_TYPES = {
    "audio/mpeg",
    "audio/wav",
    "audio/wave",
    "audio/x-wav",
    "audio/aiff",
    "audio/x-aifc",
    "audio/x-aiff",
    "audio/x-gsm",
    "audio/gsm",
    "audio/ulaw",
    "audio/mp3",
    "audio/x-mpeg",
}
