"""What a caller hears while the current scene has choices for them."""

from twilio.twiml.voice_response import VoiceResponse

from phone.twiml.voice_twiml import GATHER_TIMEOUT_SECONDS, step_url
from phone.twiml.xml_text import to_xml_text
from show.base_scene import Scene

DIGIT_TIMEOUT_SECONDS = 3  # after the first digit of a number
EVERYTHING_ELSE = "Or press star for everything else."


def scene_menu(opening: str, scene: Scene, document: int, silent_menus: int = 0) -> str:
    """Speaks the opening and the scene's choices, and gathers a key, a number or speech.

    The action contains the scene, so that a key never counts in another one.
    """
    response = VoiceResponse()
    has_numbers = scene.max_digits > 1
    gather = response.gather(
        input="dtmf speech",
        num_digits=scene.max_digits,
        finish_on_key="#" if has_numbers else "",
        timeout=DIGIT_TIMEOUT_SECONDS if has_numbers else GATHER_TIMEOUT_SECONDS,
        speech_timeout="auto",
        action=step_url("/voice/scene", document, scene=scene.id),
    )
    gather.say(to_xml_text(f"{opening} {scene.spoken_choices()} {EVERYTHING_ELSE}"))
    silent = str(silent_menus + 1)
    response.redirect(step_url("/voice/scene", document, scene=scene.id, silent=silent))
    return str(response)
