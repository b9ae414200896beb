"""Whether the store accepts writes."""

from typing import Any


def find_replica(client: Any) -> str:
    """Return a sentence with the fix if this store is a replica, which accepts only reads, or "" if it is not."""
    if client.info("replication").get("role") != "slave":
        return ""
    return "it is a replica, which refuses writes: REDIS_URL must name the primary"
