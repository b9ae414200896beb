"""What a caller hears in the `line` scene: the question, the position in the queue, and the conference on stage."""

from twilio.twiml.voice_response import Dial, VoiceResponse

from phone.twiml.basic_documents import step_url, to_xml_text
from phone.twiml.menus import GATHER_TIMEOUT_SECONDS
from sending.twilio.connection_overrides import CONNECTION_OVERRIDES

TOPIC_QUESTION = "What would you like to talk about? Say it in one sentence. Then you are in line."
ON_STAGE = "You are on stage now. Say hello."
LINE_THANKS = "Thank you for talking with us. Goodbye."


def ask_for_topic(scene_id: str, document: int) -> str:
    """Asks what the caller wants to talk about. Callers who say nothing join the line as well."""
    response = VoiceResponse()
    action = step_url("/voice/line/join", document, scene=scene_id)
    gather = response.gather(input="speech", timeout=GATHER_TIMEOUT_SECONDS, speech_timeout="auto", action=action)
    gather.say(TOPIC_QUESTION)
    response.redirect(action)
    return str(response)


def wait_in_line(scene_id: str, opening: str, document: int) -> str:
    """Puts the call into the queue; Twilio repeats the waiting document until the presenter brings the caller on."""
    response = VoiceResponse()
    response.say(to_xml_text(f"{opening} Please stay on the line."))
    response.enqueue(
        f"line-{scene_id}",
        wait_url=f"/voice/line/wait?scene={scene_id}{CONNECTION_OVERRIDES}",
        action=step_url("/voice/line/left", document, scene=scene_id),
    )
    return str(response)


def announce_position(position: int) -> str:
    """Speaks the position in the queue, counted from 1, and plays a sound; Twilio then fetches the document again."""
    response = VoiceResponse()
    if position:
        response.say("You are next." if position == 1 else f"You are number {position} in line.")
    response.play("/static/waiting.wav")
    response.play("/static/waiting.wav")
    return str(response)


def connect_caller(scene_id: str, *, is_transcribed: bool) -> str:
    """Connects the caller to the presenter as soon as the presenter's phone is in the conference.

    With `is_transcribed`, each sentence of the caller is sent to us: https://www.twilio.com/docs/voice/twiml/transcription
    """
    response = VoiceResponse()
    if is_transcribed:
        url = f"/voice/line/caption?scene={scene_id}{CONNECTION_OVERRIDES}"
        response.start().transcription(status_callback_url=url, track="inbound_track", partial_results=False)
    response.say(ON_STAGE)
    dial = Dial(action=f"/voice/line/thanks?scene={scene_id}{CONNECTION_OVERRIDES}")
    dial.conference(f"line-{scene_id}", start_conference_on_enter=False, end_conference_on_exit=False, beep=False)
    response.append(dial)
    return str(response)


def connect_presenter(scene_id: str) -> str:
    """Connects the presenter's phone. When it hangs up, the conference ends."""
    response = VoiceResponse()
    response.say("You are on stage.")
    dial = Dial()
    dial.conference(f"line-{scene_id}", start_conference_on_enter=True, end_conference_on_exit=True, beep=False)
    response.append(dial)
    return str(response)
