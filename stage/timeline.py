"""The timeline: the state of the stage, built from the events in order."""

from dataclasses import dataclass, field

from events import Event
from sending.webhooks.queue.messages import id_for_event
from show.lanes.board import Board
from show.sanitize import sanitize
from stage.timeline_entry import OPEN_STATES, TimelineEntry, create_entry
from stage.timeline_events import apply_event

MAX_ENTRIES = 200
MAX_VISIBLE_ENTRIES = 30  # shown on the stage
MAX_MESSAGES = 5_000


@dataclass
class RejectionSummary:
    """The number of requests rejected in the events read so far, and the path and reason of the latest one."""

    count: int = 0
    path: str = ""
    reason: str = ""


@dataclass
class Timeline:
    """`stop_reason` says why all sending is stopped; "" if it is not stopped.

    `entry_ids_by_message` maps the message id of an outgoing webhook to the entry that the webhook reports.
    """

    last_event_id: str = "0-0"
    entries: dict[str, TimelineEntry] = field(default_factory=dict)
    rejections: RejectionSummary = field(default_factory=RejectionSummary)
    stop_reason: str = ""
    entry_ids_by_message: dict[str, str] = field(default_factory=dict)
    board: Board = field(default_factory=Board)

    def apply(self, event: Event) -> str:
        """Apply the event, and return the part that changed: an entry's id, `rejections`, `sending` or `show`."""
        self.last_event_id = event.id
        if event.type == "delivery.rejected":
            reason = sanitize(event.data.get("reason"), 90)
            path = _path_prefix(event.data.get("address"))
            self.rejections = RejectionSummary(self.rejections.count + 1 + int(event.data.get("more", 0)), path, reason)
            return "rejections"
        if event.type.startswith("sending."):
            is_stop = event.type == "sending.stopped"
            self.stop_reason = (sanitize(event.data.get("reason"), 90) or "no reason given") if is_stop else ""
            return "sending"
        if event.type == "show.purged":
            self._forget(event)
        if event.type.startswith("show."):  # the scenes are read from the show's state
            return "show"
        return self._apply_to_entry(event)

    def visible_entries(self) -> list[TimelineEntry]:
        """The newest MAX_VISIBLE_ENTRIES entries, newest first."""
        return list(reversed(self.entries.values()))[:MAX_VISIBLE_ENTRIES]

    def entries_awaiting_answer(self) -> list[TimelineEntry]:
        """Entries with an open answer, oldest first."""
        return [entry for entry in self.entries.values() if entry.state in OPEN_STATES and entry.pending_answers]

    def _forget(self, event: Event) -> None:
        """Drop what has been erased: see events.erase."""
        sids, before = event.data.get("sids", []), float(event.data.get("before", 0))
        erased = {id for id, entry in self.entries.items() if id in sids or entry.started_at <= before}
        self.entries = {id: entry for id, entry in self.entries.items() if id not in erased}
        self.board.remove({*erased, *sids})

    def _apply_to_entry(self, event: Event) -> str:
        id = str(event.data.get("about") or event.subject or event.id)
        if self.entry_ids_by_message.get(id) in self.entries:
            id = self.entry_ids_by_message[id]
        self.entry_ids_by_message[id_for_event(event.id)] = id
        if len(self.entry_ids_by_message) > MAX_MESSAGES:
            del self.entry_ids_by_message[next(iter(self.entry_ids_by_message))]
        if id not in self.entries:
            self.entries[id] = create_entry(event)
            if len(self.entries) > MAX_ENTRIES:
                self._drop_oldest()
        self.board.advance(event.time)
        apply_event(self.entries[id], event)
        self.board.update(self.entries[id])
        return id

    def _drop_oldest(self) -> None:
        """Drop the oldest entry that is not a live call; the oldest one if all are."""
        over = (id for id, entry in self.entries.items() if not entry.is_live)
        del self.entries[next(over, next(iter(self.entries)))]


def _path_prefix(address: object) -> str:
    """At most the first two segments of the path; the rest may contain a secret or an attempt to guess one."""
    return sanitize("/".join(str(address or "").split("?")[0].split("/")[:3]), 40)


def is_after(one: str, other: str) -> bool:
    """Whether stream id `one` is later than `other`, compared as numbers; as text, 9-0 would sort after 10-0."""
    return parse_stream_id(one) > parse_stream_id(other)


def parse_stream_id(id: str) -> tuple[int, int]:
    """The milliseconds and the sequence number of a Redis stream id."""
    milliseconds, _, sequence = id.partition("-")
    return int(milliseconds), int(sequence or 0)
