"""Many writes at once, or none: everything collected on a pipeline, if one value is still what we saw."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from hiredis import pack_command
from redis.client import Pipeline
from redis.connection import ConnectionPool
from redis.exceptions import NoScriptError, ResponseError

# One script rather than WATCH: the check and the writes are one round trip, and a webhook has no time for three.
COMMIT_SCRIPT = """
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
COMMIT_SCRIPT_SHA1 = hashlib.sha1(COMMIT_SCRIPT.encode(), usedforsecurity=False).hexdigest()

Commands = Sequence[Sequence[Any]]
Execute = Callable[[Any, Commands], list[Any]]
"""Takes commands to the store and answers with its raw answers."""


Pipe = Pipeline
"""Collects commands: a DeferredPipeline, a RawPipeline or redis-py's own. Also takes the place of a Store."""

Value = str | bytes | int | float
StreamId = str | bytes | int


class Store(Protocol):
    """The commands the app sends through a Redis client or a pipeline: https://redis.io/docs/latest/commands/.

    The client must not decode replies, so strings in them are bytes; redis-py declares `bytes | str`, hence `Any`.
    A function that passes its client on to RQ takes `redis.Redis`, which is a Store too.
    """

    connection_pool: ConnectionPool
    response_callbacks: Any

    def __hash__(self) -> int: ...

    def execute_command(self, *args: Any, **options: Any) -> Any: ...
    def pipeline(self, transaction: bool = True) -> Pipe: ...
    def script_load(self, script: str) -> str: ...
    def eval(self, script: str, numkeys: int, *keys_and_args: Value) -> Any: ...

    def delete(self, *names: str) -> int: ...
    def exists(self, *names: str) -> int: ...
    def expire(self, name: str, time: int) -> bool: ...

    def get(self, name: str) -> Any: ...
    def mget(self, keys: Sequence[str]) -> Any: ...
    def set(self, name: str, value: Value, ex: int | None = None, *, nx: bool = False) -> Any: ...
    def incr(self, name: str) -> int: ...

    def hget(self, name: str, key: str) -> Any: ...
    def hgetall(self, name: str) -> Any: ...
    def hmget(self, name: str, keys: Sequence[Value]) -> Any: ...
    def hkeys(self, name: str) -> Any: ...
    def hlen(self, name: str) -> int: ...
    def hexists(self, name: str, key: str) -> bool: ...
    def hset(
        self,
        name: str,
        key: str | None = None,
        value: Value | None = None,
        mapping: Mapping[Any, Any] | None = None,
    ) -> int: ...
    def hdel(self, name: str, *keys: str) -> int: ...

    def zadd(self, name: str, mapping: Mapping[Any, float], nx: bool = False, xx: bool = False) -> Any: ...
    def zrem(self, name: str, *values: Value) -> int: ...
    def zcard(self, name: str) -> int: ...
    def zscore(self, name: str, value: Value) -> float | None: ...
    def zrange(self, name: str, start: int, end: int, desc: bool = False, withscores: bool = False) -> Any: ...
    def zrevrange(self, name: str, start: int, end: int, withscores: bool = False) -> Any: ...
    def zrangebyscore(
        self, name: str, min: float | str, max: float | str, start: int | None = None, num: int | None = None
    ) -> Any: ...

    def sadd(self, name: str, *values: Value) -> int: ...
    def srem(self, name: str, *values: Value) -> int: ...
    def sismember(self, name: str, value: str) -> Any: ...
    def sunion(self, keys: Any, *args: Any) -> Any: ...

    def lrange(self, name: str, start: int, end: int) -> Any: ...

    def xlen(self, name: str) -> int: ...
    def xrange(self, name: str, min: StreamId = "-", max: StreamId = "+", count: int | None = None) -> Any: ...
    def xrevrange(self, name: str, max: StreamId = "+", min: StreamId = "-", count: int | None = None) -> Any: ...
    def xread(self, streams: Any, count: int | None = None, block: int | None = None) -> Any: ...


class DeferredPipeline(Pipeline):
    """A pipeline that only collects. RQ can queue jobs on it: the transaction it opens there is the one we make."""

    def multi(self) -> None:
        """Nothing: everything collected happens at once anyway."""


def new_pipeline(redis: Any) -> DeferredPipeline:
    """An empty collection of writes for this store."""
    return DeferredPipeline(redis.connection_pool, redis.response_callbacks, True, None)


def commit_if_unchanged(redis: Any, pipe: Any, key: str, seen: str, field: str = "", by: Execute | None = None) -> bool:
    """Run what `pipe` has collected, all at once, if `key` (or its hash `field`) still holds `seen`; "" means absent.

    False: somebody else was faster, and nothing was written. `pipe` comes from `collect`; it is emptied, never
    executed. `by` is another way of sending than `send`.
    """
    words: list[Any] = [1, key, field, seen]
    for arguments, _options in pipe.command_stack:
        words += [len(arguments), *arguments]
    pipe.reset()
    by = by or execute
    try:
        return bool(by(redis, [("EVALSHA", COMMIT_SCRIPT_SHA1, *words)])[0])
    except NoScriptError:
        return bool(by(redis, [("EVAL", COMMIT_SCRIPT, *words)])[0])


def execute(redis: Any, commands: Commands) -> list[Any]:
    """One round trip for several commands, in order but not as one; the raw answers. Raises the first refusal.

    The same as a pipeline, at half the price: a webhook makes two such trips, and each costs as much as its signature.
    """
    return raise_first_error(round_trip(redis, commands))


def round_trip(redis: Any, commands: Commands) -> list[Any]:
    """The same, with refusals among the answers. Repeated while the store is not available, as `connection.retry` says.

    So the commands may run twice; those of webhooks and of RawPipeline notice that.
    """
    packed = b"".join([pack_command(tuple(words)) for words in commands])

    def exchange() -> list[Any]:
        connection.send_packed_command([packed])
        return [_read_reply(connection) for _ in commands]

    pool = redis.connection_pool
    connection = pool.get_connection()
    try:
        return list(connection.retry.call_with_retry(exchange, lambda _: connection.disconnect()))
    except BaseException:
        connection.disconnect()  # half an answer may be left in it
        raise
    finally:
        pool.release(connection)


def raise_first_error(answers: list[Any]) -> list[Any]:
    """These answers, unless one is a refusal: then that is raised."""
    for answer in answers:
        if isinstance(answer, ResponseError):
            raise answer
    return answers


class RawPipeline(Pipeline):
    """A pipeline without a transaction that goes by `execute`."""

    def execute(self, raise_on_error: bool = True) -> list[Any]:
        """The raw answers. Raises the first refusal."""
        commands = [words for words, _options in self.command_stack]
        self.reset()
        return execute(self, commands) if commands else []


class RawClient:
    """Of a store, what those need who only run scripts and pipelines on it."""

    def __init__(self, redis: Any) -> None:
        self.redis = redis

    def pipeline(self, transaction: bool = False) -> RawPipeline:
        """An empty one; there are no transactions."""
        return RawPipeline(self.redis.connection_pool, self.redis.response_callbacks, False, None)

    def script_load(self, script: str) -> str:
        """Tell the store this script; its name."""
        return str(self.redis.script_load(script))


def _read_reply(connection: Any) -> Any:
    try:
        return connection.read_response()
    except ResponseError as refusal:
        return refusal
