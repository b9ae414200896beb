"""Enqueue, and Dial's Queue: waiting in line, and taking the first who waits."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from ringback.calls.bridge import bridge
from ringback.calls.queues import Member, WaitingLine
from ringback.twiml.attributes import method, truth, whole
from ringback.twiml.interpreter import End, Fetch, Outcome, Session, Step
from ringback.twiml.parser import Element
from ringback.verbs.conference import hold_music

WAITING = frozenset({"Play", "Say", "Pause", "Hangup", "Redirect", "Leave", "Gather"})
WHISPERED = frozenset({"Play", "Say", "Pause", "Redirect"})
MOST_NAME = 64
SHORTEST_ROUND = 0.05  # seconds before a wait document that took no time is asked for again


@dataclass
class Waited:
    """How the wait ended: Twilio's QueueResult, and an End where the wait document hung up."""

    result: str = "hangup"
    end: End | None = None


async def enqueue(session: Session, element: Element) -> Outcome:
    """Wait in line; then the action, or the next verb."""
    name = element.own_text()
    if not 0 < len(name) <= MOST_NAME:
        session.warn(14205, element, str(len(name)))
        return _action(session, element, {"QueueResult": "system-error"})
    queue = session.state.queues.named(session.call.plan.account, name)
    if len(queue.members) >= min(queue.most, whole(session, element, "maxQueueSize", queue.most, 12200, least=1)):
        session.warn(14207, element, name)
        return _action(session, element, {"QueueResult": "queue-full"})
    member, waited = queue.join(session.call), Waited()
    try:
        await _stay(session, element, queue, member, waited)
    finally:
        queue.drop(member)
        member.parted.set()
        told = {"QueueResult": waited.result, "QueueSid": queue.sid, "QueueTime": str(int(queue.waited(member)))}
        action = _action(session, element, told)
        session.parting = action
    return waited.end or action


def _action(session: Session, element: Element, told: dict[str, str]) -> Fetch | None:
    if "action" not in element.attributes:
        return None
    return session.fetch(element.get("action"), method(session, element, 14201), told)


async def _stay(session: Session, element: Element, queue: WaitingLine, member: Member, waited: Waited) -> None:
    waiting = asyncio.create_task(_wait(session, element, queue, member))
    taken = asyncio.create_task(member.taken.wait())
    try:
        await asyncio.wait({waiting, taken}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        taken.cancel()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    if not member.taken.is_set():
        end = waiting.result()
        waited.result = end.status if end.leave else "hangup"
        waited.end = None if end.leave else end
        return
    waited.result = "bridged"
    if member.whisper:
        whispering = Session(session.call, WHISPERED)
        await whispering.run(member.whisper)
    member.bridged.set()
    await member.parted.wait()


async def _wait(session: Session, element: Element, queue: WaitingLine, member: Member) -> End:
    """Run the wait document over and over; it ends by leaving the queue or by hanging up."""
    address = element.get("waitUrl")
    if not address:
        if "waitUrl" in element.attributes:
            await asyncio.Event().wait()
        await hold_music(session)
    way = method(session, element, 14206, "waitUrlMethod")
    while True:
        waiting = Session(session.call, WAITING)
        waiting.apologises = False
        step: Step = session.fetch(address, way, queue.parameters(member))
        while not isinstance(step, End):
            outcome = await waiting.one(step)
            if outcome is None:
                break
            step = _with_position(outcome, queue, member)
        else:
            return End("error" if waiting.trouble else "leave", leave=True) if step.leave else step
        await session.state.clock.sleep(SHORTEST_ROUND)


def _with_position(step: Step, queue: WaitingLine, member: Member) -> Step:
    if isinstance(step, Fetch):
        return Fetch(step.url, step.method, queue.parameters(member) | step.extra)
    return step


async def dial_queue(session: Session, dial: Element, noun: Element) -> Outcome:
    """Take the first who waits, or wait for somebody as long as the Dial rings; then the action or the next verb."""
    name = noun.text()
    if not 0 < len(name) <= MOST_NAME:
        session.warn(14213, noun, str(len(name)))
        return _dialled(session, dial, {"DialCallStatus": "failed"})
    queue = session.state.queues.named(session.call.plan.account, name)
    told = {"DialCallStatus": "no-answer", "DialBridged": "false"}
    member = None
    try:
        member = await _next(session, dial, noun, queue)
        if member:
            told |= {"DialCallStatus": "completed", "DialBridged": "true", "DialCallSid": member.call.sid}
            told |= {"QueueSid": queue.sid, "QueueTime": str(int(queue.waited(member)))}
            await _talk(session, dial, member)
    finally:
        if member:
            member.parted.set()
        session.parting = _dialled(session, dial, told)
    return session.parting


def _dialled(session: Session, dial: Element, told: dict[str, str]) -> Fetch | None:
    if "action" not in dial.attributes:
        return None
    return session.fetch(dial.get("action"), method(session, dial, 13210), told)


async def _next(session: Session, dial: Element, noun: Element, queue: WaitingLine) -> Member | None:
    try:
        async with session.state.clock.deadline(whole(session, dial, "timeout", 30, 13212, least=1)):
            while not queue.members:
                await queue.joined.wait()
    except TimeoutError:
        return None
    first = queue.members[0]
    whisper = None
    if noun.get("url"):
        told = {
            "QueueSid": queue.sid,
            "QueueTime": str(int(queue.waited(first))),
            "DequeingCallSid": session.call.sid,
        }
        whisper = session.fetch(noun.get("url"), method(session, noun, 14210), told)
    return queue.take(session.call, whisper)


async def _talk(session: Session, dial: Element, member: Member) -> None:
    star = truth(session, dial, "hangupOnStar", False, 13213)
    bridged = asyncio.create_task(_bridge_when_ready(session, member, star))
    parted = asyncio.create_task(member.parted.wait())
    try:
        await asyncio.wait({bridged, parted}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        bridged.cancel()
        parted.cancel()
        await asyncio.gather(bridged, parted, return_exceptions=True)


async def _bridge_when_ready(session: Session, member: Member, star: bool) -> None:
    await member.bridged.wait()
    await bridge(session.call, member.call, star)
