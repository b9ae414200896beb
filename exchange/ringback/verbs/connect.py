"""Connect: hands the call to a service, and continues when the service is done.

https://www.twilio.com/docs/voice/twiml/connect (2026-11)"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ringback.evidence import documented
from ringback.twiml.attribute_values import GENERIC_WARNING, method
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element
from ringback.twiml.steps import Outcome
from ringback.verbs.conversation_relay import converse
from ringback.verbs.registry import verb
from ringback.verbs.stream import connect_two_way_stream
from ringback.verbs.unsupported import reason_for

ActionParameters = dict[str, str]
Connection = Callable[[VoiceSession, Element, ActionParameters], Awaitable[None]]
"""Runs one noun until it ends. Adds its parameters to those of the action request, even if it is cancelled."""

CONNECTIONS: dict[str, Connection] = {"ConversationRelay": converse, "Stream": connect_two_way_stream}
UNSUPPORTED = "ConversationRelaySession AiSession VirtualAgent Conversation Room Autopilot"


@verb(
    "Connect",
    documented("voice/twiml/connect"),
    attributes="action method",
    children=f"{' '.join(CONNECTIONS)} {UNSUPPORTED}",
)
async def connect(session: VoiceSession, element: Element) -> Outcome:
    """Returns the action, or None to run the next verb if there is no action."""
    noun = next((child for child in element.elements() if child.name in CONNECTIONS), None)
    if noun is None:
        _warn_of_missing_noun(session, element)
        return None
    parameters: ActionParameters = {}
    action: Outcome = None
    try:
        await CONNECTIONS[noun.name](session, noun, parameters)
    finally:
        if element.get("action"):
            http_method = method(session, element, GENERIC_WARNING)
            action = session.hangup_fetch = session.fetch(element.get("action"), http_method, parameters)
    return action


def _warn_of_missing_noun(session: VoiceSession, element: Element) -> None:
    usable = " or ".join(f"<{name}>" for name in CONNECTIONS)
    children = element.elements()
    for child in children:
        mistake = f"<{child.name}> is not supported in <Connect>: {reason_for(child)}"
        session.warn(GENERIC_WARNING, child, mistake, f"Use {usable}.")
    if not children:
        fix = f"Put {usable} into <Connect>."
        session.warn(GENERIC_WARNING, element, "<Connect> has no noun, so it connects to nothing", fix)
