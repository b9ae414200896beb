"""Connect: hands the call over to a WebSocket of the app."""

from __future__ import annotations

from ringback.twiml import attributes
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element
from ringback.twiml.steps import Outcome
from ringback.verbs.registry import verb
from ringback.verbs.stream import connect_two_way_stream
from ringback.verbs.unsupported import CONNECT, warn_unsupported


@verb("Connect", attributes="action method", children=CONNECT)
async def connect(session: VoiceSession, element: Element) -> Outcome:
    for noun in element.elements():
        if noun.name == "Stream":
            await connect_two_way_stream(session, noun)
            break
        warn_unsupported(session, element)
    if not element.get("action"):
        return None
    return session.fetch(element.get("action"), attributes.method(session, element, attributes.GENERIC_WARNING))
