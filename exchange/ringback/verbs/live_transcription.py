"""The Transcription noun of Start and Stop: transcribes a call in real time.

https://www.twilio.com/docs/voice/twiml/transcription (2026-11)"""

from __future__ import annotations

from ringback.evidence import documented
from ringback.service.sids import new_sid
from ringback.transcribing.live_transcription import MAX_AT_ONCE, LiveTranscription, running, send_event
from ringback.transcribing.options import NAMES, InvalidTranscription, read_options
from ringback.twiml.attribute_values import method
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element
from ringback.verbs.registry import noun as register_noun


def start_transcription(session: VoiceSession, noun: Element) -> None:
    """Starts the transcription. A mistake in its configuration is reported to the debugger and to the callback."""
    http_method = method(session, noun, 12200, "statusCallbackMethod")
    url = _callback_url(session, noun)
    try:
        options = read_options(noun.get, url, http_method)
        if len(running(session.call)) >= MAX_AT_ONCE:
            raise InvalidTranscription(f"{MAX_AT_ONCE} transcriptions of this call are running already")
    except InvalidTranscription as error:
        session.warn(32650, noun, str(error))
        mistake = {"TranscriptionErrorCode": "32650", "TranscriptionError": str(error)}
        return send_event(session.call, url, http_method, "transcription-error", new_sid("GT"), 1, mistake)
    LiveTranscription(session.call, options)


def stop_transcription(session: VoiceSession, noun: Element) -> None:
    """Stops the transcription with this name, or all transcriptions if there is no name."""
    for transcription in running(session.call):
        if noun.get("name") in ("", transcription.options.name):
            transcription.close()


def _callback_url(session: VoiceSession, noun: Element) -> str:
    """Returns the absolute URL, or "" if there is none. An invalid URL is reported and counts as none."""
    if not noun.get("statusCallbackUrl"):
        return ""
    url = session.absolute(noun.get("statusCallbackUrl"))
    if url.lower().startswith(("http://", "https://")):
        return url
    session.warn(17585, noun, url[:200])
    return ""


register_noun(
    "Transcription",
    documented("voice/twiml/transcription"),
    attributes=f"{NAMES} intelligenceService enableProviderData conversationConfiguration",
    without_effect="hints intelligenceService enableProviderData conversationConfiguration",
    children="Parameter Config",
    start=start_transcription,
    stop=stop_transcription,
)
