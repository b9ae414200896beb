"""People connected to each other: what one says, the others hear."""

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
    """Connect two calls until the first one's person presses * (where that counts); otherwise until cancelled."""
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
    call: Call, inbox: Queue[CallerInput], others: Listeners, until_star: bool, keep: OnInput | None = None
) -> None:
    """Let the others hear what this person does. Returns when they press *, if that counts."""
    while True:
        event = await inbox.get()
        if isinstance(event, KeyPress) and event.digit == "*" and until_star:
            return
        verb, details = _as_heard(call, event)
        for other in others():
            other.audio.add_finished_item(verb, **details)
        if keep:
            keep(event)


def _as_heard(call: Call, event: CallerInput) -> tuple[str, dict[str, Any]]:
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
