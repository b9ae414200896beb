"""Play: plays audio from a URL, or DTMF tones."""

from __future__ import annotations

import re

from ringback.evidence import documented
from ringback.service.media import MAX_MEDIA_BYTES, Media
from ringback.sound import wav
from ringback.twiml.content_types import AUDIO_CONTENT_TYPES
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element
from ringback.twiml.steps import Outcome
from ringback.verbs.loop_attribute import repeat
from ringback.verbs.registry import verb
from ringback.webhooks.request import Webhook, WebhookResponse

TONES = re.compile(r"[0-9A-D*#wW]*")
TONE_SECONDS = {"w": 0.5, "W": 1.0}
MP3_BYTES_PER_SECOND = 16_000  # 128 kbit/s, to estimate the length of any audio that is not WAV


@verb("Play", documented("voice/twiml/play"), attributes="loop digits")
async def play(session: VoiceSession, element: Element) -> Outcome:
    """Plays audio or tones. Audio that cannot be fetched is reported, and the next verb runs."""
    digits, url = element.get("digits"), element.text()
    if digits:
        return await _tones(session, element, digits)
    if not url:
        session.warn(13420, element, "(none, because <Play> contains no URL)")
        return None
    media = await fetch_audio(session, element, session.absolute(url))
    if media is None:
        item = session.audio.start_item("Play", url=None, source=url, seconds=0.0)
        await session.audio.play_out(item, 0)
        return None
    details = {"url": media.path, "source": url}
    await repeat(session, element, 13410, "Play", media.seconds, details)
    return None


async def _tones(session: VoiceSession, element: Element, digits: str) -> Outcome:
    if not TONES.fullmatch(digits):
        session.warn(12200, element, f"Play: digits may contain only 0-9, A-D, *, #, w and W, not {digits}")
        return None
    item = session.audio.start_item("Tones", digits=digits)
    await session.audio.play_out(item, sum(TONE_SECONDS.get(digit, 0.2) for digit in digits))
    return None


async def fetch_audio(session: VoiceSession, element: Element, url: str) -> Media | None:
    """Returns the audio at a URL. Reports a failed fetch or a content type that is not audio, and returns None."""
    webhook = Webhook(url, "GET", (), "media", sid=session.call.sid, max_bytes=MAX_MEDIA_BYTES)
    response = await session.state.webhooks.send(webhook)
    if response.error or response.status != 200:
        session.state.debugger.report(
            response.error or 11200,
            sid=session.call.sid,
            handset=session.call.plan.handset,
            request=response.request,
            response=response.as_json(),
            line=element.line,
            column=element.column,
            detail=response.detail or f"the response has the status {response.status}",
            url=url,
        )
        return None
    if response.content_type not in AUDIO_CONTENT_TYPES:
        session.warn(13420, element, response.content_type or "(none)")
        return None
    return _store(session, response, url)


def _store(session: VoiceSession, response: WebhookResponse, url: str) -> Media:
    """Stores the audio. If the audio at this URL has not changed, returns the stored copy."""
    state = session.state
    stored = state.sounds_by_url.get(url)
    if stored and stored.body == response.body:
        return stored
    media = Media(response.content_type, response.body, url, state.clock.now())
    media.seconds = wav.wav_seconds(response.body) or len(response.body) / MP3_BYTES_PER_SECOND
    state.media[media.sid] = state.sounds_by_url[url] = media
    return media
