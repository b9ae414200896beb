"""The transaction that writes only if nothing has changed: a pipeline, and the script that checks and writes."""

import hashlib
from typing import Any

from redis.client import Pipeline
from redis.exceptions import NoScriptError

from store.client_types import Execute, Pipe, Store
from store.round_trips import execute

# A script instead of WATCH: check and writes take one round trip instead of three.
COMMIT_SCRIPT = """
local value
if ARGV[1] == '' then value = redis.call('GET', KEYS[1]) else value = redis.call('HGET', KEYS[1], ARGV[1]) end
if (value or '') ~= ARGV[2] then return 0 end
local at = 4
for _ = 1, ARGV[3] do
  if (redis.call('HGET', ARGV[at], ARGV[at + 1]) or '') ~= ARGV[at + 2] then return -1 end
  at = at + 3
end
while at <= #ARGV do
  local length = tonumber(ARGV[at])
  redis.call(unpack(ARGV, at + 1, at + length))
  at = at + length + 1
end
return 1
"""
COMMIT_SCRIPT_SHA1 = hashlib.sha1(COMMIT_SCRIPT.encode(), usedforsecurity=False).hexdigest()


class ConditionFailed(Exception):
    """Something that a pipeline requires has changed, so nothing was written. Read it again and retry."""


class DeferredPipeline(Pipeline):
    """Collects commands for `commit_if_unchanged` and is never executed itself. RQ can enqueue jobs on it."""

    conditions: tuple[tuple[str, str, str], ...] = ()

    def require(self, key: str, field: str, expected: str) -> None:
        """Have the commit raise ConditionFailed unless this hash field has this value; "" means a missing field."""
        self.conditions += ((key, field, expected),)

    def multi(self) -> None:
        """Do nothing. RQ starts a transaction here, but `commit_if_unchanged` is atomic anyway."""


def require(pipe: Pipe, key: str, field: str, expected: str) -> None:
    """See DeferredPipeline.require; does nothing on any other pipeline."""
    if isinstance(pipe, DeferredPipeline):
        pipe.require(key, field, expected)


def new_pipeline(redis: Store) -> DeferredPipeline:
    """Return an empty DeferredPipeline for this store."""
    return DeferredPipeline(redis.connection_pool, redis.response_callbacks, True, None)


def commit_if_unchanged(
    redis: Store, pipe: Pipe, key: str, expected: str, field: str = "", execute_with: Execute | None = None
) -> bool:
    """Run the commands on `pipe` in one transaction if `key`, or `field` of the hash at `key`, has the expected value.

    An `expected` of "" means that the key or field must not exist. If the value differs, nothing is written, and False
    is returned.
    Empties the pipeline. `execute_with` replaces `execute`. Raises ConditionFailed: see DeferredPipeline.require.
    """
    conditions: tuple[tuple[str, str, str], ...] = ()
    if isinstance(pipe, DeferredPipeline):
        conditions, pipe.conditions = pipe.conditions, ()
    arguments: list[Any] = [1, key, field, expected, len(conditions), *(part for one in conditions for part in one)]
    for command, _options in pipe.command_stack:
        arguments += [len(command), *command]
    pipe.reset()
    send = execute_with or execute
    try:
        (result,) = send(redis, [("EVALSHA", COMMIT_SCRIPT_SHA1, *arguments)])
    except NoScriptError:
        (result,) = send(redis, [("EVAL", COMMIT_SCRIPT, *arguments)])
    if result == -1:
        raise ConditionFailed
    return bool(result)
