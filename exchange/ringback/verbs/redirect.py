"""Redirect: continues with another document."""

from __future__ import annotations

from ringback.evidence import documented
from ringback.twiml.attribute_values import method
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element
from ringback.twiml.steps import Outcome
from ringback.verbs.registry import MESSAGING, VOICE, verb


@verb("Redirect", documented("voice/twiml/redirect"), attributes="method", channels=(VOICE, MESSAGING))
async def redirect(session: VoiceSession, element: Element) -> Outcome:
    return session.fetch(element.text(), method(session, element, 13710))
