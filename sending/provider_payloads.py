"""Raw payloads of other providers' webhooks, stored in Redis until they are forwarded with their event."""

import json
import secrets
from collections.abc import Sequence
from typing import Any

from store import Pipe, Store

MAX_PAYLOAD_BYTES = 64 * 1024
PAYLOAD_TTL_SECONDS = 7 * 24 * 3600  # the fan-out deletes it much earlier


def save(pipe: Store | Pipe, payload: Any) -> str:
    """Store the payload and return its name; "" if it is too large or not a JSON object."""
    try:
        text = json.dumps(payload, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (ValueError, TypeError, RecursionError):
        return ""
    encoded = text.encode("utf-8", "replace")  # a JSON escape may be half a surrogate pair, which UTF-8 cannot encode
    if len(encoded) > MAX_PAYLOAD_BYTES or not isinstance(payload, dict):
        return ""
    name = secrets.token_hex(8)
    pipe.execute_command("SET", _redis_key(name), encoded, "EX", PAYLOAD_TTL_SECONDS)
    return name


def delete(pipe: Store | Pipe, name: str) -> None:
    """Delete the payload, unless `name` is ""."""
    if name:
        pipe.execute_command("DEL", _redis_key(name))


def load_all(redis: Store, names: Sequence[str]) -> list[Any]:
    """Return each name's payload, or None if there is none, in one round trip."""
    found = redis.mget([_redis_key(name) for name in names]) if any(names) else [None] * len(names)
    return [json.loads(text) if text else None for text in found]


def _redis_key(name: str) -> str:
    return f"raw_payload:{name}"
