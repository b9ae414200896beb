"""The board: every event folded into stories, the door and the state of sending."""

from dataclasses import dataclass, field

from events import Event
from sending.webhooks.catalogue import message_id_for
from stage.sanitize import sanitize
from stage.timeline_entry import TimelineEntry, create_entry
from stage.timeline_events import apply_event

MAX_ENTRIES = 200  # stories
MAX_VISIBLE_ENTRIES = 30  # of them on the stage
MAX_MESSAGES = 5_000


@dataclass
class RejectionSummary:
    """What was turned away, since this process has looked: how many, and the newest."""

    refused: int = 0
    address: str = ""
    reason: str = ""


@dataclass
class Timeline:
    """`last` is the id of the newest event folded; `stopped` why all sending is stopped, "" when it is not."""

    last: str = "0-0"
    stories: dict[str, TimelineEntry] = field(default_factory=dict)
    door: RejectionSummary = field(default_factory=RejectionSummary)
    stopped: str = ""
    messages: dict[str, str] = field(default_factory=dict)  # our webhooks, by the story they tell of

    def fold(self, event: Event) -> str:
        """Let this event change the board. What it changed: the id of a story, or `door`, `sending`."""
        self.last = event.id
        if event.type == "delivery.rejected":
            reason = sanitize(event.data.get("reason"), 90)
            self.door = RejectionSummary(self.door.refused + 1, _path_prefix(event.data.get("address")), reason)
            return "door"
        if event.type.startswith("sending."):
            is_stop = event.type == "sending.stopped"
            self.stopped = (sanitize(event.data.get("reason"), 90) or "no reason given") if is_stop else ""
            return "sending"
        return self._story(event)

    def shown(self) -> list[TimelineEntry]:
        """The newest stories, newest first."""
        return list(reversed(self.stories.values()))[:MAX_VISIBLE_ENTRIES]

    def asks_open(self) -> list[TimelineEntry]:
        """Stories that wait for slow work, oldest first."""
        return [story for story in self.stories.values() if story.state in ("waiting", "now") and story.asks]

    def _story(self, event: Event) -> str:
        key = event.subject or event.id
        if self.messages.get(key) in self.stories:
            key = self.messages[key]
        self.messages[message_id_for(event.id)] = key
        if len(self.messages) > MAX_MESSAGES:
            del self.messages[next(iter(self.messages))]
        if key not in self.stories:
            self.stories[key] = create_entry(event)
            if len(self.stories) > MAX_ENTRIES:
                del self.stories[next(iter(self.stories))]
        apply_event(self.stories[key], event)
        return key


def _path_prefix(address: object) -> str:
    """Which door, and no more: what follows in the path may be a secret, or a try at one."""
    return sanitize("/".join(str(address or "").split("?")[0].split("/")[:3]), 40)


def is_after(one: str, other: str) -> bool:
    """Whether stream id `one` is later than `other`. Ids are two numbers: as text, 9-0 would follow 10-0."""
    return parse_stream_id(one) > parse_stream_id(other)


def parse_stream_id(name: str) -> tuple[int, int]:
    """A stream id as the two numbers it is."""
    milliseconds, _, sequence = name.partition("-")
    return int(milliseconds), int(sequence or 0)
