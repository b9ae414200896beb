"""Call queues: callers wait in order until another call dials the queue or the REST API redirects them.

https://www.twilio.com/docs/voice/api/queue-resource (2026-11)"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from ringback.calls.call import Call
from ringback.service.bounded_dict import BoundedDict
from ringback.service.clock import Clock
from ringback.service.sids import new_sid
from ringback.twiml.steps import Fetch

MAX_QUEUES = 500  # not counting queues with members
DEFAULT_MAX_SIZE = 1000
MAX_WAIT_SAMPLES = 100  # the most recent waits, from which the average is computed


@dataclass(eq=False)
class QueueMember:
    """One waiting caller. `left` is when the caller left the queue.

    `dequeued` is set when another call takes the caller out of the queue, `bridged` when the whisper document has
    ended, and `disconnected` when the bridge has ended."""

    call: Call
    since: datetime
    left: datetime | None = None
    dequeued: asyncio.Event = field(default_factory=asyncio.Event)
    bridged: asyncio.Event = field(default_factory=asyncio.Event)
    disconnected: asyncio.Event = field(default_factory=asyncio.Event)
    whisper: Fetch | None = None

    @property
    def sid(self) -> str:
        return self.call.sid


class CallQueue:
    """One queue. `joined` is set and replaced when a caller joins; `waits` are past wait times in seconds."""

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
        joined, self.joined = self.joined, asyncio.Event()
        joined.set()
        return member

    def dequeue(self, whisper: Fetch | None = None) -> QueueMember | None:
        """Removes and returns the first member, if any. `whisper` runs on the member's call before it is bridged."""
        if not self.members:
            return None
        member = self.members[0]
        member.whisper = whisper
        self.remove(member)
        member.dequeued.set()
        return member

    def remove(self, member: QueueMember) -> None:
        if member in self.members:
            self.members.remove(member)
            member.left = self.clock.now()
            self.waits = [*self.waits[1 - MAX_WAIT_SAMPLES :], self.wait_seconds(member)]

    def wait_seconds(self, member: QueueMember) -> float:
        """Returns how long the caller has been in the queue, not counting the conversation that followed.

        https://www.twilio.com/docs/voice/twiml/enqueue (2026-11): QueueTime is the time spent in the queue"""
        return ((member.left or self.clock.now()) - member.since).total_seconds()

    def parameters(self, member: QueueMember) -> dict[str, str]:
        """Returns the parameters for requesting the wait document."""
        position = self.members.index(member) + 1 if member in self.members else 0
        return {
            "QueueSid": self.sid,
            "QueuePosition": str(position),
            "QueueTime": str(int(self.wait_seconds(member))),
            "AvgQueueTime": str(self.average_wait),
            "CurrentQueueSize": str(len(self.members)),
            "MaxQueueSize": str(self.max_size),
        }


class CallQueues(BoundedDict[str, CallQueue]):
    """All queues by sid. A queue with members is never evicted."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(MAX_QUEUES, lambda queue: bool(queue.members))
        self.clock = clock

    def get_or_create(self, account: str, name: str) -> CallQueue:
        """Returns the account's queue with this name, creating it on first use."""
        for queue in self.values():
            if (queue.account, queue.name) == (account, name):
                return queue
        queue = CallQueue(self.clock, account, name)
        self[queue.sid] = queue
        return queue
