"""The handlers of event types, each of which applies an event to its timeline entry, and what they share."""

from collections.abc import Callable

from events import Event
from show.sanitize import parse_number, sanitize
from stage.timeline_entry import RESPONSES, TimelineEntry

EventHandler = Callable[[TimelineEntry, Event], None]
"""Applies an event of one type to its entry."""

HANDLERS: dict[str, EventHandler] = {}


def handles(type: str) -> Callable[[EventHandler], EventHandler]:
    """Register the handler for an event type."""

    def register(handler: EventHandler) -> EventHandler:
        HANDLERS[type] = handler
        return handler

    return register


def apply_event(entry: TimelineEntry, event: Event) -> None:
    """Apply the event to the entry. If its type has no handler, add a neutral step that names the type."""
    entry.reply_seconds = parse_number(event.data.get("ms")) / 1000 if event.type in RESPONSES else entry.reply_seconds
    entry.who = entry.who or sanitize(event.data.get("who"), 40)
    entry.name = entry.name or sanitize(event.data.get("name"), 40)
    HANDLERS.get(event.type, _add_unknown_event)(entry, event)


def _add_unknown_event(entry: TimelineEntry, event: Event) -> None:
    entry.add_step(event, event.type.replace(".", " "))


def apply_words(entry: TimelineEntry, event: Event) -> None:
    """Set the request, and what may be shown of it before it is approved: see phone/command_recognition.py."""
    entry.request, entry.command = sanitize(event.data.get("words")), sanitize(event.data.get("command"), 20)
    entry.has_free_text = bool(event.data.get("has_free_text"))
    entry.length = int(parse_number(event.data.get("length")))


def count_follower(entry: TimelineEntry, event: Event) -> None:
    """Count a follower who was told about this event. All of them share one step."""
    entry.told += 1
    entry.steps = [step for step in entry.steps if step.text != "told followers"]
    entry.add_step(event, "told followers", "success")
