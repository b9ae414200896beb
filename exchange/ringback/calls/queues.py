"""Queues: callers who wait in order until somebody dials the queue."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from ringback.calls.call import Call
from ringback.service.bounded_dict import MAX_QUEUES, BoundedDict
from ringback.service.clock import Clock
from ringback.service.sids import new_sid
from ringback.twiml.steps import Fetch

DEFAULT_MAX_SIZE = 1000
MAX_WAIT_SAMPLES = 100


@dataclass(eq=False)
class QueueMember:
    """One waiting caller. `dequeued` is set when somebody dials the queue, `disconnected` when their bridge ends."""

    call: Call
    since: datetime
    dequeued: asyncio.Event = field(default_factory=asyncio.Event)
    bridged: asyncio.Event = field(default_factory=asyncio.Event)
    disconnected: asyncio.Event = field(default_factory=asyncio.Event)
    whisper: Fetch | None = None
    by: Call | None = None

    @property
    def sid(self) -> str:
        return self.call.sid


class CallQueue:
    """One queue."""

    def __init__(self, clock: Clock, account: str, name: str, max_size: int = DEFAULT_MAX_SIZE) -> None:
        self.clock, self.account, self.name, self.max_size = clock, account, name, max_size
        self.sid = new_sid("QU")
        self.created = self.updated = clock.now()
        self.members: list[QueueMember] = []
        self.joined = asyncio.Event()
        self.waits: list[float] = []

    @property
    def average_wait(self) -> int:
        return round(sum(self.waits) / len(self.waits)) if self.waits else 0

    def join(self, call: Call) -> QueueMember:
        member = QueueMember(call, self.clock.now())
        self.members.append(member)
        waiting, self.joined = self.joined, asyncio.Event()
        waiting.set()
        return member

    def dequeue(self, by: Call | None, whisper: Fetch | None = None) -> QueueMember | None:
        """The first in line, who waits no longer."""
        if not self.members:
            return None
        member = self.members[0]
        member.by, member.whisper = by, whisper
        self.remove(member)
        member.dequeued.set()
        return member

    def remove(self, member: QueueMember) -> None:
        if member in self.members:
            self.members.remove(member)
            self.waits = [*self.waits[1 - MAX_WAIT_SAMPLES :], self.wait_seconds(member)]

    def wait_seconds(self, member: QueueMember) -> float:
        return (self.clock.now() - member.since).total_seconds()

    def parameters(self, member: QueueMember) -> dict[str, str]:
        """What the wait document is told."""
        place = self.members.index(member) + 1 if member in self.members else 0
        return {
            "QueueSid": self.sid,
            "QueuePosition": str(place),
            "QueueTime": str(int(self.wait_seconds(member))),
            "AvgQueueTime": str(self.average_wait),
            "CurrentQueueSize": str(len(self.members)),
            "MaxQueueSize": str(self.max_size),
        }


class CallQueues(BoundedDict[str, CallQueue]):
    """All queues, by sid. One in which somebody waits is never forgotten."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(MAX_QUEUES, lambda queue: bool(queue.members))
        self.clock = clock

    def get_or_create(self, account: str, name: str) -> CallQueue:
        """The queue of that name, made when first spoken of."""
        for queue in self.values():
            if queue.name == name:
                return queue
        queue = CallQueue(self.clock, account, name)
        self[queue.sid] = queue
        return queue
