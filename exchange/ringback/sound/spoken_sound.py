"""The sound of what a handset says or hears."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from ringback.calls.audio_path import AudioClip, CallerInput, HeardItem, PlayedMedia, Speech
from ringback.service.media import Media
from ringback.sound import synthetic_speech, wav

MediaOf = Callable[[str | None], Media | None]  # the media file with this path


def sound_of_input(event: CallerInput, media_of: MediaOf) -> bytes | Media | None:
    """The sound as 16-bit mono PCM, or the media file to convert. None for a key."""
    match event:
        case Speech(text=text):
            return synthetic_speech.synthesize(text)
        case AudioClip(sound=sound):
            return sound
        case PlayedMedia(url=url):
            return media_of(url)
    return None


def sound_of_item(item: HeardItem, media_of: MediaOf) -> bytes | Media | None:
    """The sound as 16-bit mono PCM, or the media file to convert. None for silence, and for the app's own audio."""
    match item.verb:
        case "Say":
            return synthetic_speech.synthesize(item.details["text"])
        case "Beep" | "Tones":
            return wav.beep()
        case "Play":
            return media_of(item.details["url"])
        case "Voice":
            return media_of(item.details.get("url")) or synthetic_speech.synthesize(item.details["text"])
    return None


def convert(media: Media) -> bytes:
    """The media file as 16-bit mono PCM, b"" if it is not WAV. CPU-bound: run it in a thread."""
    with suppress(wav.InvalidAudio):
        return wav.from_wav(media.body)
    return b""
