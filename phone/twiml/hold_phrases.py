"""What a caller hears while an answer is computed: a phrase and a sound, repeatedly."""

from twilio.twiml.voice_response import VoiceResponse

from phone.twiml.basic_documents import step_url, to_xml_text

# Spoken in turn while the caller waits, so that the line is never silent and no sentence is spoken twice in a row.
WAITING_PHRASES = (
    "I am working on it.",
    "Still working on it.",
    "This will take a moment longer.",
    "Thank you for waiting.",
)


def hold(answer_id: str, document: int, turn: int, words: str = "") -> str:
    """Speaks the progress or a waiting phrase, plays a sound, and checks for the answer again after about 5 s."""
    response = VoiceResponse()
    response.say(to_xml_text(words or WAITING_PHRASES[turn % len(WAITING_PHRASES)]))
    response.play("/static/waiting.wav")
    response.redirect(step_url("/voice/wait", document, answer=answer_id, turn=str(turn + 1)))
    return str(response)


def sound_only(answer_id: str, document: int, turn: int) -> str:
    """Only plays the sound: a live update of the call is about to speak the answer."""
    response = VoiceResponse()
    response.play("/static/waiting.wav")
    response.redirect(step_url("/voice/wait", document, answer=answer_id, turn=str(turn)))
    return str(response)
