"""A message's media: fetched, and attached to it."""

from __future__ import annotations

from ringback.messages.message import Message
from ringback.runtime import Runtime
from ringback.service.media import MAX_MEDIA_BYTES, Media
from ringback.webhooks.request import Webhook, WebhookResponse


async def fetch_all_media(runtime: Runtime, message: Message) -> None:
    """Fetch what the message's media addresses hold; what cannot be had is reported and left out."""
    for url in message.media_urls:
        found = await fetch_media(runtime, url, message.sid)
        if isinstance(found, Media):
            attach(runtime, message, found)
        else:
            runtime.debugger.report(
                found.error or 11200,
                sid=message.sid,
                handset=message.handset,
                request=found.request,
                response=found.as_json(),
                detail=found.detail or f"it answered {found.status}",
                url=url,
            )
    message.media_urls = []


def attach(runtime: Runtime, message: Message, media: Media) -> None:
    media.parent, media.account = message.sid, message.account
    message.media.append(media)
    runtime.media[media.sid] = media


async def fetch_media(runtime: Runtime, url: str, sid: str) -> Media | WebhookResponse:
    """A message's picture, or the answer that was none."""
    answer = await runtime.webhooks.send(Webhook(url, "GET", (), "media", sid=sid, max_bytes=MAX_MEDIA_BYTES))
    if answer.error or answer.status != 200:
        return answer
    return Media(answer.content_type or "application/octet-stream", answer.body, url, runtime.clock.now())
