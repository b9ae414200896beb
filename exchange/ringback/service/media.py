"""Pictures and sounds: fetched once, kept, and handed out again on the exchange's own origin."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from ringback.service.sids import new_sid
from ringback.sound import wav
from ringback.twiml.documents import AUDIO
from ringback.webhooks.request import Answer, Webhook

if TYPE_CHECKING:
    from ringback.state import State
    from ringback.twiml.interpreter import Session
    from ringback.twiml.parser import Element

MOST_BYTES = 5 * 1024 * 1024
MP3_BYTES_A_SECOND = 16_000  # at 128 kbit/s; good enough to wait for its end
SHOWN_INLINE = ("image/png", "image/jpeg", "image/gif", "image/webp", "audio/", "video/", "text/plain")


@dataclass(eq=False)
class Media:
    """One picture or sound. `source` is where it came from; `parent` the message it belongs to."""

    content_type: str
    body: bytes
    source: str
    created: datetime
    parent: str = ""
    account: str = ""
    sid: str = field(default_factory=lambda: new_sid("ME"))
    seconds: float = 0.0

    @property
    def path(self) -> str:
        return f"/media/{self.sid}"

    @property
    def rest_path(self) -> str:
        return f"/2010-04-01/Accounts/{self.account}/Messages/{self.parent}/Media/{self.sid}"

    @property
    def inline(self) -> bool:
        """May a browser show it, rather than save it? Nothing that could run a script."""
        return self.content_type.startswith(SHOWN_INLINE)

    def shown(self) -> dict[str, str]:
        source = self.source if len(self.source) < 500 else ""
        return {"url": self.path, "content_type": self.content_type, "source": source}


def from_data_url(url: str, now: datetime) -> Media | None:
    """A picture handed over in its own address (`data:image/png;base64,…`), None if that cannot be read."""
    head, comma, data = url[5:].partition(",")
    try:
        body = base64.b64decode(data, validate=True) if head.endswith(";base64") else unquote_to_bytes(data)
    except binascii.Error:
        return None
    if not comma or len(body) > MOST_BYTES:
        return None
    return Media(head.partition(";")[0] or "text/plain", body, "", now)


async def fetch_media(state: State, url: str, sid: str) -> Media | Answer:
    """A message's picture, or the answer that was none."""
    answer = await state.ask(Webhook(url, "GET", (), "media", sid=sid, most_bytes=MOST_BYTES))
    if answer.error or answer.status != 200:
        return answer
    return Media(answer.content_type or "application/octet-stream", answer.body, url, state.clock.now())


async def fetch_sound(session: Session, element: Element, url: str) -> Media | None:
    """What Play plays; None, after a warning, if it cannot be had. A data type that is no sound is refused."""
    state = session.state
    answer = await state.ask(Webhook(url, "GET", (), "media", sid=session.call.sid, most_bytes=MOST_BYTES))
    if answer.error or answer.status != 200:
        state.debugger.report(
            answer.error or 11200,
            sid=session.call.sid,
            handset=session.call.plan.handset,
            request=answer.request,
            answer=answer.shown(),
            line=element.line,
            column=element.column,
            why=answer.why or f"it answered {answer.status}",
            url=url,
        )
        return None
    if answer.content_type not in AUDIO:
        session.warn(13420, element, answer.content_type or "(none)")
        return None
    return _kept(state, answer, url)


def _kept(state: State, answer: Answer, url: str) -> Media:
    known = state.sounds.get(url)
    if known and known.body == answer.body:
        return known
    media = Media(answer.content_type, answer.body, url, state.clock.now())
    media.seconds = wav.wav_seconds(answer.body) or len(answer.body) / MP3_BYTES_A_SECOND
    state.media[media.sid] = state.sounds[url] = media
    return media
