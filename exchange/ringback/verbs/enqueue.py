"""Enqueue: the caller waits in a queue until another call dials the queue.

https://www.twilio.com/docs/voice/twiml/enqueue (2026-11)"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from ringback.calls.lifecycle import fetch_and_ignore
from ringback.calls.queues import CallQueue, QueueMember
from ringback.evidence import documented
from ringback.twiml.attribute_values import method, whole_number
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element
from ringback.twiml.steps import End, Fetch, Inline, Outcome, Step
from ringback.verbs.hold_music import hold_music
from ringback.verbs.registry import noun, verb

WAIT_VERBS = frozenset({"Play", "Say", "Pause", "Hangup", "Redirect", "Leave", "Gather"})
WHISPER_VERBS = frozenset({"Play", "Say", "Pause", "Redirect"})
MAX_NAME_CHARACTERS = 64
MIN_REPEAT_SECONDS = 0.05  # pause before the wait document is requested again


@dataclass
class WaitResult:
    """How the wait ended: Twilio's QueueResult, and the End if the wait document hung up."""

    result: str = "hangup"
    end: End | None = None


@verb(
    "Enqueue",
    documented("voice/twiml/enqueue"),
    attributes="action method waitUrl waitUrlMethod workflowSid maxQueueSize",
    children="Task",
    without_effect="workflowSid",
)
async def enqueue(session: VoiceSession, element: Element) -> Outcome:
    """Waits in the queue. Returns the action, or None to run the next verb."""
    name = element.own_text()
    if not 0 < len(name) <= MAX_NAME_CHARACTERS:
        session.warn(14205, element, str(len(name)))
        return _action(session, element, {"QueueResult": "system-error"})
    queue = session.state.queues.get_or_create(session.call.plan.account, name)
    if len(queue.members) >= min(
        queue.max_size, whole_number(session, element, "maxQueueSize", queue.max_size, 12200, minimum=1)
    ):
        session.warn(14207, element, name)
        return _action(session, element, {"QueueResult": "queue-full"})
    member, outcome = queue.join(session.call), WaitResult()
    try:
        await _wait_in_queue(session, element, queue, member, outcome)
    finally:
        queue.remove(member)
        member.disconnected.set()
        if is_redirected := isinstance(session.call.interruption, Fetch | Inline):
            outcome.result = "redirected-from-bridged" if member.bridged.is_set() else "redirected"
        parameters = {
            "QueueResult": outcome.result,
            "QueueSid": queue.sid,
            "QueueTime": str(int(queue.wait_seconds(member))),
        }
        action = _action(session, element, parameters)
        session.hangup_fetch = action
        if action and is_redirected:
            session.state.spawn(fetch_and_ignore(session.state, session.call, action))
    return outcome.end or action


def _action(session: VoiceSession, element: Element, parameters: dict[str, str]) -> Fetch | None:
    if "action" not in element.attributes:
        return None
    return session.fetch(element.get("action"), method(session, element, 14201), parameters)


async def _wait_in_queue(
    session: VoiceSession, element: Element, queue: CallQueue, member: QueueMember, outcome: WaitResult
) -> None:
    waiting = asyncio.create_task(_run_wait_document(session, element, queue, member))
    dequeued = asyncio.create_task(member.dequeued.wait())
    try:
        await asyncio.wait({waiting, dequeued}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        dequeued.cancel()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    if not member.dequeued.is_set():
        end = waiting.result()
        outcome.result = end.status if end.leave else "hangup"
        outcome.end = None if end.leave else end
        return
    if member.whisper:
        await VoiceSession(session.state, session.call, WHISPER_VERBS).run(member.whisper)
    outcome.result = "bridged"
    member.bridged.set()
    await member.disconnected.wait()


async def _run_wait_document(session: VoiceSession, element: Element, queue: CallQueue, member: QueueMember) -> End:
    """Repeats the wait document until its TwiML leaves the queue, hangs up or fails, and returns the End.

    Without a waitUrl, plays music; with an empty one, plays nothing."""
    url = element.get("waitUrl")
    if not url:
        if "waitUrl" in element.attributes:
            await asyncio.Event().wait()
        await hold_music(session)
    http_method = method(session, element, 14206, "waitUrlMethod")
    while True:
        waiting = VoiceSession(session.state, session.call, WAIT_VERBS)
        waiting.uses_fallback = False
        step: Step = session.fetch(url, http_method, queue.parameters(member))
        while not isinstance(step, End):
            outcome = await waiting.run_document(step)
            if outcome is None:
                break
            step = _with_queue_parameters(outcome, queue, member)
        else:
            return End("error" if waiting.error else "leave", leave=True) if step.leave else step
        await session.state.clock.sleep(MIN_REPEAT_SECONDS)


def _with_queue_parameters(step: Step, queue: CallQueue, member: QueueMember) -> Step:
    if isinstance(step, Fetch):
        return Fetch(step.url, step.method, queue.parameters(member) | step.extra)
    return step


noun("Task", attributes="priority timeout", in_coverage=False)
