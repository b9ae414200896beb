"""Connects calls to each other, so that each hears the other's input."""

from __future__ import annotations

import asyncio
from asyncio import Queue
from collections.abc import Callable, Iterable
from typing import Any

from ringback.calls.audio_path import AudioClip, CallerInput, KeyPress, PlayedMedia, Speech
from ringback.calls.call import Call
from ringback.service.media import Media
from ringback.sound import wav

Listeners = Callable[[], Iterable[Call]]
OnInput = Callable[[CallerInput], None]


async def bridge(one: Call, two: Call, hang_up_on_star: bool = False) -> None:
    """Connects two calls until cancelled or, with `hang_up_on_star`, until * is pressed in the first call."""
    with (
        one.audio.listen({"talk": {"with": two.plan.handset}}) as first,
        two.audio.listen({"talk": {"with": one.plan.handset}}) as second,
    ):
        sides = [
            asyncio.create_task(relay_input(one, first, lambda: [two], hang_up_on_star)),
            asyncio.create_task(relay_input(two, second, lambda: [one], False)),
        ]
        try:
            await asyncio.wait(sides, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for side in sides:
                side.cancel()
            await asyncio.gather(*sides, return_exceptions=True)


async def relay_input(
    call: Call, inbox: Queue[CallerInput], listeners: Listeners, until_star: bool, on_input: OnInput | None = None
) -> None:
    """Plays the input from one call to all listeners until cancelled or, with `until_star`, until * is pressed."""
    while True:
        event = await inbox.get()
        if isinstance(event, KeyPress) and event.digit == "*" and until_star:
            return
        verb, details = _item_of(call, event)
        for listener in listeners():
            listener.audio.add_finished_item(verb, **details)
        if on_input:
            on_input(event)


def _item_of(call: Call, event: CallerInput) -> tuple[str, dict[str, Any]]:
    speaker = call.plan.handset
    match event:
        case Speech(text=text):
            return "Voice", {"from": speaker, "text": text, "url": None}
        case AudioClip(sound=sound):
            media = Media("audio/wav", wav.to_wav(sound), "", call.runtime.clock.now())
            call.runtime.media[media.sid] = media
            return "Voice", {"from": speaker, "text": "", "url": media.path}
        case KeyPress(digit=digit):
            return "Tones", {"digits": digit, "from": speaker}
        case PlayedMedia(url=url, source=source, seconds=seconds):
            return "Play", {"url": url, "source": source, "seconds": seconds}
