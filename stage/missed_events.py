"""Reads the events that a viewer has missed, and detects events that the store has lost."""

from typing import Any

import redis

import events
from events import Event
from stage.timeline import is_after


def last_generated_id(store: redis.Redis) -> str:
    """The newest event id that the store has generated; "0-0" if the stream does not exist."""
    info = _stream_info(store)
    return info["last-generated-id"].decode() if info else "0-0"


def has_gap_after(store: redis.Redis, event_id: str) -> bool:
    """Whether events after this one may have been trimmed from the stream or lost with the store's data."""
    if is_after(event_id, last_generated_id(store)):
        return True
    info = _stream_info(store)
    if not info.get("first-entry") or info["entries-added"] <= info["length"]:
        return False
    return is_after(info["first-entry"][0].decode(), event_id)


def read_between(store: redis.Redis, since: str, until: str) -> list[Event]:
    """The events after the id `since`, up to and including the id `until`, oldest first."""
    found: list[Event] = []
    while is_after(until, since) and (more := events.read_after(store, since)):
        since = more[-1].id
        found += [event for event in more if not is_after(event.id, until)]
    return found


def _stream_info(store: redis.Redis) -> dict[str, Any]:
    try:
        info: dict[str, Any] = store.xinfo_stream(events.STREAM_KEY)
        return info
    except redis.ResponseError:  # no such key: no event has been published yet
        return {}
