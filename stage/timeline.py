"""The timeline: the state of the stage, built from the events in order."""

from dataclasses import dataclass, field

from events import Event
from sending.webhooks.queue.messages import id_for_event
from show.lanes.assignment import Board
from show.sanitize import sanitize, sanitize_number
from stage.timeline_entry import OPEN_STATES, RESPONSES, TimelineEntry, create_entry
from stage.timeline_events import HANDLERS

MAX_ENTRIES = 200
MAX_MESSAGES = 5_000
NOT_SHOWN = ("show.", "sending.", "delivery.rejected")


@dataclass
class Timeline:
    """`entry_ids_by_message` maps the message id of an outgoing webhook to the id of the entry that it reports on."""

    last_event_id: str = "0-0"
    entries: dict[str, TimelineEntry] = field(default_factory=dict)
    entry_ids_by_message: dict[str, str] = field(default_factory=dict)
    board: Board = field(default_factory=Board)

    def apply(self, event: Event) -> None:
        """Apply the event. Events whose type begins with one of NOT_SHOWN have no entry."""
        self.last_event_id = event.id
        if event.type == "show.purged":
            self._forget(event)
        if not event.type.startswith(NOT_SHOWN):
            self._apply_to_entry(event)

    def visible_entries(self) -> list[TimelineEntry]:
        """All entries, newest first."""
        return list(reversed(self.entries.values()))

    def entries_awaiting_answer(self) -> list[TimelineEntry]:
        """Entries with an open answer, oldest first."""
        return [entry for entry in self.entries.values() if entry.state in OPEN_STATES and entry.pending_answers]

    def _forget(self, event: Event) -> None:
        """Drop what has been erased: see events.erase_events."""
        sids, before = event.data.get("sids", []), float(event.data.get("before", 0))
        erased = {id for id, entry in self.entries.items() if id in sids or entry.started_at <= before}
        self.entries = {id: entry for id, entry in self.entries.items() if id not in erased}
        self.board.remove({*erased, *sids})

    def _apply_to_entry(self, event: Event) -> None:
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
        _apply_to(self.entries[id], event)
        self.board.update(self.entries[id])

    def _drop_oldest(self) -> None:
        """Drop the oldest entry that is not a live call; if all are live calls, the oldest one. Keeps the newest."""
        *older, _ = self.entries
        over = (id for id in older if not self.entries[id].is_live)
        del self.entries[next(over, older[0])]


def _apply_to(entry: TimelineEntry, event: Event) -> None:
    """Apply the event to its entry. If its type has no handler, add a neutral step that names the type."""
    if event.type in RESPONSES:
        entry.reply_seconds = sanitize_number(event.data.get("ms")) / 1000
    entry.who = entry.who or sanitize(event.data.get("who"), 40)
    entry.name = entry.name or sanitize(event.data.get("name"), 40)
    if handler := HANDLERS.get(event.type):
        handler(entry, event)
    else:
        entry.add_step(event, event.type.replace(".", " "))
