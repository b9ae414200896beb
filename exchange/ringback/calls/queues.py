"""Queues: callers who wait in order until somebody dials the queue."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from ringback.calls.call import Call
from ringback.service.bounded_dict import QUEUES, History
from ringback.service.clock import Clock
from ringback.service.sids import new_sid
from ringback.twiml.steps import Fetch

DEFAULT_SIZE = 1000
KEPT_WAITS = 100


@dataclass(eq=False)
class Member:
    """One caller who waits. `taken` when somebody dials them out; `parted` when the two have left each other."""

    call: Call
    since: datetime
    taken: asyncio.Event = field(default_factory=asyncio.Event)
    bridged: asyncio.Event = field(default_factory=asyncio.Event)
    parted: asyncio.Event = field(default_factory=asyncio.Event)
    whisper: Fetch | None = None
    by: Call | None = None

    @property
    def sid(self) -> str:
        return self.call.sid


class WaitingLine:
    """One queue."""

    def __init__(self, clock: Clock, account: str, name: str, most: int = DEFAULT_SIZE) -> None:
        self.clock, self.account, self.name, self.most = clock, account, name, most
        self.sid = new_sid("QU")
        self.created = self.updated = clock.now()
        self.members: list[Member] = []
        self.joined = asyncio.Event()
        self.waits: list[float] = []

    @property
    def average_wait(self) -> int:
        return round(sum(self.waits) / len(self.waits)) if self.waits else 0

    def join(self, call: Call) -> Member:
        member = Member(call, self.clock.now())
        self.members.append(member)
        waiting, self.joined = self.joined, asyncio.Event()
        waiting.set()
        return member

    def take(self, by: Call | None, whisper: Fetch | None = None) -> Member | None:
        """The first in line, who waits no longer."""
        if not self.members:
            return None
        member = self.members[0]
        member.by, member.whisper = by, whisper
        self.drop(member)
        member.taken.set()
        return member

    def drop(self, member: Member) -> None:
        if member in self.members:
            self.members.remove(member)
            self.waits = [*self.waits[1 - KEPT_WAITS :], self.waited(member)]

    def waited(self, member: Member) -> float:
        return (self.clock.now() - member.since).total_seconds()

    def parameters(self, member: Member) -> dict[str, str]:
        """What the wait document is told."""
        place = self.members.index(member) + 1 if member in self.members else 0
        return {
            "QueueSid": self.sid,
            "QueuePosition": str(place),
            "QueueTime": str(int(self.waited(member))),
            "AvgQueueTime": str(self.average_wait),
            "CurrentQueueSize": str(len(self.members)),
            "MaxQueueSize": str(self.most),
        }


class Queues(History[str, WaitingLine]):
    """All queues, by sid. One in which somebody waits is never forgotten."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(QUEUES, lambda queue: bool(queue.members))
        self.clock = clock

    def named(self, account: str, name: str) -> WaitingLine:
        """The queue of that name, made when first spoken of."""
        for queue in self.values():
            if queue.name == name:
                return queue
        queue = WaitingLine(self.clock, account, name)
        self[queue.sid] = queue
        return queue
