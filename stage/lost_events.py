"""Detects events that the store has lost."""

import redis

import events


def last_generated_id(store: redis.Redis) -> str:
    """The newest event id that the store has generated; "0-0" if the stream does not exist."""
    try:
        return str(store.xinfo_stream(events.STREAM_KEY)["last-generated-id"].decode())
    except redis.ResponseError:  # no such key: no event has been published yet
        return "0-0"
