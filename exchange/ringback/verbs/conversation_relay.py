"""ConversationRelay, a noun of Connect: ringback/relay/ runs the session.

https://www.twilio.com/docs/voice/twiml/connect/conversationrelay (2026-11)"""

from __future__ import annotations

from ringback.evidence import documented
from ringback.relay.field_validation import LANGUAGE_FIELDS
from ringback.relay.session import RelaySession
from ringback.relay.settings import INVALID_ARGUMENT, SETTINGS, settings_of
from ringback.service.media import Media
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element
from ringback.verbs.play import fetch_audio
from ringback.verbs.registry import noun


async def converse(session: VoiceSession, element: Element, parameters: dict[str, str]) -> None:
    """Runs a session until the app ends it or it fails. Adds its result to the parameters of the action request."""
    settings, mistakes = settings_of(element)
    for place, mistake in mistakes:
        session.warn(INVALID_ARGUMENT, place, mistake)

    async def fetch(url: str) -> Media | None:
        return await fetch_audio(session, element, url)

    relay = RelaySession(session.state, session.call, element.get("url"), settings, fetch)
    try:
        await relay.run()
    finally:
        parameters |= relay.result.parameters()
        parameters |= _application(session)


def _application(session: VoiceSession) -> dict[str, str]:
    number = session.state.numbers.get(session.call.plan.to)
    return {"ApplicationSid": number.voice_application_sid} if number and number.voice_application_sid else {}


noun(
    "ConversationRelay",
    documented("voice/twiml/connect/conversationrelay"),
    attributes=f"url {' '.join(SETTINGS)}",
    children="Language Parameter",
    without_effect=" ".join(name for name, setting in SETTINGS.items() if not setting.has_effect),
)
noun(
    "Language",
    attributes=f"code {LANGUAGE_FIELDS}",
    without_effect=LANGUAGE_FIELDS.replace("voice ", ""),
    in_coverage=False,
)
