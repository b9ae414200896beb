"""Raw payloads of other providers' webhooks, stored in Redis until they are sent on with their event."""

import json
import secrets
from typing import Any

from store import Pipe, Store

MAX_PAYLOAD_BYTES = 64 * 1024
PAYLOAD_TTL_SECONDS = 3_600


def save(pipe: Store | Pipe, payload: Any) -> str:
    """Store the payload and return its name; "" if it is too large or not a JSON object."""
    try:
        text = json.dumps(payload, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (ValueError, TypeError, RecursionError):
        return ""
    encoded = text.encode("utf-8", "replace")  # a JSON escape may be half a surrogate pair, which UTF-8 cannot hold
    if len(encoded) > MAX_PAYLOAD_BYTES or not isinstance(payload, dict):
        return ""
    name = secrets.token_hex(8)
    pipe.execute_command("SET", _redis_key(name), encoded, "EX", PAYLOAD_TTL_SECONDS)
    return name


def delete(pipe: Store | Pipe, name: str) -> None:
    """Delete the payload, if `name` is not ""."""
    if name:
        pipe.execute_command("DEL", _redis_key(name))


def load(redis: Store, name: str) -> Any:
    """Return the payload, or None if there is none or it has expired."""
    text = redis.get(_redis_key(name)) if name else None
    return json.loads(text) if text else None


def _redis_key(name: str) -> str:
    return f"raw_payload:{name}"
