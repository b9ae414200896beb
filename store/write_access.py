"""Whether the store accepts writes."""

from typing import Any


def find_replica(client: Any) -> str:
    """Return that this store is a replica, with the fix, or "". A replica accepts only reads."""
    if client.info("replication").get("role") != "slave":
        return ""
    return "it is a replica, which refuses writes: REDIS_URL must name the primary"
