"""Echo: plays back what the caller says and presses, until the call ends.

The official libraries have it, but no page describes it (2026-11)."""

from __future__ import annotations

from ringback.calls.bridge import relay_input
from ringback.evidence import observed
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element
from ringback.twiml.steps import Outcome
from ringback.verbs.registry import verb
from ringback.verbs.unsupported import PYTHON_SDK


@verb("Echo", observed(PYTHON_SDK))
async def echo(session: VoiceSession, element: Element) -> Outcome:
    call = session.call
    with session.audio.listen({"talk": {"with": call.plan.handset}}) as inbox:
        await relay_input(call, inbox, lambda: [call], until_star=False)
    return None
