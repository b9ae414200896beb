"""The board: every event folded into stories, the door and the state of sending."""

from dataclasses import dataclass, field

from events import Event
from sending.webhooks.catalogue import message_of
from stage.sanitize import tame
from stage.timeline_entry import Story, begin
from stage.timeline_events import tell

KEPT = 200  # stories
SHOWN = 30  # of them on the stage
MESSAGES_KEPT = 5_000


@dataclass
class Door:
    """What was turned away, since this process has looked: how many, and the newest."""

    refused: int = 0
    address: str = ""
    reason: str = ""


@dataclass
class Board:
    """`last` is the id of the newest event folded; `stopped` why all sending is stopped, "" when it is not."""

    last: str = "0-0"
    stories: dict[str, Story] = field(default_factory=dict)
    door: Door = field(default_factory=Door)
    stopped: str = ""
    messages: dict[str, str] = field(default_factory=dict)  # our webhooks, by the story they tell of

    def fold(self, event: Event) -> str:
        """Let this event change the board. What it changed: the id of a story, or `door`, `sending`."""
        self.last = event.id
        if event.kind == "delivery.refused":
            reason = tame(event.facts.get("reason"), 90)
            self.door = Door(self.door.refused + 1, _door(event.facts.get("address")), reason)
            return "door"
        if event.kind.startswith("sending."):
            is_stop = event.kind == "sending.stopped"
            self.stopped = (tame(event.facts.get("reason"), 90) or "no reason given") if is_stop else ""
            return "sending"
        return self._story(event)

    def shown(self) -> list[Story]:
        """The newest stories, newest first."""
        return list(reversed(self.stories.values()))[:SHOWN]

    def asks_open(self) -> list[Story]:
        """Stories that wait for slow work, oldest first."""
        return [story for story in self.stories.values() if story.state in ("waiting", "now") and story.asks]

    def _story(self, event: Event) -> str:
        key = event.story or event.id
        if self.messages.get(key) in self.stories:
            key = self.messages[key]
        self.messages[message_of(event.id)] = key
        if len(self.messages) > MESSAGES_KEPT:
            del self.messages[next(iter(self.messages))]
        if key not in self.stories:
            self.stories[key] = begin(event)
            if len(self.stories) > KEPT:
                del self.stories[next(iter(self.stories))]
        tell(self.stories[key], event)
        return key


def _door(address: object) -> str:
    """Which door, and no more: what follows in the path may be a secret, or a try at one."""
    return tame("/".join(str(address or "").split("?")[0].split("/")[:3]), 40)


def is_after(one: str, other: str) -> bool:
    """Whether stream id `one` is later than `other`. Ids are two numbers: as text, 9-0 would follow 10-0."""
    return parts(one) > parts(other)


def parts(name: str) -> tuple[int, int]:
    """A stream id as the two numbers it is."""
    milliseconds, _, sequence = name.partition("-")
    return int(milliseconds), int(sequence or 0)
