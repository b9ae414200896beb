"""Records a message from the caller."""

from urllib.parse import urlencode

from twilio.twiml.voice_response import VoiceResponse

from phone.twiml.basic_documents import step_url
from sending.twilio.connection_overrides import CONNECTION_OVERRIDES

MAX_RECORDING_SECONDS = 60


def record(document: int, scene: str = "") -> str:
    """Records a message, optionally for a scene. Twilio announces the recording in a separate callback."""
    query = f"?{urlencode({'scene': scene})}" if scene else ""
    response = VoiceResponse()
    response.say("Leave your message after the tone, and press any key when you are done.")
    response.record(
        action=step_url("/voice/recorded", document),
        max_length=MAX_RECORDING_SECONDS,
        play_beep=True,
        recording_status_callback=f"/voice/recording{query}{CONNECTION_OVERRIDES}",
        recording_status_callback_event="completed",
    )
    response.redirect(step_url("/voice/menu", document))
    return str(response)
