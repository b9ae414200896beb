"""Play: a sound from an address, or key tones."""

from __future__ import annotations

import re

from ringback.service.media import MAX_MEDIA_BYTES, Media
from ringback.sound import wav
from ringback.twiml.documents import AUDIO_CONTENT_TYPES
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element
from ringback.twiml.steps import Outcome
from ringback.verbs.loop import repeat
from ringback.verbs.registry import verb
from ringback.webhooks.request import Webhook, WebhookResponse

TONES = re.compile(r"[0-9A-D*#wW]*")
TONE_SECONDS = {"w": 0.5, "W": 1.0}
MP3_BYTES_PER_SECOND = 16_000  # at 128 kbit/s; good enough to wait for its end


@verb("Play", attributes="loop digits")
async def play(session: VoiceSession, element: Element) -> Outcome:
    """Audio, or key tones. What cannot be fetched is warned of, and the call goes on."""
    digits, address = element.get("digits"), element.text()
    if digits:
        return await _tones(session, element, digits)
    if not address:
        session.warn(13420, element, "of nothing")
        return None
    media = await _fetch(session, element, session.absolute(address))
    if media is None:
        item = session.audio.start_item("Play", url=None, source=address, seconds=0.0)
        await session.audio.play_out(item, 0)
        return None
    details = {"url": media.path, "source": address}
    await repeat(session, element, 13410, "Play", media.seconds, details)
    return None


async def _tones(session: VoiceSession, element: Element, digits: str) -> Outcome:
    if not TONES.fullmatch(digits):
        session.warn(12200, element, f"Play: digits may hold 0-9, A-D, *, #, w and W, not {digits}")
        return None
    item = session.audio.start_item("Tones", digits=digits)
    await session.audio.play_out(item, sum(TONE_SECONDS.get(digit, 0.2) for digit in digits))
    return None


async def _fetch(session: VoiceSession, element: Element, url: str) -> Media | None:
    """The sound at that address; None, after a warning, if it cannot be had. Any other content type is refused."""
    webhook = Webhook(url, "GET", (), "media", sid=session.call.sid, max_bytes=MAX_MEDIA_BYTES)
    answer = await session.state.webhooks.send(webhook)
    if answer.error or answer.status != 200:
        session.state.debugger.report(
            answer.error or 11200,
            sid=session.call.sid,
            handset=session.call.plan.handset,
            request=answer.request,
            response=answer.as_json(),
            line=element.line,
            column=element.column,
            detail=answer.detail or f"it answered {answer.status}",
            url=url,
        )
        return None
    if answer.content_type not in AUDIO_CONTENT_TYPES:
        session.warn(13420, element, answer.content_type or "(none)")
        return None
    return _kept(session, answer, url)


def _kept(session: VoiceSession, answer: WebhookResponse, url: str) -> Media:
    """The same Media as last time, if the sound there has not changed."""
    state = session.state
    known = state.sounds_by_url.get(url)
    if known and known.body == answer.body:
        return known
    media = Media(answer.content_type, answer.body, url, state.clock.now())
    media.seconds = wav.wav_seconds(answer.body) or len(answer.body) / MP3_BYTES_PER_SECOND
    state.media[media.sid] = state.sounds_by_url[url] = media
    return media
