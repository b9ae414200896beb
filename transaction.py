"""Many writes at once, or none: everything collected on a pipeline, if one value is still what we saw."""

from typing import Any

from redis.client import Pipeline

# One script rather than WATCH: the check and the writes are one round trip, and a webhook has no time for three.
SCRIPT = """
local seen
if ARGV[1] == '' then seen = redis.call('GET', KEYS[1]) else seen = redis.call('HGET', KEYS[1], ARGV[1]) end
if (seen or '') ~= ARGV[2] then return 0 end
local at = 3
while at <= #ARGV do
  local words = tonumber(ARGV[at])
  redis.call(unpack(ARGV, at + 1, at + words))
  at = at + words + 1
end
return 1
"""


class Writes(Pipeline):
    """A pipeline that only collects. RQ can queue jobs on it: the transaction it opens there is the one we make."""

    def multi(self) -> None:
        """Nothing: everything collected happens at once anyway."""


def collect(redis: Any) -> Writes:
    """An empty collection of writes for this store."""
    return Writes(redis.connection_pool, redis.response_callbacks, True, None)


def commit(redis: Any, pipe: Any, key: str, seen: str, field: str = "") -> bool:
    """Run what `pipe` has collected, all at once, if `key` (or its hash `field`) still holds `seen`; "" means absent.

    False: somebody else was faster, and nothing was written. `pipe` comes from `collect`; it is emptied, never
    executed.
    """
    words: list[Any] = [field, seen]
    for arguments, _options in pipe.command_stack:
        words += [len(arguments), *arguments]
    pipe.reset()
    return bool(_script(redis)(keys=[key], args=words))


def _script(redis: Any) -> Any:
    try:
        return redis.commit_script
    except AttributeError:
        redis.commit_script = redis.register_script(SCRIPT)
        return redis.commit_script
