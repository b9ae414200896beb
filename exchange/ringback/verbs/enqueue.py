"""Enqueue: the caller waits in line until somebody dials the queue."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from ringback.calls.queues import CallQueue, QueueMember
from ringback.twiml.attributes import method, whole_number
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element
from ringback.twiml.steps import End, Fetch, Outcome, Step
from ringback.verbs.hold_music import hold_music
from ringback.verbs.registry import noun, verb

WAIT_VERBS = frozenset({"Play", "Say", "Pause", "Hangup", "Redirect", "Leave", "Gather"})
WHISPER_VERBS = frozenset({"Play", "Say", "Pause", "Redirect"})
MAX_NAME_CHARACTERS = 64
MIN_ROUND_SECONDS = 0.05  # seconds before a wait document that took no time is asked for again


@dataclass
class WaitResult:
    """How the wait ended: Twilio's QueueResult, and an End where the wait document hung up."""

    result: str = "hangup"
    end: End | None = None


@verb(
    "Enqueue",
    attributes="action method waitUrl waitUrlMethod workflowSid maxQueueSize",
    children="Task",
    without_effect="workflowSid",
)
async def enqueue(session: VoiceSession, element: Element) -> Outcome:
    """Wait in line; then the action, or the next verb."""
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
    member, waited = queue.join(session.call), WaitResult()
    try:
        await _wait_in_queue(session, element, queue, member, waited)
    finally:
        queue.remove(member)
        member.disconnected.set()
        parameters = {
            "QueueResult": waited.result,
            "QueueSid": queue.sid,
            "QueueTime": str(int(queue.wait_seconds(member))),
        }
        action = _action(session, element, parameters)
        session.hangup_fetch = action
    return waited.end or action


def _action(session: VoiceSession, element: Element, parameters: dict[str, str]) -> Fetch | None:
    if "action" not in element.attributes:
        return None
    return session.fetch(element.get("action"), method(session, element, 14201), parameters)


async def _wait_in_queue(
    session: VoiceSession, element: Element, queue: CallQueue, member: QueueMember, waited: WaitResult
) -> None:
    waiting = asyncio.create_task(_wait(session, element, queue, member))
    taken = asyncio.create_task(member.dequeued.wait())
    try:
        await asyncio.wait({waiting, taken}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        taken.cancel()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    if not member.dequeued.is_set():
        end = waiting.result()
        waited.result = end.status if end.leave else "hangup"
        waited.end = None if end.leave else end
        return
    waited.result = "bridged"
    if member.whisper:
        whispering = VoiceSession(session.state, session.call, WHISPER_VERBS)
        await whispering.run(member.whisper)
    member.bridged.set()
    await member.disconnected.wait()


async def _wait(session: VoiceSession, element: Element, queue: CallQueue, member: QueueMember) -> End:
    """Run the wait document over and over; it ends by leaving the queue or by hanging up."""
    address = element.get("waitUrl")
    if not address:
        if "waitUrl" in element.attributes:
            await asyncio.Event().wait()
        await hold_music(session)
    way = method(session, element, 14206, "waitUrlMethod")
    while True:
        waiting = VoiceSession(session.state, session.call, WAIT_VERBS)
        waiting.uses_fallback = False
        step: Step = session.fetch(address, way, queue.parameters(member))
        while not isinstance(step, End):
            outcome = await waiting.run_document(step)
            if outcome is None:
                break
            step = _with_position(outcome, queue, member)
        else:
            return End("error" if waiting.error else "leave", leave=True) if step.leave else step
        await session.state.clock.sleep(MIN_ROUND_SECONDS)


def _with_position(step: Step, queue: CallQueue, member: QueueMember) -> Step:
    if isinstance(step, Fetch):
        return Fetch(step.url, step.method, queue.parameters(member) | step.extra)
    return step


noun("Task", attributes="priority timeout", in_coverage=False)
