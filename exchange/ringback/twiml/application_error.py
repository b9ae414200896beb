"""The apology that a caller hears if neither the document nor its fallback could be fetched and parsed.

https://www.twilio.com/docs/usage/troubleshooting (2026-11)"""

from __future__ import annotations

from ringback.calls.audio_path import AudioPath
from ringback.calls.speaking_time import speaking_seconds

APPLICATION_ERROR_MESSAGE = "We are sorry, an application error has occurred. Goodbye."


async def say_application_error(audio: AudioPath) -> None:
    """Speak the apology to the end."""
    text = APPLICATION_ERROR_MESSAGE
    item = audio.start_item("Say", text=text, voice="", language="en-US", seconds=4.0, system=True)
    await audio.play_out(item, speaking_seconds(text))
