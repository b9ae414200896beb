"""The Queue noun of Dial: connects the caller to the first member of a queue.

https://www.twilio.com/docs/voice/twiml/queue (2026-11)"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from ringback.calls.bridge import bridge
from ringback.calls.queues import CallQueue, QueueMember
from ringback.evidence import documented
from ringback.twiml.attribute_values import boolean, method, whole_number
from ringback.twiml.interpreter import VoiceSession
from ringback.twiml.parser import Element
from ringback.twiml.steps import Fetch, Outcome
from ringback.verbs.dial_options import time_limit
from ringback.verbs.enqueue import MAX_NAME_CHARACTERS
from ringback.verbs.registry import noun as register_noun


async def dial_queue(session: VoiceSession, dial: Element, noun: Element) -> Outcome:
    """Connects the caller to the first member of the queue. If the queue is empty, waits until Dial's timeout.

    Returns Dial's action, or None to run the next verb."""
    name = noun.text()
    if not 0 < len(name) <= MAX_NAME_CHARACTERS:
        session.warn(14213, noun, str(len(name)))
        return _action(session, dial, {"DialCallStatus": "failed"})
    queue = session.state.queues.get_or_create(session.call.plan.account, name)
    parameters = {"DialCallStatus": "no-answer", "DialBridged": "false"}
    member = None
    try:
        member = await _dequeue(session, dial, noun, queue)
        if member:
            waited = str(int(queue.wait_seconds(member)))
            parameters |= {"DialCallSid": member.call.sid, "QueueSid": queue.sid, "QueueTime": waited}
            await _bridge(session, dial, member)
    finally:
        if member:
            member.disconnected.set()
            if member.bridged.is_set():  # otherwise, one of the two hung up during the whisper document
                parameters |= {"DialCallStatus": "completed", "DialBridged": "true"}
        session.hangup_fetch = _action(session, dial, parameters)
    return session.hangup_fetch


def _action(session: VoiceSession, dial: Element, parameters: dict[str, str]) -> Fetch | None:
    if "action" not in dial.attributes:
        return None
    return session.fetch(dial.get("action"), method(session, dial, 13210), parameters)


async def _dequeue(session: VoiceSession, dial: Element, noun: Element, queue: CallQueue) -> QueueMember | None:
    try:
        async with session.state.clock.deadline(whole_number(session, dial, "timeout", 30, 13212, minimum=1)):
            while not queue.members:
                await queue.joined.wait()
    except TimeoutError:
        return None
    first = queue.members[0]
    whisper = None
    if noun.get("url"):
        parameters = {
            "QueueSid": queue.sid,
            "QueueTime": str(int(queue.wait_seconds(first))),
            "DequeingCallSid": session.call.sid,
        }
        whisper = session.fetch(noun.get("url"), method(session, noun, 14210), parameters)
    return queue.dequeue(whisper)


async def _bridge(session: VoiceSession, dial: Element, member: QueueMember) -> None:
    hangup_on_star = boolean(session, dial, "hangupOnStar", False, 13213)
    bridging = asyncio.create_task(_bridge_when_ready(session, member, hangup_on_star))
    disconnected = asyncio.create_task(member.disconnected.wait())
    try:
        with suppress(TimeoutError):
            async with session.state.clock.deadline(time_limit(session, dial)):
                await asyncio.wait({bridging, disconnected}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        bridging.cancel()
        disconnected.cancel()
        await asyncio.gather(bridging, disconnected, return_exceptions=True)


async def _bridge_when_ready(session: VoiceSession, member: QueueMember, hangup_on_star: bool) -> None:
    await member.bridged.wait()
    session.call.answer_inbound()
    await bridge(session.call, member.call, hangup_on_star)


register_noun(
    "Queue",
    documented("voice/twiml/queue"),
    attributes="url method reservationSid postWorkActivitySid",
    without_effect="reservationSid postWorkActivitySid",
)
