"""The apology that a caller hears if a voice URL and its fallback URL both fail."""

from ringback.calls.audio_path import AudioPath, speaking_seconds

APPLICATION_ERROR_MESSAGE = "We are sorry, an application error has occurred. Goodbye."


async def say_application_error(audio: AudioPath) -> None:
    """Speak the apology to the end."""
    text = APPLICATION_ERROR_MESSAGE
    item = audio.start_item("Say", text=text, voice="", language="en-US", seconds=4.0, system=True)
    await audio.play_out(item, speaking_seconds(text))
