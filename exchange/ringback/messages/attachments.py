"""Fetches the media of a message and attaches it.

https://www.twilio.com/docs/messaging/guides/accepted-mime-types (2026-11)"""

from __future__ import annotations

from ringback.messages.message import Message
from ringback.runtime import Runtime
from ringback.service.media import MAX_MEDIA_BYTES, Media
from ringback.webhooks.request import Webhook, WebhookResponse


async def fetch_all_media(runtime: Runtime, message: Message) -> None:
    """Fetch every media URL of the message and attach the files. A fetch that fails is reported to the debugger."""
    for url in message.media_urls:
        fetched = await fetch_media(runtime, url, message.sid)
        if isinstance(fetched, Media):
            attach(runtime, message, fetched)
        else:
            runtime.debugger.report(
                fetched.error or 11200,
                sid=message.sid,
                handset=message.handset,
                request=fetched.request,
                response=fetched.as_json(),
                detail=fetched.detail or f"HTTP status {fetched.status}",
                url=url,
            )
    message.media_urls = []


def attach(runtime: Runtime, message: Message, media: Media) -> None:
    media.parent, media.account = message.sid, message.account
    message.media.append(media)
    runtime.media[media.sid] = media


async def fetch_media(runtime: Runtime, url: str, sid: str) -> Media | WebhookResponse:
    """Returns the media, or the response if the fetch failed or its status is not 200."""
    response = await runtime.webhooks.send(Webhook(url, "GET", (), "media", sid=sid, max_bytes=MAX_MEDIA_BYTES))
    if response.error or response.status != 200:
        return response
    return Media(response.content_type or "application/octet-stream", response.body, url, runtime.clock.now())
