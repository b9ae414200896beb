"""What all TwiML documents have in common: the URL of the next step, text that XML allows, redirect, goodbye."""

import re
from urllib.parse import urlencode

from twilio.twiml.voice_response import VoiceResponse

from sending.twilio.connection_overrides import CONNECTION_OVERRIDES

SERVICE_NAME = "Call and Response"
# https://www.w3.org/TR/xml/#charsets
FORBIDDEN_CHARACTERS = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def step_url(path: str, document: int, **query: str) -> str:
    """The URL of the next step of a call, with the number of the document that contains the URL."""
    return f"{path}?{urlencode({'doc': document, **query})}{CONNECTION_OVERRIDES}"


def redirect(words: str, path: str) -> str:
    """Speaks the words and requests this path."""
    response = VoiceResponse()
    response.say(to_xml_text(words))
    response.redirect(f"{path}{CONNECTION_OVERRIDES}")
    return str(response)


def goodbye(words: str = "Thank you for calling. Goodbye.") -> str:
    """Speaks the words and hangs up."""
    response = VoiceResponse()
    response.say(to_xml_text(words))
    response.hangup()
    return str(response)


def to_xml_text(words: str) -> str:
    """The words, with every character that XML forbids replaced by a space.

    Blank text becomes one space, because Twilio warns about an empty Say.
    """
    return FORBIDDEN_CHARACTERS.sub(" ", words) if words.strip() else " "
