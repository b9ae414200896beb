"""How much of the store's memory is in use, whether it evicts keys, and limits in bytes for historical data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from store.client_types import Store

PRESSURE_SHARE = 0.6  # of the store's `maxmemory`; above this, history gets a quarter of its usual memory
PRESSURE_FACTOR = 0.25
NO_EVICTION = "noeviction"  # https://redis.io/docs/latest/develop/reference/eviction/

# Drops the oldest entries of a stream, or random fields of a hash.
TRIM_SCRIPT = """
local excess = (redis.call('MEMORY', 'USAGE', KEYS[1], 'SAMPLES', 0) or 0) / ARGV[1]
if excess <= 1 then return end
if redis.call('TYPE', KEYS[1]).ok == 'stream' then
  redis.call('XTRIM', KEYS[1], 'MAXLEN', '~', math.floor(redis.call('XLEN', KEYS[1]) / excess))
else
  local count = math.ceil(redis.call('HLEN', KEYS[1]) * (1 - 1 / excess))
  redis.call('HDEL', KEYS[1], unpack(redis.call('HRANDFIELD', KEYS[1], count)))
end
"""


@dataclass(frozen=True)
class MemoryUsage:
    """The used bytes, as Redis counts them against `maxmemory`, and `maxmemory` itself; 0 if the store has no limit."""

    used_bytes: int
    max_bytes: int

    @property
    def share(self) -> float:
        """The used share of `maxmemory`; 0.0 for a store without that limit."""
        return self.used_bytes / self.max_bytes if self.max_bytes else 0.0


def read(redis: Store) -> MemoryUsage:
    """Ask the store for its memory usage."""
    info = redis.execute_command("INFO", "memory")
    return MemoryUsage(info["used_memory"] - info.get("mem_not_counted_for_evict", 0), info.get("maxmemory", 0))


def used_share(redis: Store) -> float:
    """Return the used share of `maxmemory`."""
    return read(redis).share


def find_eviction(client: Any) -> str:
    """Return why this store must not be used, or "". A store that evicts keys loses claims, jobs and answers."""
    policy = client.info("memory").get("maxmemory_policy", NO_EVICTION)
    if policy == NO_EVICTION:
        return ""
    return f"its maxmemory-policy is {policy}, which deletes records when memory is full: set it to {NO_EVICTION}"


def history_factor(share: float) -> float:
    """Return the factor by which to multiply the limits on history when this share of the memory is used."""
    return PRESSURE_FACTOR if share > PRESSURE_SHARE else 1.0


def trim(redis: Store, max_bytes: Mapping[str, float]) -> None:
    """Trim each stream or hash to about the given number of bytes."""
    for key, limit in max_bytes.items():
        redis.eval(TRIM_SCRIPT, 1, key, limit)
